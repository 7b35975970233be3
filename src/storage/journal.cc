#include "storage/journal.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/log.h"
#include "storage/journal_format.h"

namespace weir {
namespace {

constexpr std::string_view kSuffix = ".journal";
constexpr int64_t kLookAheadBytes =
    1 * MiB;  // behind a bad record, for one that proves it was not the tail
constexpr size_t kFreeFilesMax = 2;

std::string FileName(int64_t number) { return fmt::format("{:08d}{}", number, kSuffix); }

std::optional<int64_t> ParseFileName(std::string_view name) {
  if (!name.ends_with(kSuffix)) return std::nullopt;
  name.remove_suffix(kSuffix.size());
  int64_t number = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != name.data() + name.size()) return std::nullopt;
  return number;
}

int64_t RoundUp(int64_t bytes) {
  return (bytes + kJournalBlockBytes - 1) / kJournalBlockBytes * kJournalBlockBytes;
}

const std::string& Zeroes() {
  static const std::string zeroes(static_cast<size_t>(1 * MiB), '\0');
  return zeroes;
}

Status FillWithZeroes(File& file, int64_t bytes) {
  const auto step = static_cast<int64_t>(Zeroes().size());
  for (int64_t at = 0; at < bytes; at += step) {
    const auto part = static_cast<size_t>(std::min(step, bytes - at));
    RETURN_IF_ERROR(file.WriteAt(at, BytesView(Zeroes()).substr(0, part)));
  }
  return file.Sync();
}

/// One record as pieces: own headers, the entries' bytes by reference, padding.
class RecordBuilder {
 public:
  RecordBuilder(std::span<const JournalEntry> entries, uint64_t released, uint64_t epoch) {
    size_t head_bytes = sizeof(JournalRecordHeader);
    for (const JournalEntry& entry : entries)
      head_bytes += sizeof(JournalEntryHeader) + entry.directory.size();
    heads_.reserve(head_bytes);  // pieces point into it
    heads_.append(sizeof(JournalRecordHeader), '\0');
    pieces_.emplace_back(heads_.data(), sizeof(JournalRecordHeader));
    for (const JournalEntry& entry : entries) AddEntry(entry);

    auto& header = *reinterpret_cast<JournalRecordHeader*>(heads_.data());
    header.magic = kJournalRecordMagic;
    header.entry_count = static_cast<uint32_t>(entries.size());
    header.released = released;
    header.epoch = epoch;
    for (const BytesView piece : pieces_) bytes_ += static_cast<int64_t>(piece.size());
    header.bytes = static_cast<uint32_t>(bytes_);
    if (RoundUp(bytes_) > bytes_)
      pieces_.push_back(
          BytesView(Zeroes()).substr(0, static_cast<size_t>(RoundUp(bytes_) - bytes_)));
  }

  /// The record is complete with its sequence.
  void Seal(uint64_t sequence) {
    auto& header = *reinterpret_cast<JournalRecordHeader*>(heads_.data());
    header.sequence = sequence;
    constexpr size_t kFrom = offsetof(JournalRecordHeader, bytes);
    uint32_t crc = 0;
    auto left = static_cast<size_t>(bytes_) - kFrom;
    for (BytesView piece : pieces_) {
      if (piece.data() == heads_.data()) piece.remove_prefix(kFrom);
      piece = piece.substr(0, left);
      crc = ExtendCrc32c(crc, piece);
      left -= piece.size();
    }
    header.crc = crc;
  }

  std::span<const BytesView> pieces() const { return pieces_; }
  int64_t file_bytes() const { return RoundUp(bytes_); }

 private:
  void AddEntry(const JournalEntry& entry) {
    size_t records_bytes = 0;
    for (const BytesView piece : entry.pieces) records_bytes += piece.size();
    JournalEntryHeader header;
    header.table_id = entry.bucket.table.value;
    header.partition_id = entry.bucket.partition ? entry.bucket.partition->value : -1;
    header.bucket = entry.bucket.bucket;
    header.base_offset = entry.base_offset;
    header.end_offset = entry.end_offset;
    header.records_bytes = static_cast<uint32_t>(records_bytes);
    header.directory_bytes = static_cast<uint16_t>(entry.directory.size());
    const size_t at = heads_.size();
    heads_.append(reinterpret_cast<const char*>(&header), sizeof(header));
    heads_.append(entry.directory);
    pieces_.emplace_back(heads_.data() + at, heads_.size() - at);
    pieces_.insert(pieces_.end(), entry.pieces.begin(), entry.pieces.end());
  }

