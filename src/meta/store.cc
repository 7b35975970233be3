#include "meta/store.h"

#include <algorithm>
#include <charconv>

#include "base/byte_reader.h"
#include "base/log.h"
#include "io/file.h"
#include "meta/store_format.h"

namespace weir {

namespace {

constexpr std::string_view kPrefix = "meta-";
constexpr std::string_view kSuffix = ".log";
constexpr std::string_view kTemporary = ".tmp";
constexpr size_t kSnapshotPartBytes = 4 << 20;
constexpr int64_t kFileBytesMax = 16 * GiB;

std::optional<uint64_t> NumberOf(std::string_view name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  name.remove_suffix(kSuffix.size());
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

/// Create a directory and what is missing above it, for good. Its own names too: a process killed a moment ago may
/// have made them, and nothing may be built on what power loss takes away.
Status MakeDirectory(FileSystem& files, const std::string& directory) {
  std::vector<std::string> parents = {directory, std::string(ParentOf(directory))};
  std::string at = directory;
  while (!files.Exists(at)) {
    at = ParentOf(at);
    parents.push_back(at);
  }
  RETURN_IF_ERROR(files.CreateDirectories(directory));
  for (const std::string& parent : parents) RETURN_IF_ERROR(files.SyncDirectory(parent));
  return {};
}

/// Write a whole file, durable but for its name; nothing is left of it when that fails.
Status WriteFile(FileSystem& files, const std::string& path, BytesView contents) {
  ASSIGN_OR_RETURN(const auto file, files.Open(path, OpenMode::kCreateTruncate));
  Status status = file->WriteAt(0, contents);
  if (status.ok()) status = file->Sync();
  if (!status.ok()) (void)files.Remove(path);
  return status;
}

/// Go through a payload this process has made or checked itself.
template <class F>
void ForEachOp(BytesView payload, F&& f) {
  ByteReader in(payload);
  while (in.remaining() > 0) {
    const auto kind = static_cast<MetaOpKind>(in.Le<uint8_t>());
    const BytesView key = in.Bytes(in.Le<uint32_t>());
    if (kind == MetaOpKind::kPut) {
      f(key, std::optional<BytesView>(in.Bytes(in.Le<uint32_t>())));
    } else {
      f(key, std::optional<BytesView>());
    }
  }
}

}  // namespace

void Transaction::Put(std::string_view key, std::string_view value) {
  EncodeMetaOp(MetaOpKind::kPut, key, value, payload_);
}

void Transaction::Delete(std::string_view key) {
  EncodeMetaOp(MetaOpKind::kDelete, key, {}, payload_);
}

/// A thread in Commit.
struct Store::Waiter {
  const Transaction& transaction;
  bool done = false;
  Status result;
};

Store::Store(FileSystem& files, std::string directory, const StoreOptions& options)
    : files_(files), directory_(std::move(directory)), options_(options) {}

Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::Open(FileSystem& files, const std::string& directory,
                                           const StoreOptions& options) {
  std::unique_ptr<Store> store(new Store(files, directory, options));
  RETURN_IF_ERROR(store->Load());
  return store;
}

std::string Store::PathOf(uint64_t number) const {
  return fmt::format("{}/{}{:020}{}", directory_, kPrefix, number, kSuffix);
}

Status Store::Load() {
  RETURN_IF_ERROR(MakeDirectory(files_, directory_));
  ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, files_.List(directory_));
  std::vector<uint64_t> numbers;
  for (const DirectoryEntry& entry : entries) {
    if (const auto number = NumberOf(entry.name)) numbers.push_back(*number);
    if (entry.name.ends_with(kTemporary))
      RETURN_IF_ERROR(files_.Remove(directory_ + "/" + entry.name));
  }
  if (numbers.empty()) return Rewrite();
  // A file gets its name only when it is whole, so the newest has everything.
  std::ranges::sort(numbers);
  RETURN_IF_ERROR(LoadFile(numbers.back()));
  numbers.pop_back();
  for (const uint64_t old : numbers) RETURN_IF_ERROR(files_.Remove(PathOf(old)));
  return {};
}

Status Store::LoadFile(uint64_t number) {
  using End = MetaFileContents::End;
  const std::string path = PathOf(number);
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(files_, path, kFileBytesMax));
  const MetaFileContents contents = ReadMetaFile(bytes);
  switch (contents.end) {
    case End::kClean:
    case End::kTorn:
      break;
    case End::kTooNew:
      return Fail(ErrorCode::kStorage,
                  "the metadata is of a newer format than this program knows: file={} known={}",
                  path, kMetaFormatVersion);
    case End::kForeign:
      return Fail(ErrorCode::kStorage, "not a metadata file, or its header is damaged: file={}",
                  path);
    case End::kCorrupt:
      return Damaged(path, BytesView(bytes).substr(0, contents.good_bytes));
  }
  for (const MetaOp& op : contents.ops) {
    Apply(op.key, op.kind == MetaOpKind::kPut ? std::optional(op.value) : std::nullopt);
  }
  ASSIGN_OR_RETURN(file_, files_.Open(path, OpenMode::kReadWrite));
  if (contents.end == End::kTorn) {
    LogWarn("meta", "cut an unfinished transaction: file={} offset={} bytes={}", path,
            contents.good_bytes, bytes.size() - contents.good_bytes);
    RETURN_IF_ERROR(file_->Truncate(static_cast<int64_t>(contents.good_bytes)));
  }
  // The last transaction may be one that a killed process had written and not yet synced.
  RETURN_IF_ERROR(file_->Sync());
  file_number_ = number;
  // Without its last padding a file still ends in the middle of a sector; go on after it.
  file_bytes_ = static_cast<int64_t>(UpToMetaSector(contents.good_bytes));
  next_number_ = contents.next_number;
  return {};
}

