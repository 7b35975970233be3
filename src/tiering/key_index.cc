#include "tiering/key_index.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_set>

#include "base/log.h"
#include "base/sorted_order.h"
#include "lake/scan_planner.h"
#include "lake/table_reader.h"
#include "storage/kv/engine.h"

namespace weir {
namespace {

// Beside those of key_fold.h; docs/formats/key_index.md.
constexpr char kFile = 'f';    // "f" number (8 bytes, big-endian) -> path
constexpr char kHead = 'h';    // "h" -> version, next file number, pages, loose entries; as text
constexpr char kMark = 'm';    // "m" -> snapshot id, as text
constexpr char kTarget = 't';  // "t" -> snapshot id that a change is on the way to, as text

constexpr int kVersion = 2;

/// Pages passed one by one before a search jumps.
constexpr int kStepsMax = 8;

/// The mark of a table without a snapshot.
constexpr int64_t kNoSnapshot = -1;

std::string FileKey(uint64_t number) {
  std::string key(1, kFile);
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(number >> shift));
  return key;
}

std::string LooseKey(BytesView key) { return std::string(1, kLooseKey).append(key); }

BytesView Only(const char& kind) { return {&kind, 1}; }

/// Take a number and the space behind it off the front of `text`. False: there is none.
template <class T>
bool TakeNumber(BytesView& text, T& value) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(parsed.ptr - text.data()));
  if (text.empty()) return true;
  if (text.front() != ' ') return false;
  text.remove_prefix(1);
  return !text.empty();
}

}  // namespace

int32_t KeyChanges::AddFile(std::string path) {
  files_.push_back(std::move(path));
  return static_cast<int32_t>(files_.size()) - 1;
}

void KeyChanges::Put(BytesView key, int32_t file, int64_t row) {
  keys_.append(key);
  entries_.push_back({keys_.size(), file, row});
}

void KeyChanges::Forget(std::string_view path, const iceberg::RowPositions& rows) {
  const auto file = static_cast<int32_t>(std::ranges::find(files_, path) - files_.begin());
  for (Entry& entry : entries_) {
    if (entry.file == file && rows.Contains(entry.row)) entry.file = kForgotten;
  }
}

std::vector<BytesView> KeyChanges::Keys() const {
  std::vector<BytesView> out;
  out.reserve(entries_.size());
  size_t begin = 0;
  for (const Entry& entry : entries_) {
    out.push_back(BytesView(keys_).substr(begin, entry.end - begin));
    begin = entry.end;
  }
  return out;
}

KeyIndex::KeyIndex(std::unique_ptr<KeyMap> map, const KeyIndexLimits& limits)
    : map_(std::move(map)), limits_(limits) {}
KeyIndex::~KeyIndex() = default;

Result<std::unique_ptr<KeyIndex>> KeyIndex::Open(const std::string& folder,
                                                 const KeyIndexLimits& limits) {
  ASSIGN_OR_RETURN(auto map, KeyMap::Open(folder));
  std::unique_ptr<KeyIndex> index(new KeyIndex(std::move(map), limits));
  if (index->Load().ok()) return index;
  index.reset();  // what is damaged is empty now
  ASSIGN_OR_RETURN(map, KeyMap::Open(folder));
  index.reset(new KeyIndex(std::move(map), limits));
  RETURN_IF_ERROR(index->Load());
  return index;
}

Status KeyIndex::Load() {
  ASSIGN_OR_RETURN(const bool is_ours, LoadHead());
  if (!is_ours) return Clear();
  ASSIGN_OR_RETURN(snapshot_id_, GetSnapshotId(kMark));
  ASSIGN_OR_RETURN(target_, GetSnapshotId(kTarget));
  if (target_) snapshot_id_.reset();
  return map_->Visit(Only(kFile), [this](BytesView key, BytesView path) {
    uint64_t number = 0;
    for (const char c : key.substr(1)) number = number << 8 | static_cast<uint8_t>(c);
    Know(number, std::string(path));
  });
}