  std::string heads_;
  std::vector<BytesView> pieces_;
  int64_t bytes_ = 0;
};

}  // namespace

Result<JournalRecord> ParseJournalRecord(BytesView bytes) {
  const auto bad = [](std::string_view what) {
    return Fail(ErrorCode::kCorruptMessage, "journal record {}", what);
  };
  if (bytes.size() < sizeof(JournalRecordHeader)) return bad("is cut short");
  const auto& header = *reinterpret_cast<const JournalRecordHeader*>(bytes.data());
  if (header.magic != kJournalRecordMagic) return bad("has no magic");
  if (header.bytes < sizeof(JournalRecordHeader) || header.bytes > bytes.size())
    return bad("has a wrong length");
  BytesView rest = bytes.substr(0, header.bytes);
  if (Crc32c(rest.substr(offsetof(JournalRecordHeader, bytes))) != header.crc)
    return bad("has a wrong CRC");
  rest.remove_prefix(sizeof(JournalRecordHeader));

  JournalRecord record{.sequence = header.sequence,
                       .released = header.released,
                       .epoch = header.epoch,
                       .bytes = RoundUp(header.bytes)};
  for (uint32_t i = 0; i < header.entry_count; ++i) {
    if (rest.size() < sizeof(JournalEntryHeader)) return bad("ends inside an entry");
    const auto& head = *reinterpret_cast<const JournalEntryHeader*>(rest.data());
    rest.remove_prefix(sizeof(JournalEntryHeader));
    const size_t directory_bytes = head.directory_bytes;
    const size_t records_bytes = head.records_bytes;
    if (rest.size() < directory_bytes + records_bytes) return bad("ends inside an entry");
    ReplayedEntry entry;
    entry.bucket = {.table = TableId(head.table_id), .bucket = head.bucket};
    if (head.partition_id >= 0) entry.bucket.partition = PartitionId(head.partition_id);
    entry.base_offset = head.base_offset;
    entry.end_offset = head.end_offset;
    entry.directory = rest.substr(0, directory_bytes);
    entry.records = rest.substr(directory_bytes, records_bytes);
    rest.remove_prefix(directory_bytes + records_bytes);
    record.entries.push_back(entry);
  }
  if (!rest.empty()) return bad("is longer than its entries");
  return record;
}

Journal::Journal(FileSystem& files, std::string directory, const JournalOptions& options)
    : files_(files), directory_(std::move(directory)), options_(options) {}

Journal::~Journal() = default;

Result<std::unique_ptr<Journal>> Journal::Open(FileSystem& files, std::string directory,
                                               const JournalOptions& options,
                                               const Replay& replay) {
  std::unique_ptr<Journal> journal(new Journal(files, std::move(directory), options));
  RETURN_IF_ERROR(files.CreateDirectories(journal->directory_));
  // Also when they are there: a server killed a moment ago may have made them, and they are not durable yet.
  RETURN_IF_ERROR(files.SyncDirectory(std::string(ParentOf(journal->directory_))));
  RETURN_IF_ERROR(files.SyncDirectory(journal->directory_));
  RETURN_IF_ERROR(journal->Load(replay));
  return journal;
}

// ---- Replay -------------------------------------------------------------------------------------------------

