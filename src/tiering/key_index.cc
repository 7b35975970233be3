#include "tiering/key_index.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <charconv>
#include <unordered_set>

#include "base/log.h"
#include "base/sorted_order.h"
#include "lake/scan_planner.h"
#include "lake/table_reader.h"
#include "storage/kv/key_map.h"

namespace weir {
namespace {

// The first byte of a key says what it is about.
constexpr char kMark = 'm';    // "m" -> snapshot id, as text
constexpr char kTarget = 't';  // "t" -> snapshot id that a Sync is on the way to, as text
constexpr char kNext = 'n';    // "n" -> the first file number that was never given out, as text
constexpr char kFile = 'f';    // "f" number (8 bytes, big-endian) -> path
constexpr char kRow = 'r';     // "r" key -> file number and row (varints)

/// The mark of a table without a snapshot.
constexpr int64_t kNoSnapshot = -1;

void AppendVarint(uint64_t value, std::string& out) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

bool ReadVarint(BytesView& bytes, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

std::string FileKey(uint64_t number) {
  std::string key(1, kFile);
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(number >> shift));
  return key;
}

std::string RowKey(BytesView key) { return std::string(1, kRow).append(key); }

std::string LocationValue(uint64_t file, int64_t row) {
  std::string value;
  AppendVarint(file, value);
  AppendVarint(static_cast<uint64_t>(row), value);
  return value;
}

BytesView Only(const char& kind) { return {&kind, 1}; }

/// The number under a key that is one letter.
template <class T>
Result<std::optional<T>> GetNumber(const KeyMap& map, char kind) {
  ASSIGN_OR_RETURN(const auto text, map.Get(Only(kind)));
  if (!text) return std::optional<T>();
  T value = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text->data() + text->size())
    return Fail(ErrorCode::kKvStorage, "an entry of the key index is damaged");
  return std::optional(value);
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

KeyIndex::KeyIndex(std::unique_ptr<KeyMap> map) : map_(std::move(map)) {}
KeyIndex::~KeyIndex() = default;

Result<std::unique_ptr<KeyIndex>> KeyIndex::Open(const std::string& folder) {
  ASSIGN_OR_RETURN(auto map, KeyMap::Open(folder));
  std::unique_ptr<KeyIndex> index(new KeyIndex(std::move(map)));
  RETURN_IF_ERROR(index->Load());
  return index;
}

Status KeyIndex::Load() {
  ASSIGN_OR_RETURN(const auto next, GetNumber<uint64_t>(*map_, kNext));
  // One that has no record of its numbers may give one out again.
  if (!next) return Clear();
  next_file_ = *next;
  ASSIGN_OR_RETURN(snapshot_id_, GetNumber<int64_t>(*map_, kMark));
  ASSIGN_OR_RETURN(target_, GetNumber<int64_t>(*map_, kTarget));
  if (target_) snapshot_id_.reset();
  return map_->Visit(Only(kFile), [this](BytesView key, BytesView path) {
    uint64_t number = 0;
    for (const char c : key.substr(1)) number = number << 8 | static_cast<uint8_t>(c);
    Know(number, std::string(path));
  });
}

Status KeyIndex::Clear() {
  RETURN_IF_ERROR(map_->Clear());
  const std::lock_guard lock(mutex_);
  snapshot_id_.reset();
  target_.reset();
  numbers_.clear();
  paths_.clear();
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

Result<std::vector<std::optional<RowLocation>>> KeyIndex::Find(
    std::span<const BytesView> keys) const {
  std::string owned;  // row keys, one after another
  size_t bytes = 0;
  for (const BytesView key : keys) bytes += key.size() + 1;
  owned.reserve(bytes);
  std::vector<BytesView> views;
  views.reserve(keys.size());
  for (const BytesView key : keys) {
    const size_t begin = owned.size();
    owned.append(1, kRow).append(key);
    views.push_back(BytesView(owned).substr(begin));
  }
  ASSIGN_OR_RETURN(const auto values, map_->GetAll(views));
  std::vector<std::optional<RowLocation>> out(keys.size());
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!values[i]) continue;
    BytesView value = *values[i];
    uint64_t file = 0;
    uint64_t row = 0;
    if (!ReadVarint(value, file) || !ReadVarint(value, row))
      return Fail(ErrorCode::kKvStorage, "an entry of the key index is damaged");
    // A file that was compacted away: its rows are in others now, or gone.
    if (const auto path = paths_.find(file); path != paths_.end())
      out[i] = RowLocation{path->second, static_cast<int64_t>(row)};
  }
  return out;
}

Status KeyIndex::Apply(const KeyChanges& changes, std::span<const std::string> removed_files,
                       int64_t snapshot_id) {
  KeyMap::Batch batch;
  uint64_t first = 0;
  uint64_t next = 0;
  {
    const std::lock_guard lock(mutex_);
    first = next_file_;
    next = next_file_ += changes.files_.size();
    for (const std::string& path : removed_files) {
      if (const auto found = numbers_.find(path); found != numbers_.end())
        batch.Delete(FileKey(found->second));
    }
  }
  for (size_t i = 0; i < changes.files_.size(); ++i)
    batch.Put(FileKey(first + i), changes.files_[i]);
  const std::vector<BytesView> keys = changes.Keys();
  std::string row_key;
  for (const uint32_t at : SortedOrder(keys)) {
    const KeyChanges::Entry& entry = changes.entries_[at];
    if (entry.file == KeyChanges::kForgotten) continue;
    row_key.assign(1, kRow).append(keys[at]);
    if (entry.file == KeyChanges::kNoFile) {
      batch.Delete(row_key);
    } else {
      batch.Put(row_key, LocationValue(first + static_cast<uint64_t>(entry.file), entry.row));
    }
  }
  batch.Put(Only(kNext), std::to_string(next));
  batch.Put(Only(kMark), std::to_string(snapshot_id));
  batch.Delete(Only(kTarget));
  const std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(map_->Apply(batch));
  for (const std::string& path : removed_files) {
    const auto found = numbers_.find(path);
    if (found == numbers_.end()) continue;
    const uint64_t number = found->second;
    numbers_.erase(found);
    paths_.erase(number);
  }
  for (size_t i = 0; i < changes.files_.size(); ++i) Know(first + i, changes.files_[i]);
  snapshot_id_ = snapshot_id;
  target_.reset();
  return {};
}

/// From here on the index describes no snapshot; what it knows holds for those that stand on `target`. The numbers of
/// files are gone from now on, because rows are written before their files are.
Status KeyIndex::BeginSync(int64_t target, uint64_t files) {
  const std::lock_guard lock(mutex_);
  KeyMap::Batch batch;
  batch.Put(Only(kTarget), std::to_string(target));
  batch.Put(Only(kNext), std::to_string(next_file_ + files));
  RETURN_IF_ERROR(map_->Apply(batch));
  next_file_ += files;
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
    for (size_t i = 0; i < list.size(); ++i)
      batch.Put(RowKey(list[i]), LocationValue(number, positions.Value(static_cast<int64_t>(i))));
    RETURN_IF_ERROR(map_->Apply(batch));
  }
  batch.Put(FileKey(number), path);
  RETURN_IF_ERROR(map_->Apply(batch));
  const std::lock_guard lock(mutex_);
  Know(number, path);
  return {};
}

Result<int64_t> KeyIndex::Sync(iceberg::FileIo& io, const iceberg::TableMetadata& table,
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
  RETURN_IF_ERROR(Apply({}, gone, target));
  return static_cast<int64_t>(unknown.size());
}

}  // namespace weir