/// False: empty, or of another version.
Result<bool> KeyIndex::LoadHead() {
  ASSIGN_OR_RETURN(const auto head, map_->Get(Only(kHead)));
  if (!head) return false;
  BytesView rest = *head;
  int version = 0;
  if (!TakeNumber(rest, version)) return map_->Damaged("the head");
  if (version != kVersion) return false;
  if (!TakeNumber(rest, next_file_) || !TakeNumber(rest, pages_) || !TakeNumber(rest, loose_) ||
      !rest.empty())
    return map_->Damaged("the head");
  return true;
}

Result<std::optional<int64_t>> KeyIndex::GetSnapshotId(char kind) const {
  ASSIGN_OR_RETURN(const auto text, map_->Get(Only(kind)));
  if (!text) return std::optional<int64_t>();
  BytesView rest = *text;
  int64_t id = 0;
  if (!TakeNumber(rest, id) || !rest.empty()) return map_->Damaged("a snapshot id");
  return std::optional(id);
}

std::string KeyIndex::Head(int64_t pages, int64_t loose) const {
  return fmt::format("{} {} {} {}", kVersion, next_file_, pages, loose);
}

/// A failure is remembered.
Status KeyIndex::Noted(Status status) const {
  if (!status.ok()) has_failed_ = true;
  return status;
}

Status KeyIndex::Clear() {
  RETURN_IF_ERROR(map_->Clear());
  const std::lock_guard lock(mutex_);
  snapshot_id_.reset();
  target_.reset();
  numbers_.clear();
  paths_.clear();
  pages_ = 0;
  loose_ = 0;
  read_rows_ = 0;
  fold_from_.clear();
  return {};
}

void KeyIndex::Know(uint64_t number, const std::string& path) {
  const auto at = paths_.emplace(number, std::make_shared<const std::string>(path)).first;
  numbers_[*at->second] = number;
}

std::optional<int64_t> KeyIndex::snapshot_id() const {
  const std::lock_guard lock(mutex_);
  return snapshot_id_;
}

std::shared_ptr<const std::string> KeyIndex::FileOf(uint64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto found = paths_.find(number);
  return found == paths_.end() ? nullptr : found->second;
}

Status KeyIndex::Find(std::span<const BytesView> keys, const TakeRow& take) const {
  return Noted(FindAll(keys, take));
}

Status KeyIndex::FindAll(std::span<const BytesView> keys, const TakeRow& take) const {
  const SortedTexts sorted(keys);
  std::vector<BytesView> wanted;
  wanted.reserve(keys.size());
  for (size_t i = 0; i < sorted.size(); ++i) wanted.push_back(sorted[i]);
  std::unordered_map<uint64_t, std::shared_ptr<const std::string>> files;  // met so far
  const TakePlace take_place = [&](KeyPlace place) {
    const auto [known, is_new] = files.try_emplace(place.file);
    if (is_new) known->second = FileOf(place.file);
    // A file that was compacted away: its rows are in others now, or gone.
    if (known->second != nullptr) take(*known->second, static_cast<int64_t>(place.row));
  };
  // Loose entries first: the other way round a fold between could hide one.
  RETURN_IF_ERROR(FindLoose(wanted, take_place));
  return FindInPages(wanted, take_place);
}

/// Take what has loose entries, and leave the other keys in `wanted`.
Status KeyIndex::FindLoose(std::vector<BytesView>& wanted, const TakePlace& take) const {
  {
    const std::lock_guard lock(mutex_);
    if (loose_ == 0) return {};
  }
  std::string owned;  // their keys, one after another
  size_t bytes = 0;
  for (const BytesView key : wanted) bytes += key.size() + 1;
  owned.reserve(bytes);
  std::vector<BytesView> views;
  views.reserve(wanted.size());
  for (const BytesView key : wanted) {
    const size_t begin = owned.size();
    owned.append(1, kLooseKey).append(key);
    views.push_back(BytesView(owned).substr(begin));
  }
  std::vector<BytesView> rest;
  size_t next = 0;
  bool damaged = false;
  std::optional<KeyPlace> place;
  RETURN_IF_ERROR(map_->GetAll(views, [&](size_t at, BytesView value) {
    rest.insert(rest.end(), wanted.begin() + static_cast<ptrdiff_t>(next),
                wanted.begin() + static_cast<ptrdiff_t>(at));
    next = at + 1;
    damaged |= !ParseLoose(value, place);
    if (place) take(*place);
  }));
  if (damaged) return map_->Damaged("a loose entry");
  rest.insert(rest.end(), wanted.begin() + static_cast<ptrdiff_t>(next), wanted.end());
  wanted = std::move(rest);
  return {};
}

