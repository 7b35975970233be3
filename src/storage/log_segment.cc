#include "storage/log_segment.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/check.h"
#include "base/log.h"

namespace weir {
namespace {

constexpr int64_t kWalkBytes = 4 * KiB;     // read at a time while looking for a batch
constexpr int64_t kReserveFrom = 64 * KiB;  // smaller segments grow by themselves

Failure Storage(const Error& error) {
  return Failure(
      Error{error.code == ErrorCode::kDiskWriteLocked ? error.code : ErrorCode::kLogStorage,
            error.message});
}

}  // namespace

std::string SegmentFileName(Offset base_offset, std::string_view suffix) {
  return fmt::format("{:020d}{}", base_offset, suffix);
}

std::optional<Offset> ParseSegmentFileName(std::string_view name, std::string_view suffix) {
  constexpr size_t kDigits = 20;
  if (name.size() != kDigits + suffix.size() || !name.ends_with(suffix)) return std::nullopt;
  Offset offset = -1;
  const auto parsed = std::from_chars(name.data(), name.data() + kDigits, offset);
  if (parsed.ec != std::errc() || parsed.ptr != name.data() + kDigits || offset < 0)
    return std::nullopt;
  return offset;
}

LogSegment::LogSegment(OpenFiles& files, const std::string& directory, Offset base_offset,
                       int64_t bytes, const LogOptions& options)
    : files_(files),
      directory_(directory),
      base_offset_(base_offset),
      options_(options),
      bytes_(bytes),
      reserved_(bytes),
      indexes_loaded_(bytes == 0) {
  if (bytes == 0) offset_index_.Clear(), time_index_.Clear();
}

std::string LogSegment::Path(std::string_view suffix) const {
  return directory_ + "/" + SegmentFileName(base_offset_, suffix);
}

bool LogSegment::Fits(Offset last_offset, int64_t bytes) const {
  return last_offset - base_offset_ <= INT32_MAX && bytes_ + bytes <= INT32_MAX;
}

Result<std::shared_ptr<File>> LogSegment::file() {
  if (const auto* open = files_.Cached(slot_)) return *open;
  auto opened = files_.Open(slot_, Path(".log"), OpenMode::kCreate);
  if (!opened.ok()) return Storage(opened.error());
  return opened;
}

// Space is asked for ahead, twice as much each time: an append into reserved space costs a third.
Status LogSegment::ReserveFor(File& file, int64_t bytes) {
  const int64_t end = bytes_ + bytes;
  if (end <= reserved_ || end < kReserveFrom) return {};
  const int64_t step =
      std::clamp(end, kReserveFrom, std::max(kReserveFrom, options_.preallocate_bytes));
  const int64_t wanted =
      std::max(end, std::min(bytes_ + step, std::max(end, options_.segment_bytes)));
  RETURN_IF_ERROR(file.Reserve(bytes_, wanted - bytes_));
  reserved_ = wanted;
  return {};
}

Status LogSegment::Write(std::span<const BytesView> pieces, int64_t bytes) {
  RETURN_IF_ERROR(LoadIndexes());
  ASSIGN_OR_RETURN(const auto log, file());
  // Only a refusal to reserve what this write needs counts; then the write itself reports it.
  (void)ReserveFor(*log, bytes);
  Status written = log->WriteAt(bytes_, pieces);
  if (written.ok()) return {};
  // Half a batch behind the end is harmless (recovery cuts it), so a failure to cut it now is too.
  (void)log->Truncate(bytes_);
  reserved_ = bytes_;
  return Storage(written.error());
}

void LogSegment::StartCheck(int64_t position) {
  bytes_ = reserved_ = synced_bytes = position;
  indexes_loaded_ = false;
}

void LogSegment::Note(const Batch& batch) {
  WEIR_DCHECK(indexes_loaded_);
  AddIndexEntries(batch, bytes_);
  bytes_ += batch.bytes;
}

void LogSegment::AddIndexEntries(const Batch& batch, int64_t position) {
  if (batch.timestamp > max_timestamp_) {
    max_timestamp_ = batch.timestamp;
    max_timestamp_offset_ = batch.base_offset;
  }
  if (position - indexed_at_ <= options_.index_interval_bytes) return;
  offset_index_.Append(
      {static_cast<int32_t>(batch.last_offset - base_offset_), static_cast<int32_t>(position)});
  time_index_.Append({max_timestamp_, static_cast<int32_t>(max_timestamp_offset_ - base_offset_)});
  indexed_at_ = position;
}

Status LogSegment::Walk(int64_t position, const Visit& visit) {
  ASSIGN_OR_RETURN(const auto log, file());
  std::array<char, kWalkBytes> buffer;
  int64_t buffer_at = 0;
  BytesView buffered;
  while (position < bytes_) {
    const auto within = static_cast<size_t>(position - buffer_at);
    const auto needed =
        static_cast<size_t>(std::min<int64_t>(kLogBatchHeaderBytesMax, bytes_ - position));
    if (position < buffer_at || within + needed > buffered.size()) {
      const auto wanted = static_cast<size_t>(std::min<int64_t>(kWalkBytes, bytes_ - position));
      ASSIGN_OR_RETURN(const size_t got, log->ReadAt(position, buffer.data(), wanted));
      buffered = BytesView(buffer.data(), got);
      buffer_at = position;
    }
    const auto header =
        LogBatchHeader::Parse(buffered.substr(static_cast<size_t>(position - buffer_at)));
    if (!header.ok() || position + header->total_bytes > bytes_) {
      return Fail(ErrorCode::kLogStorage,
                  "segment has no batch where one must be: path={} position={}", log->path(),
                  position);
    }
    if (!visit(*header, position)) return {};
    position += header->total_bytes;
  }
  return {};
}

Result<std::optional<LogSegment::Found>> LogSegment::Find(Offset offset) {
  RETURN_IF_ERROR(LoadIndexes());
  const auto relative = offset - base_offset_;
  const OffsetEntry* entry =
      offset_index_.Last([&](const OffsetEntry& e) { return e.relative_offset <= relative; });
  std::optional<Found> found;
  RETURN_IF_ERROR(Walk(entry == nullptr ? 0 : entry->position,
                       [&](const LogBatchHeader& header, int64_t position) {
                         if (header.last_offset() < offset) return true;
                         found = Found{header, position};
                         return false;
                       }));
  return found;
}

Result<std::optional<LogSegment::Found>> LogSegment::FindTimestamp(int64_t timestamp_ms) {
  RETURN_IF_ERROR(LoadIndexes());
  // The last entry strictly before the time: batches with equal timestamps may start before an equal entry.
  const TimeEntry* time =
      time_index_.Last([&](const TimeEntry& e) { return e.timestamp < timestamp_ms; });
  int64_t start = 0;
  if (time != nullptr) {
    const OffsetEntry* entry = offset_index_.Last(
        [&](const OffsetEntry& e) { return e.relative_offset <= time->relative_offset; });
    if (entry != nullptr) start = entry->position;
  }
  std::optional<Found> found;
  RETURN_IF_ERROR(Walk(start, [&](const LogBatchHeader& header, int64_t position) {
    if (header.commit_timestamp < timestamp_ms) return true;
    found = Found{header, position};
    return false;
  }));
  return found;
}

Result<int64_t> LogSegment::LastBoundary(int64_t from, int64_t limit, Offset* next_offset) {
  RETURN_IF_ERROR(LoadIndexes());
  const OffsetEntry* entry =
      offset_index_.Last([&](const OffsetEntry& e) { return e.position <= limit; });
  int64_t boundary = std::max<int64_t>(from, entry == nullptr ? 0 : entry->position);
  RETURN_IF_ERROR(Walk(boundary, [&](const LogBatchHeader& header, int64_t position) {
    *next_offset = header.base_offset;
    if (position + header.total_bytes > limit) return false;
    *next_offset = header.next_offset();
    boundary = position + header.total_bytes;
    return true;
  }));
  return boundary;
}

Result<int64_t> LogSegment::MaxTimestamp() {
  if (bytes_ == 0) return 0;
  RETURN_IF_ERROR(LoadIndexes());
  return max_timestamp_;
}

Status LogSegment::TruncateTo(int64_t bytes, Offset next_offset) {
  RETURN_IF_ERROR(LoadIndexes());
  ASSIGN_OR_RETURN(const auto log, file());
  RETURN_IF_ERROR(log->Truncate(bytes));
  RETURN_IF_ERROR(log->Sync());
  bytes_ = reserved_ = bytes;
  synced_bytes = bytes;
  const auto relative = next_offset - base_offset_;
  offset_index_.CutAfter([&](const OffsetEntry& e) { return e.relative_offset < relative; });
  time_index_.CutAfter([&](const TimeEntry& e) { return e.relative_offset < relative; });
  // The newest timestamp may have been in the part cut off.
  RETURN_IF_ERROR(SaveIndexes());
  indexes_loaded_ = false;
  return {};
}

Status LogSegment::LoadIndexes() {
  if (indexes_loaded_) return {};
  RETURN_IF_ERROR(ReadIndexes());
  indexes_loaded_ = true;
  return {};
}

Status LogSegment::ReadIndexes() {
  RETURN_IF_ERROR(offset_index_.Load(files_.files(), Path(OffsetEntry::kSuffix)));
  RETURN_IF_ERROR(time_index_.Load(files_.files(), Path(TimeEntry::kSuffix)));
  offset_index_.CutAfter([&](const OffsetEntry& e) { return e.position < bytes_; });
  max_timestamp_ = 0;
  max_timestamp_offset_ = base_offset_;
  indexed_at_ = 0;
  if (offset_index_.entries().empty()) return RebuildIndexes();

  const OffsetEntry last = offset_index_.entries().back();
  bool matches = false;
  const Status walked = Walk(last.position, [&](const LogBatchHeader& header, int64_t position) {
    matches = header.last_offset() == base_offset_ + last.relative_offset;
    return false;
  });
  if (!walked.ok() || !matches || time_index_.entries().empty()) return RebuildIndexes();
  max_timestamp_ = time_index_.entries().back().timestamp;
  max_timestamp_offset_ = base_offset_ + time_index_.entries().back().relative_offset;
  indexed_at_ = last.position;
  return Walk(last.position, [&](const LogBatchHeader& header, int64_t position) {
    AddIndexEntries({header.base_offset, header.last_offset(), header.commit_timestamp, 0},
                    position);
    return true;
  });
}

Status LogSegment::RebuildIndexes() {
  offset_index_.Clear();
  time_index_.Clear();
  indexed_at_ = 0;
  max_timestamp_ = -1;
  return Walk(0, [&](const LogBatchHeader& header, int64_t position) {
    AddIndexEntries({header.base_offset, header.last_offset(), header.commit_timestamp, 0},
                    position);
    return true;
  });
}

Status LogSegment::SaveIndexes() {
  if (!indexes_loaded_) return {};
  RETURN_IF_ERROR(offset_index_.Save(files_.files(), Path(OffsetEntry::kSuffix)));
  return time_index_.Save(files_.files(), Path(TimeEntry::kSuffix));
}

Status LogSegment::Seal() {
  RETURN_IF_ERROR(LoadIndexes());
  if (bytes_ > 0) {
    time_index_.Append(
        {max_timestamp_, static_cast<int32_t>(max_timestamp_offset_ - base_offset_)});
  }
  return SaveIndexes();
}

Status LogSegment::Close() {
  const Status saved = SaveIndexes();
  if (reserved_ > bytes_) {
    ASSIGN_OR_RETURN(const auto log, file());
    (void)log->Truncate(bytes_);
    reserved_ = bytes_;
  }
  slot_.Close();
  indexes_loaded_ = bytes_ == 0;
  offset_index_ = {};
  time_index_ = {};
  return saved;
}

// The mark is for a process that reads what the cache of this machine still has and would find nothing dirty there.
// It need not be durable: without the cache the disk says itself what it has.
void MarkSuspect(FileSystem& files, const std::string& path) {
  const auto marked = files.Open(path, OpenMode::kCreate);
  if (!marked.ok()) {
    LogWarn("storage", "segment that could not be synced is not marked: {}",
            marked.error().message);
  }
}

void LogSegment::Suspect() {
  suspect = true;
  MarkSuspect(files_.files(), Path(kSuspectSuffix));
}

Status LogSegment::UseCopy() {
  RETURN_IF_ERROR(files_.files().Rename(CopyPath(), Path(".log")));
  slot_.Close();
  reserved_ = bytes_;
  synced_bytes = bytes_;
  suspect = false;
  sync_turn = std::make_shared<SyncTurn>();
  if (const Status unmarked = files_.files().Remove(Path(kSuspectSuffix)); !unmarked.ok()) {
    LogWarn("storage", "segment will be copied again at the next start: {}",
            unmarked.error().message);
  }
  return {};
}

Result<std::vector<std::string>> LogSegment::MarkDeleted() {
  std::vector<std::string> doomed;
  slot_.Close();
  for (const char* suffix : {".log", OffsetEntry::kSuffix, TimeEntry::kSuffix, kSuspectSuffix}) {
    const std::string path = Path(suffix);
    if (!files_.files().Exists(path)) continue;
    RETURN_IF_ERROR(files_.files().Rename(path, path + ".deleted"));
    doomed.push_back(path + ".deleted");
  }
  return doomed;
}

}  // namespace weir