// Visit the records of the file's current use: the first valid one says which epoch that is, then each must follow
// the one before. What was there from earlier uses has a lower sequence or epoch.
Status Journal::ScanFile(JournalFile& file,
                         const std::function<Status(const JournalRecord&)>& visit) const {
  ASSIGN_OR_RETURN(const int64_t size, file.file->Size());
  std::string buffer;
  uint64_t epoch = 0;
  Sequence last = 0;
  int64_t look_until = kJournalBlockBytes;
  for (int64_t at = 0; at < size && at < look_until;) {
    buffer.resize(static_cast<size_t>(kJournalBlockBytes));
    ASSIGN_OR_RETURN(size_t got, file.file->ReadAt(at, buffer.data(), buffer.size()));
    if (got >= sizeof(JournalRecordHeader)) {
      const auto& head = *reinterpret_cast<const JournalRecordHeader*>(buffer.data());
      const uint32_t bytes = head.bytes;
      if (head.magic == kJournalRecordMagic && bytes > got &&
          static_cast<int64_t>(bytes) <= size - at) {
        buffer.resize(bytes);
        ASSIGN_OR_RETURN(got, file.file->ReadAt(at, buffer.data(), buffer.size()));
      }
    }
    auto record = ParseJournalRecord(BytesView(buffer).substr(0, got));
    const bool follows =
        record.ok() && (epoch == 0 || (record->epoch == epoch && record->sequence > last));
    if (!follows) {
      at += kJournalBlockBytes;
      continue;
    }
    if (epoch != 0 && record->sequence != last + 1) {
      LogError("storage", "journal has lost records in the middle: path={} after={} next={}",
               file.file->path(), last, record->sequence);
    }
    epoch = record->epoch;
    last = record->sequence;
    for (ReplayedEntry& entry : record->entries) {
      entry.file = file.file;
      entry.position = at + (entry.records.data() - buffer.data());
    }
    RETURN_IF_ERROR(visit(*record));
    at += record->bytes;
    file.used = at;
    look_until = at + kLookAheadBytes;
  }
  return {};
}

Status Journal::Load(const Replay& replay) {
  ASSIGN_OR_RETURN(const auto entries, files_.List(directory_));
  uint64_t epoch = 0;
  for (const DirectoryEntry& entry : entries) {
    const auto number = ParseFileName(entry.name);
    if (!number.has_value() || entry.is_directory) continue;
    auto file = std::make_unique<JournalFile>();
    ASSIGN_OR_RETURN(file->file, files_.Open(directory_ + "/" + entry.name, OpenMode::kReadWrite));
    ASSIGN_OR_RETURN(file->zeroed, file->file->Size());
    file->number = *number;
    next_number_ = std::max(next_number_, *number + 1);
    RETURN_IF_ERROR(ScanFile(*file, [&](const JournalRecord& record) -> Status {
      if (file->first == 0) file->first = record.sequence;
      file->last = record.sequence;
      released_ = std::max(released_, record.released);
      epoch = std::max(epoch, record.epoch);
      return {};
    }));
    last_sequence_ = std::max(last_sequence_.load(), file->last);
    full_.push_back(std::move(file));
  }
  epoch_ = epoch + 1;
  std::sort(full_.begin(), full_.end(),
            [](const auto& a, const auto& b) { return a->first < b->first; });
  for (const auto& file : full_) {
    if (file->last <= released_) continue;
    // The last record may be in the page cache only, from a server killed before its sync.
    RETURN_IF_ERROR(file->file->Sync());
    RETURN_IF_ERROR(ScanFile(*file, [&](const JournalRecord& record) -> Status {
      if (record.sequence <= released_) return {};
      for (const ReplayedEntry& entry : record.entries) RETURN_IF_ERROR(replay(entry));
      return {};
    }));
  }
  Release(released_);
  return {};
}

Status Journal::ForEachLive(const Replay& visit) const {
  std::vector<JournalFile> files;
  Sequence released = 0;
  {
    std::lock_guard lock(mutex_);
    for (const auto& file : full_) files.push_back({.file = file->file});
    if (active_file_ != nullptr) files.push_back({.file = active_file_});
    released = released_;
  }
  for (JournalFile& file : files) {
    RETURN_IF_ERROR(ScanFile(file, [&](const JournalRecord& record) -> Status {
      if (record.sequence <= released) return {};
      for (const ReplayedEntry& entry : record.entries) RETURN_IF_ERROR(visit(entry));
      return {};
    }));
  }
  return {};
}

// ---- Writing ------------------------------------------------------------------------------------------------

Result<std::unique_ptr<Journal::JournalFile>> Journal::CreateFile(int64_t zeroed) {
  auto file = std::make_unique<JournalFile>();
  {
    std::lock_guard lock(mutex_);
    if (static_cast<int32_t>(full_.size() + free_.size()) + (active_file_ != nullptr ? 1 : 0) >=
        options_.files_max) {
      return Fail(ErrorCode::kStorage,
                  "journal is full, segments are not synced fast enough: files={}",
                  options_.files_max);
    }
    file->number = next_number_++;
  }
  const std::string path = directory_ + "/" + FileName(file->number);
  ASSIGN_OR_RETURN(file->file, files_.Open(path, OpenMode::kCreateTruncate));
  Status made = FillWithZeroes(*file->file, zeroed);
  if (made.ok()) made = files_.SyncDirectory(directory_);
  if (!made.ok()) {
    (void)files_.Remove(path);  // or it would keep the last space of a full disk
    return Forward(made);
  }
  file->zeroed = zeroed;
  return file;
}