/// wanted  ascending
Status KeyIndex::FindInPages(std::span<const BytesView> wanted, const TakePlace& take) const {
  if (wanted.empty()) return {};
  const auto at = map_->NewCursor();
  std::string page_key;
  const auto seek = [&](BytesView key) { at->Seek(page_key.assign(1, kPageKey).append(key)); };
  seek(wanted.front());
  std::optional<BytesView> last;
  for (size_t i = 0; i < wanted.size() && IsPage(*at, last);) {
    KeyPageReader page(at->value());
    for (; i < wanted.size() && (!last || wanted[i] <= *last); ++i) {
      if (page.SkipTo(wanted[i])) take(page.place());
    }
    if (page.damaged()) return map_->Damaged("a page");
    for (int steps = 0; i < wanted.size() && last && *last < wanted[i]; ++steps) {
      steps < kStepsMax ? at->Next() : seek(wanted[i]);
      if (!IsPage(*at, last)) break;
    }
  }
  return map_->Check(*at);
}

/// What a commit changes beside the rows.
struct KeyIndex::Commit {
  int64_t snapshot_id = 0;
  uint64_t first_file = 0;                 // number of the first file of the changes
  std::vector<std::string> removed_files;  // their keys
};

Status KeyIndex::Apply(const KeyChanges& changes, std::span<const std::string> removed_files,
                       int64_t snapshot_id) {
  return Noted(TakeOver(changes, removed_files, snapshot_id));
}

Status KeyIndex::TakeOver(const KeyChanges& changes, std::span<const std::string> removed_files,
                          int64_t snapshot_id) {
  Commit commit{.snapshot_id = snapshot_id};
  const auto count = static_cast<int64_t>(changes.entries_.size());
  bool is_dense = false;
  {
    const std::lock_guard lock(mutex_);
    commit.first_file = next_file_;
    next_file_ += changes.files_.size();
    for (const std::string& path : removed_files) {
      const auto found = numbers_.find(path);
      if (found != numbers_.end()) commit.removed_files.push_back(FileKey(found->second));
    }
    is_dense = count + read_rows_ >= limits_.folded_per_page * pages_;
  }
  RETURN_IF_ERROR(is_dense ? FoldAll(changes, commit) : PutLoose(changes, commit));
  KnowCommit(changes, commit, removed_files);
  return is_dense ? Status() : FoldSome(std::max(2 * count, limits_.folded_min));
}

/// Not before the map has it all: Sync takes what is known for complete.
void KeyIndex::KnowCommit(const KeyChanges& changes, const Commit& commit,
                          std::span<const std::string> removed_files) {
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < changes.files_.size(); ++i) Know(commit.first_file + i, changes.files_[i]);
  for (const std::string& path : removed_files) {
    const auto found = numbers_.find(path);
    if (found == numbers_.end()) continue;
    const uint64_t number = found->second;
    numbers_.erase(found);
    paths_.erase(number);
  }
  snapshot_id_ = commit.snapshot_id;
  target_.reset();
}

/// The changes in the order of the index, each key once.
std::function<std::optional<KeyChange>()> KeyIndex::InOrder(const KeyChanges& changes,
                                                            uint64_t first_file) {
  auto keys = std::make_shared<const SortedTexts>(changes.Keys());
  return [&changes, first_file, keys = std::move(keys),
          i = size_t{0}]() mutable -> std::optional<KeyChange> {
    while (i < keys->size()) {
      const BytesView key = (*keys)[i];
      // Of changes of one key the last one counts.
      const KeyChanges::Entry* last = nullptr;
      for (; i < keys->size() && (*keys)[i] == key; ++i) {
        const KeyChanges::Entry& entry = changes.entries_[keys->place(i)];
        if (entry.file != KeyChanges::kForgotten) last = &entry;
      }
      if (last == nullptr) continue;
      if (last->file == KeyChanges::kNoFile) return KeyChange{key, std::nullopt};
      return KeyChange{key, KeyPlace{first_file + static_cast<uint64_t>(last->file),
                                     static_cast<uint64_t>(last->row)}};
    }
    return std::nullopt;
  };
}

