#include "storage/bucket_log.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"

namespace weir {
namespace {

Failure Storage(const Error& error) {
  return Failure(
      Error{error.code == ErrorCode::kDiskWriteLocked ? error.code : ErrorCode::kLogStorage,
            error.message});
}

}  // namespace

Failure BucketLog::NotSynced() const {
  return Fail(ErrorCode::kLogStorage, "a segment could not be synced: directory={}", directory_);
}

Result<SharedBytes> LogSlice::Load() const {
  if (empty()) return SharedBytes();
  std::string copy(static_cast<size_t>(bytes), '\0');
  ASSIGN_OR_RETURN(const size_t got, file->ReadAt(position, copy.data(), copy.size()));
  if (got != copy.size()) {
    return Fail(ErrorCode::kLogStorage,
                "segment is shorter than it was: path={} position={} bytes={} read={}",
                file->path(), position, bytes, got);
  }
  return SharedBytes::Of(std::move(copy));
}

Status SyncPass::Sync(File& file, SyncTurn& turn) {
  const auto [known, first] = synced_.try_emplace(&turn);
  if (!first) return known->second;
  std::lock_guard lock(turn.mutex);
  if (turn.failed) {
    known->second =
        Fail(ErrorCode::kStorage, "an earlier sync of the file failed: path={}", file.path());
  } else {
    known->second = file.Sync();
    turn.failed = !known->second.ok();
  }
  return known->second;
}

Status SyncPass::SyncDirectory(const std::string& directory) {
  const auto [known, first] = directories_.try_emplace(directory);
  if (first) known->second = files_.SyncDirectory(directory);
  return known->second;
}

Status SyncTicket::Run(FileSystem& files) const {
  SyncPass pass(files);
  return Run(pass);
}

Status SyncTicket::Run(SyncPass& pass) const {
  for (const SegmentFile& segment : segments) {
    RETURN_IF_ERROR(pass.Sync(*segment.file, *segment.turn));
  }
  for (const std::string& directory : directories) RETURN_IF_ERROR(pass.SyncDirectory(directory));
  return {};
}

Status SyncTicket::TakeOver(const Status& synced) const {
  for (const SegmentFile& segment : segments) {
    std::lock_guard lock(segment.turn->mutex);
    if (segment.turn->failed) {
      return Fail(ErrorCode::kStorage, "an earlier sync of the file failed: path={}",
                  segment.file->path());
    }
    segment.turn->failed = !synced.ok();
  }
  return synced;
}

BucketLog::BucketLog(OpenFiles& files, std::string directory, std::string root,
                     const LogOptions& options)
    : files_(files), directory_(std::move(directory)), root_(std::move(root)), options_(options) {}

BucketLog::~BucketLog() = default;

Result<std::unique_ptr<BucketLog>> BucketLog::Open(OpenFiles& files, std::string directory,
                                                   std::string root, const LogOptions& options,
                                                   std::optional<RecoveryPoint> point) {
  std::unique_ptr<BucketLog> log(
      new BucketLog(files, std::move(directory), std::move(root), options));
  const Status recovered = log->Recover(point);
  if (!recovered.ok()) return Storage(recovered.error());
  return log;
}

int64_t BucketLog::bytes() const {
  int64_t sum = 0;
  for (const auto& segment : segments_) sum += segment->bytes();
  return sum;
}

int64_t BucketLog::unsynced_bytes() const {
  int64_t sum = 0;
  for (auto segment = segments_.rbegin(); segment != segments_.rend(); ++segment) {
    const int64_t bytes = (*segment)->bytes() - (*segment)->synced_bytes;
    if (bytes == 0 && (*segment)->bytes() > 0) break;  // older ones are synced too
    sum += bytes;
  }
  return sum;
}

LogPosition BucketLog::end_position() const {
  if (segments_.empty()) return {};
  return {active().base_offset(), active().bytes()};
}

// ---- Writing ------------------------------------------------------------------------------------------------

// All up to the root: a sibling bucket may have made one of them a moment ago, or a server before this one.
void BucketLog::MarkDirectoriesDirty() {
  dirty_directories_.push_back({directory_, last_ticket_ + 1});
  for (std::string_view path = directory_; path.size() > root_.size(); path = ParentOf(path)) {
    dirty_directories_.push_back({std::string(ParentOf(path)), last_ticket_ + 1});
  }
}

Status BucketLog::AddSegment(Offset base) {
  if (!files_.files().Exists(directory_)) {
    RETURN_IF_ERROR(files_.files().CreateDirectories(directory_));
  }
  if (segments_.empty()) MarkDirectoriesDirty();  // also when they are there: killed a moment ago
  auto segment = std::make_unique<LogSegment>(files_, directory_, base, 0, options_);
  ASSIGN_OR_RETURN(const auto file, segment->file());
  if (const Status emptied = file->Truncate(0); !emptied.ok()) {
    (void)files_.files().Remove(segment->Path(".log"));
    return emptied;
  }
  segments_.push_back(std::move(segment));
  dirty_directories_.push_back({directory_, last_ticket_ + 1});
  return {};
}

Status BucketLog::Roll() {
  if (!segments_.empty()) {
    if (active().bytes() == 0) return {};
    RETURN_IF_ERROR(active().Seal());
  }
  return AddSegment(end_offset_);
}

bool BucketLog::MustRoll(std::span<const LogSegment::Batch> batches) const {
  int64_t bytes = 0;
  for (const auto& batch : batches) bytes += batch.bytes;
  if (active().bytes() == 0) return false;
  return active().bytes() + bytes > options_.segment_bytes ||
         !active().Fits(batches.back().last_offset, bytes);
}

Status BucketLog::Append(std::span<const BytesView> pieces,
                         std::span<const LogSegment::Batch> batches) {
  WEIR_CHECK(!batches.empty() && batches.front().base_offset == end_offset_);
  if (has_lost_) return NotSynced();
  const auto storage = [](const Status& status) -> Status {
    if (status.ok()) return {};
    return Storage(status.error());
  };
  if (segments_.empty()) {
    RETURN_IF_ERROR(storage(AddSegment(end_offset_)));
  } else if (MustRoll(batches)) {
    RETURN_IF_ERROR(storage(Roll()));
  }
  if (active().suspect) return NotSynced();  // it is being copied
  int64_t bytes = 0;
  for (const auto& batch : batches) bytes += batch.bytes;
  RETURN_IF_ERROR(storage(active().Write(pieces, bytes)));
  for (const auto& batch : batches) {
    active().Note(batch);
    WEIR_CHECK(batch.base_offset == end_offset_ &&
               batch.last_offset >= batch.base_offset);  // INV-2: no gaps
    end_offset_ = batch.last_offset + 1;
    last_timestamp_ = std::max(last_timestamp_, batch.timestamp);
  }
  return {};
}

// ---- Reading ------------------------------------------------------------------------------------------------

size_t BucketLog::SegmentIndexOf(Offset offset) const {
  const auto after =
      std::upper_bound(segments_.begin(), segments_.end(), offset,
                       [](Offset o, const auto& segment) { return o < segment->base_offset(); });
  WEIR_CHECK(after != segments_.begin());
  return static_cast<size_t>(after - segments_.begin() - 1);
}

std::optional<LogPosition> BucketLog::TakeHint(Offset offset) {
  for (ReadHint& hint : read_hints_) {
    if (hint.offset != offset) continue;
    hint.offset = -1;
    const LogSegment& segment = *segments_[SegmentIndexOf(offset)];
    // The segment was rolled after the hint was taken at its end.
    if (segment.base_offset() != hint.at.segment_base) return LogPosition{segment.base_offset(), 0};
    return hint.at;
  }
  return std::nullopt;
}

void BucketLog::AddHint(Offset offset, LogPosition at) {
  read_hints_[next_hint_] = {offset, at};
  next_hint_ = (next_hint_ + 1) % read_hints_.size();
}

Result<LogSlice> BucketLog::Read(Offset from, int64_t bytes_max, Offset up_to,
                                 LogPosition up_to_at) {
  if (from < start_offset() || from > end_offset_) {
    return Fail(ErrorCode::kLogOffsetOutOfRange,
                "offset is not in the log: offset={} start={} end={}", from, start_offset(),
                end_offset_);
  }
  if (from >= up_to) return LogSlice{.base_offset = from, .end_offset = from};

  LogSegment& segment = *segments_[SegmentIndexOf(from)];
  const bool last = segment.base_offset() == up_to_at.segment_base;
  const int64_t end = last ? up_to_at.bytes : segment.bytes();
  const Offset end_offset = last ? up_to : segments_[SegmentIndexOf(from) + 1]->base_offset();

  LogSlice slice{.base_offset = from, .end_offset = end_offset};
  ASSIGN_OR_RETURN(slice.file, segment.file());
  if (const auto hint = TakeHint(from)) {
    slice.position = hint->bytes;
  } else {
    ASSIGN_OR_RETURN(const auto found, segment.Find(from));
    WEIR_CHECK(found.has_value());
    slice.position = found->position;
    slice.base_offset = found->header.base_offset;
  }
  int64_t stop = end;
  if (end - slice.position > bytes_max) {
    ASSIGN_OR_RETURN(
        stop, segment.LastBoundary(slice.position, slice.position + bytes_max, &slice.end_offset));
    if (stop == slice.position) {
      RETURN_IF_ERROR(segment.Walk(stop, [&](const LogBatchHeader& first, int64_t position) {
        stop = position + first.total_bytes;
        slice.end_offset = first.next_offset();
        return false;
      }));
    }
  }
  slice.bytes = stop - slice.position;
  AddHint(slice.end_offset, {segment.base_offset(), stop});
  return slice;
}

Result<Offset> BucketLog::FindTimestamp(int64_t timestamp_ms) {
  for (const auto& segment : segments_) {
    ASSIGN_OR_RETURN(const int64_t newest, segment->MaxTimestamp());
    if (segment->bytes() == 0 || newest < timestamp_ms) continue;
    ASSIGN_OR_RETURN(const auto found, segment->FindTimestamp(timestamp_ms));
    if (found.has_value()) return found->header.base_offset;
  }
  return end_offset_;
}

Status BucketLog::ForEachHeader(Offset from,
                                const std::function<void(const LogBatchHeader&)>& visit) {
  from = std::max(from, start_offset());
  if (from >= end_offset_) return {};
  for (size_t i = SegmentIndexOf(from); i < segments_.size(); ++i) {
    ASSIGN_OR_RETURN(const auto first, segments_[i]->Find(from));
    if (!first.has_value()) continue;
    RETURN_IF_ERROR(segments_[i]->Walk(first->position, [&](const LogBatchHeader& header, int64_t) {
      visit(header);
      return true;
    }));
  }
  return {};
}

// ---- Making durable -----------------------------------------------------------------------------------------

Result<std::optional<SyncTicket>> BucketLog::BeginSync() {
  if (has_suspects_) return NotSynced();
  SyncTicket ticket{.point = {end_offset_, end_position(), last_timestamp_}};
  for (const auto& segment : segments_) {
    if (segment->synced_bytes == segment->bytes()) continue;
    (void)segment->SaveIndexes();  // only a hint
    ASSIGN_OR_RETURN(auto file, segment->file());
    ticket.segments.push_back(
        {segment->base_offset(), segment->bytes(), std::move(file), segment->sync_turn});
  }
  for (const DirtyDirectory& dirty : dirty_directories_) ticket.directories.push_back(dirty.path);
  if (ticket.segments.empty() && ticket.directories.empty() && synced_ == ticket.point)
    return std::nullopt;
  ticket.id = ++last_ticket_;
  return ticket;
}

void BucketLog::FinishSync(const SyncTicket& ticket, const Status& status) {
  for (const auto& synced : ticket.segments) {
    LogSegment* const segment = FindSegment(synced.base_offset);
    // Its file may be another by now.
    if (segment == nullptr || segment->sync_turn != synced.turn) continue;
    if (!status.ok()) {
      segment->Suspect();
    } else {
      segment->synced_bytes =
          std::max(segment->synced_bytes, std::min(synced.bytes, segment->bytes()));
    }
  }
  CountSuspects();
  if (!status.ok()) return;
  std::erase_if(dirty_directories_,
                [&](const DirtyDirectory& dirty) { return dirty.id <= ticket.id; });
  if (ticket.point.offset >= synced_.offset && ticket.point.offset <= end_offset_)
    synced_ = ticket.point;
}

LogSegment* BucketLog::FindSegment(Offset base) {
  for (const auto& segment : segments_) {
    if (segment->base_offset() == base) return segment.get();
  }
  return nullptr;
}

void BucketLog::CountSuspects() {
  has_suspects_ =
      std::ranges::any_of(segments_, [](const auto& segment) { return segment->suspect; });
  has_lost_ = std::ranges::any_of(segments_, [](const auto& segment) { return segment->lost; });
}

SegmentRepair BucketLog::RepairOf(size_t index, std::shared_ptr<const File> file) const {
  const LogSegment& segment = *segments_[index];
  return {.from = std::move(file),
          .to = segment.CopyPath(),
          .base_offset = segment.base_offset(),
          .end_offset =
              index + 1 < segments_.size() ? segments_[index + 1]->base_offset() : end_offset_,
          .bytes = segment.bytes(),
          .turn = segment.sync_turn};
}

Result<std::vector<SegmentRepair>> BucketLog::BeginRepair() {
  CountSuspects();  // retention may have taken some
  std::vector<SegmentRepair> repairs;
  for (size_t i = 0; has_suspects_ && i < segments_.size(); ++i) {
    if (!segments_[i]->suspect || segments_[i]->lost) continue;
    ASSIGN_OR_RETURN(auto file, segments_[i]->file());
    repairs.push_back(RepairOf(i, std::move(file)));
  }
  return repairs;
}

void BucketLog::FinishRepair(const SegmentRepair& repair, const Status& status) {
  LogSegment* const segment = FindSegment(repair.base_offset);
  if (segment == nullptr || segment->sync_turn != repair.turn) return;
  if (status.code() == ErrorCode::kCorruptRecord) {
    segment->lost = true;
    LogError("storage",
             "bucket takes no appends until the next start, and the journal keeps what it has: {}",
             status.error().message);
    CountSuspects();
  }
  const Status used = status.ok() ? segment->UseCopy() : status;
  if (!used.ok()) {
    LogError("storage", "segment could not be copied: {}", used.error().message);
    return;
  }
  // The copy is not in its place for good before its directory is synced.
  dirty_directories_.push_back({directory_, last_ticket_ + 1});
  CountSuspects();
}

void BucketLog::Suspect(FileSystem& files, const std::string& directory,
                        const std::optional<RecoveryPoint>& point) {
  const auto entries = files.List(directory);
  if (!entries.ok()) return;
  for (const DirectoryEntry& entry : *entries) {
    const auto base = ParseSegmentFileName(entry.name, ".log");
    if (!base || (point && *base < point->at.segment_base)) continue;
    MarkSuspect(files, directory + "/" + SegmentFileName(*base, kSuspectSuffix));
  }
}

void BucketLog::MarkAllSynced() {
  for (const auto& segment : segments_) segment->synced_bytes = segment->bytes();
  dirty_directories_.clear();
  synced_ = {end_offset_, end_position(), last_timestamp_};
}

// ---- Removing -----------------------------------------------------------------------------------------------

Status BucketLog::TruncateTo(Offset offset) {
  if (offset >= end_offset_) return {};
  read_hints_.fill({});
  // Newest first, so that a crash in between leaves a shorter log and never a hole.
  while (segments_.size() > 1 && active().base_offset() >= offset) {
    ASSIGN_OR_RETURN(const auto doomed, active().MarkDeleted());
    for (const std::string& path : doomed) RETURN_IF_ERROR(files_.files().Remove(path));
    RETURN_IF_ERROR(files_.files().SyncDirectory(directory_));
    segments_.pop_back();
  }
  ASSIGN_OR_RETURN(const auto found, active().Find(offset));
  if (found.has_value()) {
    WEIR_CHECK(found->header.base_offset == offset);
    RETURN_IF_ERROR(active().TruncateTo(found->position, offset));
  }
  end_offset_ = offset;
  last_timestamp_ = 0;
  for (const auto& segment : segments_) {
    ASSIGN_OR_RETURN(const int64_t newest, segment->MaxTimestamp());
    last_timestamp_ = std::max(last_timestamp_, newest);
  }
  if (synced_.offset > end_offset_) synced_ = {end_offset_, end_position(), last_timestamp_};
  return {};
}

Result<std::vector<std::string>> BucketLog::RemoveSegments(
    Offset keep_from, const std::function<bool(LogSegment&, Offset end_offset)>& expired) {
  std::vector<std::string> doomed;
  if (segments_.empty()) return doomed;
  const auto removable = [&](size_t i) {
    const Offset end = i + 1 < segments_.size() ? segments_[i + 1]->base_offset() : end_offset_;
    return end <= keep_from && segments_[i]->bytes() > 0 && expired(*segments_[i], end);
  };
  size_t count = 0;
  while (count < segments_.size() && removable(count)) ++count;
  if (count == 0) return doomed;
  if (count == segments_.size()) {
    // The end offset lives in the name of the new, empty segment: it must be there before the old one goes.
    RETURN_IF_ERROR(Roll());
    RETURN_IF_ERROR(files_.files().SyncDirectory(directory_));
    synced_ = {end_offset_, end_position(), last_timestamp_};
  }
  for (size_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(auto renamed, segments_.front()->MarkDeleted());
    doomed.insert(doomed.end(), renamed.begin(), renamed.end());
    segments_.erase(segments_.begin());
  }
  read_hints_.fill({});
  if (!segments_.empty() && synced_.at.segment_base < start_offset()) {
    synced_ = {start_offset(), {start_offset(), 0}, synced_.last_timestamp};
  }
  return doomed;
}

Status BucketLog::CloseFiles() {
  for (const auto& segment : segments_) RETURN_IF_ERROR(segment->Close());
  return {};
}

}  // namespace weir