Failure Store::Damaged(const std::string& path, BytesView good) const {
  const std::string quarantine = directory_ + "/quarantine";
  const std::string saved =
      fmt::format("{}/{}.up_to_{}", quarantine, path.substr(path.rfind('/') + 1), good.size());
  std::string outcome =
      "what lies before it was saved as " + saved +
      "; to go on with that and lose what came later, put it in place of the damaged file";
  Status status = files_.CreateDirectories(quarantine);
  if (status.ok()) status = ReplaceFile(files_, saved, good);
  if (!status.ok())
    outcome = "and what lies before it could not be saved: " + status.error().message;
  return Fail(ErrorCode::kStorage, "the metadata is damaged: file={} offset={}; {}", path,
              good.size(), outcome);
}

void Store::Apply(BytesView key, std::optional<BytesView> value) {
  const auto found = map_.find(key);
  if (found != map_.end())
    live_bytes_ -= static_cast<int64_t>(found->first.size() + found->second.size());
  if (!value) {
    if (found != map_.end()) map_.erase(found);
    return;
  }
  live_bytes_ += static_cast<int64_t>(key.size() + value->size());
  if (found != map_.end()) {
    found->second = *value;
  } else {
    map_.emplace_hint(map_.end(), key, *value);
  }
}

Status Store::Commit(const Transaction& transaction) {
  if (transaction.payload_.size() > kTransactionBytesMax) {
    return Fail(ErrorCode::kInvalidTable, "a change of metadata is too large: bytes={} max={}",
                transaction.payload_.size(), kTransactionBytesMax);
  }
  Waiter waiter{.transaction = transaction};
  std::unique_lock lock(mutex_);
  queue_.push_back(&waiter);
  while (!waiter.done) {
    if (writing_) {
      written_.wait(lock);
      continue;
    }
    // Lead: write what queued up while the last write ran.
    writing_ = true;
    const std::vector<Waiter*> batch = TakeBatch();
    Status status = CheckNeeds(batch.front()->transaction);
    if (status.ok()) {
      lock.unlock();
      status = WriteBatch(batch);
      lock.lock();
    }
    for (Waiter* member : batch) {
      if (status.ok())
        ForEachOp(member->transaction.payload_,
                  [this](BytesView key, auto value) { Apply(key, value); });
      member->result = status;
      member->done = true;
    }
    writing_ = false;
    written_.notify_all();
  }
  return waiter.result;
}

/// As many of the queued transactions as may be written as one. What needs something goes alone: the others could take
/// it away, and need not fail with it.
std::vector<Store::Waiter*> Store::TakeBatch() {
  const auto alone = [&](size_t i) { return !queue_[i]->transaction.needs_.empty(); };
  size_t count = 1;
  size_t bytes = queue_.front()->transaction.payload_.size();
  for (; !alone(0) && count < queue_.size() && !alone(count); ++count) {
    bytes += queue_[count]->transaction.payload_.size();
    if (bytes > kTransactionBytesMax) break;
  }
  const auto end = queue_.begin() + static_cast<ptrdiff_t>(count);
  std::vector<Waiter*> batch(queue_.begin(), end);
  queue_.erase(queue_.begin(), end);
  return batch;
}

/// The caller holds mutex_ and leads: nothing changes before it has written.
Status Store::CheckNeeds(const Transaction& transaction) const {
  for (const std::string& key : transaction.needs_) {
    if (!map_.contains(key))
      return Fail(ErrorCode::kCommitConflict, "what a change of metadata needs is gone: key={}",
                  key);
  }
  return {};
}