/// What makes the changes complete.
void KeyIndex::PutCommit(const KeyChanges& changes, const Commit& commit, KeyMap::Batch& batch) {
  for (const std::string& key : commit.removed_files) batch.Delete(key);
  for (size_t i = 0; i < changes.files_.size(); ++i)
    batch.Put(FileKey(commit.first_file + i), changes.files_[i]);
  batch.Put(Only(kMark), std::to_string(commit.snapshot_id));
  batch.Delete(Only(kTarget));
}

/// All of it in one batch.
Status KeyIndex::PutLoose(const KeyChanges& changes, const Commit& commit) {
  KeyMap::Batch batch;
  const auto next = InOrder(changes, commit.first_file);
  int64_t count = 0;
  for (auto change = next(); change; change = next(), ++count)
    batch.Put(LooseKey(change->key), LooseValue(change->place));
  PutCommit(changes, commit, batch);
  return ApplyLoose(batch, count);
}

Status KeyIndex::ApplyLoose(KeyMap::Batch& batch, int64_t count) {
  put_since_walk_ += count;
  {
    const std::lock_guard lock(mutex_);
    loose_ += count;  // too many, if it fails, does no harm
    batch.Put(Only(kHead), Head(pages_, loose_));
  }
  return map_->Apply(batch);
}

/// A walk through all loose entries in parts, which a commit pays for by its size: it begins again behind the last one.
Status KeyIndex::FoldSome(int64_t most) {
  KeyMap::Batch batch;
  int64_t pages = 0;
  int64_t loose = 0;
  {
    const std::lock_guard lock(mutex_);
    pages = pages_;
    loose = loose_;
  }
  if (loose < limits_.loose_per_page * pages) return {};
  if (fold_from_.empty()) put_since_walk_ = 0;
  KeyFold fold(*map_, batch, pages, limits_.batch_bytes_max);
  fold.set_before_apply([&](KeyMap::Batch& part) {
    const std::lock_guard lock(mutex_);
    part.Put(Only(kHead), Head(pages, loose));
  });
  ASSIGN_OR_RETURN(auto next, fold.RunLoose(fold_from_, most));
  // At the end the only ones left are those that came since, where the walk had been already.
  loose = next ? loose - most : put_since_walk_;
  fold_from_ = std::move(next).value_or(std::string());
  const std::lock_guard lock(mutex_);
  batch.Put(Only(kHead), Head(pages, loose));
  RETURN_IF_ERROR(map_->Apply(batch));
  pages_ = pages;
  loose_ = loose;
  return {};
}

Status KeyIndex::FoldAll(const KeyChanges& changes, const Commit& commit) {
  KeyMap::Batch batch;
  // First of all: the numbers are taken, and nobody takes a part of the changes for what was before them.
  batch.Put(Only(kTarget), std::to_string(commit.snapshot_id));
  int64_t pages = 0;
  int64_t loose = 0;
  {
    const std::lock_guard lock(mutex_);
    pages = pages_;
    loose = loose_;
  }
  KeyFold fold(*map_, batch, pages, limits_.batch_bytes_max);
  fold.set_before_apply([&](KeyMap::Batch& part) {
    const std::lock_guard lock(mutex_);
    part.Put(Only(kHead), Head(pages, loose));
  });
  Status done = fold.Run(InOrder(changes, commit.first_file));
  const std::lock_guard lock(mutex_);
  if (done.ok()) {
    PutCommit(changes, commit, batch);
    batch.Put(Only(kHead), Head(pages, 0));
    done = map_->Apply(batch);
  }
  if (!done.ok() && fold.has_applied()) {
    snapshot_id_.reset();
    target_ = commit.snapshot_id;
  }
  RETURN_IF_ERROR(done);
  pages_ = pages;
  loose_ = 0;
  read_rows_ = 0;
  fold_from_.clear();
  return {};
}

