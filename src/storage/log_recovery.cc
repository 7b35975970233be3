// BucketLog::Open: what a crash may have left, and how it is put right. Nothing found here stops the start: the log
// ends at the last whole batch, what comes after is kept in a side file, and one line says so.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "storage/bucket_log.h"

namespace weir {
namespace {

constexpr int64_t kReadBytes = 1 * MiB;

bool IsLeftover(std::string_view name) {
  return name.ends_with(".deleted") || name.ends_with(".rewrite");
}

bool AllZero(BytesView bytes) { return bytes.find_first_not_of('\0') == BytesView::npos; }

}  // namespace

Status BucketLog::LoadSegments() {
  ASSIGN_OR_RETURN(const auto entries, files_.files().List(directory_));
  std::vector<Offset> suspects;
  for (const DirectoryEntry& entry : entries) {
    const std::string path = directory_ + "/" + entry.name;
    if (IsLeftover(entry.name)) {
      RETURN_IF_ERROR(files_.files().Remove(path));
      continue;
    }
    if (const auto marked = ParseSegmentFileName(entry.name, kSuspectSuffix)) {
      suspects.push_back(*marked);
      continue;
    }
    const auto base = ParseSegmentFileName(entry.name, ".log");
    if (!base.has_value() || entry.is_directory) continue;
    ASSIGN_OR_RETURN(const auto file, files_.files().Open(path, OpenMode::kRead));
    ASSIGN_OR_RETURN(const int64_t bytes, file->Size());
    segments_.push_back(std::make_unique<LogSegment>(files_, directory_, *base, bytes, options_));
  }
  std::sort(segments_.begin(), segments_.end(),
            [](const auto& a, const auto& b) { return a->base_offset() < b->base_offset(); });
  for (const Offset base : suspects) {
    if (LogSegment* const segment = FindSegment(base)) segment->suspect = true;
  }
  return {};
}

// Only the newest segment may be empty. Another one is what a roll left that failed half-way; the log went on in the
// segment before it, so its name lies about where offsets are. An empty first one has lost what was not synced: the
// log starts there, and what follows does not count.
Status BucketLog::RemoveEmptySegments(const std::optional<RecoveryPoint>& point) {
  for (size_t i = 0; i + 1 < segments_.size();) {
    const bool first = i == 0 && (!point || point->at.segment_base <= segments_[0]->base_offset());
    if (segments_[i]->bytes() > 0 || first) {
      ++i;
      continue;
    }
    RETURN_IF_ERROR(files_.files().Remove(segments_[i]->Path(".log")));
    segments_.erase(segments_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return {};
}

// Where the checkpoint can be believed: its segment is there and long enough. Otherwise everything is checked.
size_t BucketLog::FirstToCheck(const std::optional<RecoveryPoint>& point,
                               RecoveryPoint& from) const {
  if (point.has_value()) {
    for (size_t i = 0; i < segments_.size(); ++i) {
      if (segments_[i]->base_offset() != point->at.segment_base ||
          segments_[i]->bytes() < point->at.bytes)
        continue;
      from = *point;
      return i;
    }
    LogError(
        "storage",
        "log is shorter than its checkpoint, checking all of it: directory={} checkpoint_offset={}",
        directory_, point->offset);
  }
  from = {segments_.front()->base_offset(), {segments_.front()->base_offset(), 0}, 0};
  return 0;
}

Status BucketLog::Recover(const std::optional<RecoveryPoint>& point) {
  RETURN_IF_ERROR(LoadSegments());
  RETURN_IF_ERROR(RemoveEmptySegments(point));
  if (segments_.empty()) {
    if (!point.has_value() || point->offset == 0) return {};
    // All files are gone. Offsets once given out are not given out again.
    LogError("storage", "log has lost all its files: directory={} checkpoint_offset={}", directory_,
             point->offset);
    end_offset_ = point->offset;
    synced_ = {end_offset_, {}, 0};
    return {};
  }
  if (!point.has_value()) MarkDirectoriesDirty();
  RecoveryPoint from;
  const size_t first = FirstToCheck(point, from);
  for (size_t i = 0; i < first; ++i) segments_[i]->synced_bytes = segments_[i]->bytes();
  synced_ = from;
  RETURN_IF_ERROR(CheckFrom(first, from));
  return RepairSuspects();
}

// A process before this one could not sync them. What is read here may be in the cache only, and no sync would find
// it dirty. The journal comes later, and appends what is missing.
Status BucketLog::RepairSuspects() {
  ASSIGN_OR_RETURN(const std::vector<SegmentRepair> repairs, BeginRepair());
  for (const SegmentRepair& repair : repairs) {
    const Status status =
        repair.Run(files_.files(), [](Offset) -> Result<std::string> { return std::string(); });
    FinishRepair(repair, status);
    // Damage before the checkpoint: no copy makes that good.
    LogSegment& segment = *FindSegment(repair.base_offset);
    if (std::exchange(segment.lost, false)) segment.suspect = false;
  }
  CountSuspects();
  if (has_suspects_) return NotSynced();
  return {};
}

Status BucketLog::CheckFrom(size_t index, RecoveryPoint from) {
  end_offset_ = from.offset;
  last_timestamp_ = from.last_timestamp;
  for (size_t i = index; i < segments_.size(); ++i) {
    LogSegment& segment = *segments_[i];
    const int64_t bytes_in_file = segment.bytes();
    const int64_t start = i == index ? from.at.bytes : 0;
    if (i > index && segment.base_offset() != end_offset_) {
      LogError("storage",
               "segment does not follow its predecessor: directory={} base_offset={} expected={}",
               directory_, segment.base_offset(), end_offset_);
      return SetAsideFrom(i, 0);
    }
    // A segment made after the checkpoint, even an empty one, may have a name that is not durable yet.
    if (i > index || bytes_in_file > start)
      dirty_directories_.push_back({directory_, last_ticket_ + 1});
    if (bytes_in_file == start) {
      segment.synced_bytes = start;
      continue;
    }
    segment.StartCheck(start);
    ASSIGN_OR_RETURN(const int64_t valid, CheckSegment(segment, bytes_in_file));
    if (valid < bytes_in_file) return SetAsideFrom(i, valid);
  }
  return {};
}

// Note batch after batch until one is not whole, not the next one or has a wrong CRC; returns where that is.
Result<int64_t> BucketLog::CheckSegment(LogSegment& segment, int64_t bytes_in_file) {
  RETURN_IF_ERROR(segment.PrepareToNote());
  ASSIGN_OR_RETURN(const auto file, segment.file());
  std::string buffer;
  while (segment.bytes() < bytes_in_file) {
    const int64_t left = bytes_in_file - segment.bytes();
    size_t wanted = static_cast<size_t>(std::min(kReadBytes, left));
    buffer.resize(wanted);
    ASSIGN_OR_RETURN(size_t got, file->ReadAt(segment.bytes(), buffer.data(), wanted));
    const auto header = LogBatchHeader::Parse(BytesView(buffer).substr(0, got));
    if (!header.ok() || header->total_bytes > left || header->base_offset != end_offset_) break;
    if (static_cast<size_t>(header->total_bytes) > wanted) {
      wanted = static_cast<size_t>(header->total_bytes);
      buffer.resize(wanted);
      ASSIGN_OR_RETURN(got, file->ReadAt(segment.bytes(), buffer.data(), wanted));
    }
    LogBatches batches(BytesView(buffer).substr(0, got));
    int64_t noted = 0;
    while (true) {
      const auto batch = batches.Next();
      if (!batch.ok() || !batch->has_value()) break;
      const LogBatchHeader& h = (*batch)->header();
      if (h.base_offset != end_offset_ || !(*batch)->CheckCrc().ok()) break;
      segment.Note({h.base_offset, h.last_offset(), h.commit_timestamp, h.total_bytes});
      noted += h.total_bytes;
      end_offset_ = h.next_offset();
      last_timestamp_ = std::max(last_timestamp_, h.commit_timestamp);
    }
    if (noted == 0) break;
  }
  return segment.bytes();
}

Status BucketLog::SaveAside(LogSegment& segment, int64_t position) {
  ASSIGN_OR_RETURN(const auto file, segment.file());
  ASSIGN_OR_RETURN(const int64_t bytes_in_file, file->Size());
  const std::string path = segment.Path(fmt::format(".log.aside-{}", position));
  std::unique_ptr<File> aside;
  std::string buffer(
      static_cast<size_t>(std::min(kReadBytes, std::max<int64_t>(bytes_in_file - position, 1))),
      '\0');
  for (int64_t at = position; at < bytes_in_file;) {
    ASSIGN_OR_RETURN(const size_t got, file->ReadAt(at, buffer.data(), buffer.size()));
    if (got == 0) break;
    const BytesView bytes(buffer.data(), got);
    if (aside == nullptr && !AllZero(bytes)) {
      ASSIGN_OR_RETURN(aside, files_.files().Open(path, OpenMode::kCreateTruncate));
    }
    if (aside != nullptr) RETURN_IF_ERROR(aside->WriteAt(at - position, bytes));
    at += static_cast<int64_t>(got);
  }
  return {};
}

// Cut the log at `position` of segment `index`; what follows is kept in side files when there is space for it.
Status BucketLog::SetAsideFrom(size_t index, int64_t position) {
  LogSegment& segment = *segments_[index];
  ASSIGN_OR_RETURN(const auto file, segment.file());
  ASSIGN_OR_RETURN(const int64_t bytes_in_file, file->Size());
  LogWarn("storage",
          "log is cut at its last whole batch: directory={} end_offset={} bytes_set_aside={}",
          directory_, end_offset_, bytes_in_file - position);
  if (const Status saved = SaveAside(segment, position); !saved.ok()) {
    LogWarn("storage", "could not keep what was cut off: {}", saved.error().message);
  }
  while (segments_.size() > index + 1) {
    const std::string path = active().Path(".log");
    RETURN_IF_ERROR(files_.files().Rename(path, path + ".aside"));
    segments_.pop_back();
  }
  if (position == 0 && index > 0) {
    const std::string path = segment.Path(".log");
    segments_.pop_back();
    RETURN_IF_ERROR(files_.files().Remove(path));
  } else {
    segment.StartCheck(position);
    RETURN_IF_ERROR(segment.TruncateTo(position, end_offset_));
  }
  return files_.files().SyncDirectory(directory_);
}

Status BucketLog::ReplayBatch(const LogBatchView& batch) {
  const LogBatchHeader& header = batch.header();
  if (header.next_offset() <= start_offset() || header.base_offset > end_offset_) return {};
  if (header.base_offset < end_offset_) {
    ASSIGN_OR_RETURN(const auto found,
                     segments_[SegmentIndexOf(header.base_offset)]->Find(header.base_offset));
    if (found.has_value() && found->header.base_offset == header.base_offset &&
        found->header.crc == header.crc && found->header.total_bytes == header.total_bytes &&
        found->header.writer_id == header.writer_id &&
        found->header.commit_timestamp == header.commit_timestamp) {
      return {};
    }
    LogWarn("storage",
            "journal and segment differ, the journal wins: directory={} offset={} end_offset={}",
            directory_, header.base_offset, end_offset_);
    RETURN_IF_ERROR(TruncateTo(header.base_offset));
  }
  const LogSegment::Batch again{header.base_offset, header.last_offset(), header.commit_timestamp,
                                header.total_bytes};
  const BytesView bytes = batch.bytes();
  return Append(std::span(&bytes, 1), std::span(&again, 1));
}

Status BucketLog::Replay(BytesView records) {
  LogBatches batches(records);
  while (true) {
    ASSIGN_OR_RETURN(const auto batch, batches.Next());
    if (!batch.has_value()) return {};
    RETURN_IF_ERROR(ReplayBatch(*batch));
  }
}

}  // namespace weir