Status Journal::PrepareNextFile() {
  {
    std::lock_guard lock(mutex_);
    if (!free_.empty()) return {};
  }
  ASSIGN_OR_RETURN(auto file, CreateFile(options_.file_bytes));
  std::lock_guard lock(mutex_);
  free_.push_back(std::move(file));
  return {};
}

// Put the active file away and take a prepared one, or else a small new one.
Status Journal::UseNextFile() {
  std::unique_ptr<JournalFile> next;
  {
    std::lock_guard lock(mutex_);
    if (active_ != nullptr) full_.push_back(std::move(active_));
    active_file_ = nullptr;
    if (!free_.empty()) {
      next = std::move(free_.back());
      free_.pop_back();
    }
  }
  if (next == nullptr) {
    ASSIGN_OR_RETURN(next, CreateFile(std::min(options_.first_file_bytes, options_.file_bytes)));
  }
  next->used = 0;
  next->first = next->last = 0;
  active_ = std::move(next);
  std::lock_guard lock(mutex_);
  active_file_ = active_->file;
  return {};
}

Status Journal::WriteToActive(std::span<const BytesView> pieces, int64_t bytes, Sequence sequence) {
  Status done = active_->file->WriteAt(active_->used, pieces);
  if (done.ok()) done = active_->file->Sync();
  if (!done.ok()) {
    active_->failed = true;
    // Nor may the next start find there what the kernel has but the disk has not.
    (void)active_->file->Truncate(active_->used);
    LogError("storage", "journal file is given up: {}", done.error().message);
    return done;
  }
  if (active_->first == 0) active_->first = sequence;
  active_->last = sequence;
  active_->used += bytes;
  active_->zeroed = std::max(active_->zeroed, active_->used);
  return {};
}

Result<Journal::Sequence> Journal::Write(std::span<const JournalEntry> entries) {
  RecordBuilder record(entries, released(), epoch_);
  if (active_ != nullptr && active_->used + record.file_bytes() > active_->zeroed) {
    std::unique_lock lock(mutex_);
    const bool can_switch = !free_.empty();
    lock.unlock();
    // Without a prepared file the active one grows past its zeroes: slower, but nobody waits.
    if (can_switch || active_->used + record.file_bytes() > options_.file_bytes)
      RETURN_IF_ERROR(UseNextFile());
  }
  for (int attempt = 0;; ++attempt) {
    // Never again on a file whose sync failed: the kernel has forgotten what was dirty.
    if (active_ == nullptr || active_->failed) RETURN_IF_ERROR(UseNextFile());
    const Sequence sequence = last_sequence_.load(std::memory_order_relaxed) + 1;
    record.Seal(sequence);
    last_sequence_.store(sequence, std::memory_order_release);
    const Status written = WriteToActive(record.pieces(), record.file_bytes(), sequence);
    if (written.ok()) return sequence;
    if (attempt == 1) return Forward(written);
  }
}

// ---- Release ------------------------------------------------------------------------------------------------

void Journal::Recycle(std::unique_ptr<JournalFile> file) {
  if (!file->failed && file->zeroed >= options_.file_bytes && free_.size() < kFreeFilesMax) {
    free_.push_back(std::move(file));
    return;
  }
  if (const Status removed = files_.Remove(file->file->path()); !removed.ok()) {
    LogWarn("storage", "could not remove a journal file: {}", removed.error().message);
  }
}

void Journal::Release(Sequence sequence) {
  std::lock_guard lock(mutex_);
  released_ = std::max(released_, sequence);
  for (auto& file : full_) {
    if (file->last <= released_) Recycle(std::move(file));
  }
  std::erase(full_, nullptr);
}

Journal::Sequence Journal::released() const {
  std::lock_guard lock(mutex_);
  return released_;
}

int32_t Journal::file_count() const {
  std::lock_guard lock(mutex_);
  return static_cast<int32_t>(full_.size() + free_.size()) + (active_file_ != nullptr ? 1 : 0);
}

}  // namespace weir