/// From here on the index describes no snapshot; what it knows holds for those that stand on `target`. The numbers of
/// files are gone from now on, because rows are written before their files are.
Status KeyIndex::BeginSync(int64_t target, uint64_t files) {
  const std::lock_guard lock(mutex_);
  KeyMap::Batch batch;
  batch.Put(Only(kTarget), std::to_string(target));
  next_file_ += files;
  batch.Put(Only(kHead), Head(pages_, loose_));
  RETURN_IF_ERROR(map_->Apply(batch));
  target_ = target;
  snapshot_id_.reset();
  return {};
}

/// A file counts as known with its last keys: when this stops half way, it is read again.
Status KeyIndex::ReadFile(iceberg::TableReader& reader, const LakeKeys& encoder, uint64_t number,
                          const std::string& path) {
  KeyMap::Batch batch;
  while (true) {
    ASSIGN_OR_RETURN(const auto rows, reader.Next());
    if (rows == nullptr) break;
    ASSIGN_OR_RETURN(const KeyList list, encoder.Encode(*rows));
    const auto& positions =
        static_cast<const arrow::Int64Array&>(*rows->column(rows->num_columns() - 1));
    for (size_t i = 0; i < list.size(); ++i) {
      const auto row = static_cast<uint64_t>(positions.Value(static_cast<int64_t>(i)));
      batch.Put(LooseKey(list[i]), LooseValue(KeyPlace{number, row}));
    }
    read_rows_ += static_cast<int64_t>(list.size());
    RETURN_IF_ERROR(ApplyLoose(batch, static_cast<int64_t>(list.size())));
  }
  batch.Put(FileKey(number), path);
  RETURN_IF_ERROR(map_->Apply(batch));
  const std::lock_guard lock(mutex_);
  Know(number, path);
  return {};
}

Result<int64_t> KeyIndex::Sync(iceberg::FileIo& io, const iceberg::TableMetadata& table,
                               const LakeKeys& keys) {
  auto files_read = BringTo(io, table, keys);
  if (!files_read.ok()) has_failed_ = true;
  return files_read;
}

Result<int64_t> KeyIndex::BringTo(iceberg::FileIo& io, const iceberg::TableMetadata& table,
                                  const LakeKeys& keys) {
  const int64_t target = table.current_snapshot_id.value_or(kNoSnapshot);
  if (snapshot_id_ == target) return 0;
  const int64_t known = target_.value_or(snapshot_id_.value_or(kNoSnapshot));
  if (known != kNoSnapshot && !table.StandsOn(known)) RETURN_IF_ERROR(Clear());
  std::vector<iceberg::FileScanTask> unknown;
  std::unordered_set<std::string> live;
  if (const iceberg::Snapshot* snapshot = table.current_snapshot()) {
    ASSIGN_OR_RETURN(iceberg::ScanPlan plan, iceberg::PlanScan(io, table, *snapshot, {}));
    for (iceberg::FileScanTask& task : plan.tasks) {
      live.insert(task.data_file.file_path);
      if (!numbers_.contains(task.data_file.file_path)) unknown.push_back(std::move(task));
    }
  }
  std::vector<std::string> gone;
  for (const auto& [number, path] : paths_) {
    if (!live.contains(*path)) gone.push_back(*path);
  }
  if (!unknown.empty()) {
    uint64_t number = next_file_;
    RETURN_IF_ERROR(BeginSync(target, unknown.size()));
    ASSIGN_OR_RETURN(const iceberg::Schema projection, WithRowPosition(keys.projection()));
    const LakeKeys encoder = keys.ForProjection();
    iceberg::DeleteCache deletes(io, {});
    for (const iceberg::FileScanTask& task : unknown) {
      ASSIGN_OR_RETURN(auto reader,
                       iceberg::TableReader::Open(io, deletes, table, task, projection));
      RETURN_IF_ERROR(ReadFile(*reader, encoder, number++, task.data_file.file_path));
    }
  }
  if (!unknown.empty() || !gone.empty()) {
    LogInfo("tiering", "key index brought up to date: files_read={} files_gone={}", unknown.size(),
            gone.size());
  }
  RETURN_IF_ERROR(TakeOver({}, gone, target));
  return static_cast<int64_t>(unknown.size());
}

}  // namespace weir