Status Store::WriteBatch(const std::vector<Waiter*>& batch) {
  RETURN_IF_ERROR(PrepareFile());
  // One record for all: were they several, a crash could leave a later one whole behind a torn one,
  // which reads as damage.
  std::string payload;
  for (const Waiter* member : batch) payload.append(member->transaction.payload_);
  std::string bytes;
  EncodeTransaction(next_number_, payload, bytes);
  Status status = file_->WriteAt(file_bytes_, bytes);
  if (status.ok()) status = file_->Sync();
  if (!status.ok()) {
    LogError("meta", "a change of metadata was not written: {}", status.error().message);
    suspect_ = std::move(file_);
    TakeBack();
    return status;
  }
  file_bytes_ += static_cast<int64_t>(bytes.size());
  ++next_number_;
  return {};
}

Failure Store::Undecided() const {
  return Fail(ErrorCode::kStorage,
              "an earlier change of metadata failed and cannot be taken back: directory={}",
              directory_);
}

Status Store::PrepareFile() {
  if (undecided_) TakeBack();
  if (undecided_) return Undecided();
  const bool mostly_history = file_bytes_ > std::max(options_.log_bytes_min, 4 * live_bytes_);
  if (file_ != nullptr && !mostly_history) return {};
  const Status rewritten = Rewrite();
  if (rewritten.ok()) return {};
  if (file_ == nullptr) return rewritten;
  LogWarn("meta", "could not rewrite the metadata: {}", rewritten.error().message);
  return {};
}

Status Store::Settle() {
  std::unique_lock lock(mutex_);
  if (!undecided_) return {};
  written_.wait(lock, [this] { return !writing_; });
  writing_ = true;
  lock.unlock();
  if (undecided_) TakeBack();
  lock.lock();
  writing_ = false;
  written_.notify_all();
  return undecided_ ? Undecided() : Status();
}

void Store::TakeBack() {
  // A new file first: it stands by itself. Where there is no space for one the old file is cut.
  Status status = Rewrite();
  if (!status.ok()) status = CutFile();
  if (status.ok()) {
    suspect_.reset();
    if (undecided_.exchange(false)) LogInfo("meta", "metadata can be changed again");
  } else if (!undecided_.exchange(true)) {
    LogError("meta",
             "the failed change of metadata cannot be taken back, a start could carry it out: "
             "nothing is accepted any "
             "more; error={}",
             status.error().message);
  }
}

// Syncing the file whose sync failed is sound for this: what counts is its new length, which no sync was asked
// for before; and of what was synced before nothing is dirty.
Status Store::CutFile() {
  RETURN_IF_ERROR(suspect_->Truncate(file_bytes_));
  return suspect_->Sync();
}

Status Store::Rewrite() {
  std::string bytes = EncodeMetaFileHeader(next_number_);
  uint64_t number = next_number_;
  std::string payload;
  for (const auto& [key, value] : map_) {
    EncodeMetaOp(MetaOpKind::kPut, key, value, payload);
    if (payload.size() < kSnapshotPartBytes) continue;
    EncodeTransaction(number++, payload, bytes);
    payload.clear();
  }
  if (!payload.empty()) EncodeTransaction(number++, payload, bytes);

  const std::string path = PathOf(next_number_);
  RETURN_IF_ERROR(WriteFile(files_, path + std::string(kTemporary), bytes));
  // From here on a start may find the new file and would take it: the old one is done with, also should the rest
  // fail. Then the next commit writes the new one again, under the same name.
  file_.reset();
  RETURN_IF_ERROR(files_.Rename(path + std::string(kTemporary), path));
  RETURN_IF_ERROR(files_.SyncDirectory(directory_));
  ASSIGN_OR_RETURN(std::unique_ptr<File> file, files_.Open(path, OpenMode::kReadWrite));
  if (file_number_ != 0 && file_number_ != next_number_) {
    const Status removed = files_.Remove(PathOf(file_number_));
    if (!removed.ok())
      LogWarn("meta", "could not remove the old metadata: {}", removed.error().message);
  }
  file_ = std::move(file);
  file_bytes_ = static_cast<int64_t>(bytes.size());
  file_number_ = next_number_;
  next_number_ = number;
  return {};
}

std::optional<std::string> Store::Get(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto found = map_.find(key);
  return found == map_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Store::Entry> Store::Scan(std::string_view prefix) const {
  std::vector<Entry> out;
  Visit(prefix, [&out](BytesView key, BytesView value) { out.emplace_back(key, value); });
  return out;
}

void Store::Visit(std::string_view prefix,
                  const std::function<void(BytesView, BytesView)>& visit) const {
  const std::lock_guard lock(mutex_);
  for (auto at = map_.lower_bound(prefix); at != map_.end() && at->first.starts_with(prefix);
       ++at) {
    visit(at->first, at->second);
  }
}

}  // namespace weir
