// The files of one bucket's log: segments of batches end to end, their indexes, and how they are put right after
// a crash. Knows bytes and offsets; acknowledgement, writers and waiters are tablet/log_tablet.h.
// Plain synchronous and single-threaded; lives on the shard that owns the bucket.
// Format: docs/formats/log_segment.md, docs/formats/checkpoint.md. Source: Fluss 1.0 LocalLog, LogSegment.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "io/file.h"
#include "record/log_batch.h"
#include "storage/log_options.h"
#include "storage/log_segment.h"
#include "storage/open_files.h"
#include "storage/segment_repair.h"

namespace weir {

/// A place between two batches.
struct LogPosition {
  Offset segment_base = 0;
  int64_t bytes = 0;  // from the start of that segment's file

  friend auto operator<=>(const LogPosition&, const LogPosition&) = default;
};

/// Everything before this place is whole and durable; recovery looks only behind it.
struct RecoveryPoint {
  Offset offset = 0;
  LogPosition at;
  int64_t last_timestamp = 0;

  friend bool operator==(const RecoveryPoint&, const RecoveryPoint&) = default;
};

/// A contiguous range of whole batches in one file. The file stays readable while it is held, even when
/// retention removes the segment. Empty: file is null.
struct LogSlice {
  std::shared_ptr<const File> file;
  int64_t position = 0;
  int64_t bytes = 0;
  Offset base_offset = 0;  // of the first batch; may be below the offset asked for
  Offset end_offset = 0;   // first offset after the last batch

  bool empty() const { return bytes == 0; }
  /// Copy the bytes into memory.
  Result<SharedBytes> Load() const;
};

/// What one thread has synced in one go, so that tickets begun before it do not sync the same again.
class SyncPass {
 public:
  explicit SyncPass(FileSystem& files) : files_(files) {}

  /// Once each; later calls get the first one's outcome.
  Status Sync(File& file, SyncTurn& turn);
  Status SyncDirectory(const std::string& directory);

 private:
  FileSystem& files_;
  std::map<const SyncTurn*, Status> synced_;
  std::map<std::string, Status> directories_;
};

/// What has to be synced, by any thread, so that everything appended until BeginSync is durable.
struct SyncTicket {
  RecoveryPoint point;  // valid once the sync succeeded
  struct SegmentFile {
    Offset base_offset = 0;
    int64_t bytes = 0;
    std::shared_ptr<File> file;
    std::shared_ptr<SyncTurn> turn;
  };
  std::vector<SegmentFile> segments;
  std::vector<std::string> directories;
  uint64_t id = 0;

  /// Blocks. Errors: kStorage; also when a sync of one of the files failed before.
  Status Run(FileSystem& files) const;
  /// The same within a pass that started after the ticket was begun.
  Status Run(SyncPass& pass) const;
  /// The same when the whole file system was synced after the ticket was begun, with `synced` as the outcome.
  Status TakeOver(const Status& synced) const;
};

class BucketLog {
 public:
  /// Open the log in `directory` (absolute); a missing directory is an empty log and is not created.
  ///
  /// point    what the checkpoint says, if it knows the bucket; without it every byte is checked
  /// root     the data directory; nothing above it is created or synced
  /// Errors   kLogStorage. Damage is not an error: the log is cut at the last whole batch, the rest is set aside.
  /// Durable  only what is before `point`; for the rest sync a ticket before anybody reads it
  static Result<std::unique_ptr<BucketLog>> Open(OpenFiles& files, std::string directory,
                                                 std::string root, const LogOptions& options,
                                                 std::optional<RecoveryPoint> point);
  ~BucketLog();

  /// Mark what a log that nobody has open holds behind `point`, for its next Open: it could not be synced, and what is
  /// read there may be in the cache only (segment_repair.h).
  static void Suspect(FileSystem& files, const std::string& directory,
                      const std::optional<RecoveryPoint>& point);

  /// Append batches that already carry their offsets: `batches` describes `pieces` from front to back.
  ///
  /// Errors  kDiskWriteLocked, kLogStorage; the log is as before (what was written is cut off again)
  Status Append(std::span<const BytesView> pieces, std::span<const LogSegment::Batch> batches);

  /// See LogTablet::Read; `up_to` is a place between batches, readers get nothing behind it.
  Result<LogSlice> Read(Offset from, int64_t bytes_max, Offset up_to, LogPosition up_to_at);

  /// The first offset whose commit timestamp is >= `timestamp_ms`; end_offset() when there is none.
  Result<Offset> FindTimestamp(int64_t timestamp_ms);

  /// Call `visit` with each batch header in [from, end_offset()), from the batch that contains `from`.
  Status ForEachHeader(Offset from, const std::function<void(const LogBatchHeader&)>& visit);

  /// Start a new segment at end_offset().
  Status Roll();

  /// Drop everything at and above `offset`, which must start a batch.
  Status TruncateTo(Offset offset);

  /// Append what the journal kept, batch by batch, unless it is here already. Where the two differ the journal is
  /// right: only the journal was acknowledged. Batches behind a gap never were and are dropped.
  ///
  /// Errors  kDiskWriteLocked, kLogStorage
  Status Replay(BytesView records);

  Offset start_offset() const {
    return segments_.empty() ? end_offset_ : segments_.front()->base_offset();
  }
  Offset end_offset() const { return end_offset_; }
  LogPosition end_position() const;
  int64_t last_timestamp() const { return last_timestamp_; }
  int64_t bytes() const;
  size_t segment_count() const { return segments_.size(); }
  const std::string& directory() const { return directory_; }
  const RecoveryPoint& recovery_point() const { return synced_; }
  /// Bytes appended and not known to be durable.
  int64_t unsynced_bytes() const;

  /// What to sync so that all of end_offset() is durable; nothing when it is. Tickets may overlap.
  /// Errors  kLogStorage  a sync failed and its segments were not repaired yet
  Result<std::optional<SyncTicket>> BeginSync();
  /// Take over a ticket that ran. After a failed one its segments take no appends and BeginSync refuses, until they
  /// are repaired.
  void FinishSync(const SyncTicket& ticket, const Status& status);

  /// What must be copied because a sync of it failed, to be run by another thread; the log does not change meanwhile.
  /// Errors  kLogStorage, kStorage
  Result<std::vector<SegmentRepair>> BeginRepair();
  /// Take over a repair that ran. With kCorruptRecord the log stays as it is until it is opened again.
  void FinishRepair(const SegmentRepair& repair, const Status& status);
  /// As if a ticket for everything had succeeded (the whole file system was synced).
  void MarkAllSynced();

  /// Remove whole segments that end at or below `keep_from` and that `expired` accepts, oldest first; the active
  /// segment is rolled first when it qualifies. Returns renamed files for the caller to delete.
  Result<std::vector<std::string>> RemoveSegments(
      Offset keep_from, const std::function<bool(LogSegment&, Offset end_offset)>& expired);

  /// Save the indexes, give preallocated space back and close all files.
  Status CloseFiles();

 private:
  struct ReadHint {
    Offset offset = -1;
    LogPosition at;
  };
  struct DirtyDirectory {
    std::string path;
    uint64_t id = 0;  // tickets begun with at least this id cover it
  };

  BucketLog(OpenFiles& files, std::string directory, std::string root, const LogOptions& options);

  Status Recover(const std::optional<RecoveryPoint>& point);
  Status LoadSegments();
  Status RemoveEmptySegments(const std::optional<RecoveryPoint>& point);
  size_t FirstToCheck(const std::optional<RecoveryPoint>& point, RecoveryPoint& from) const;
  Status CheckFrom(size_t index, RecoveryPoint from);
  Result<int64_t> CheckSegment(LogSegment& segment, int64_t position);
  Status SetAsideFrom(size_t index, int64_t position);
  Status SaveAside(LogSegment& segment, int64_t position);
  Failure NotSynced() const;
  Status RepairSuspects();
  SegmentRepair RepairOf(size_t index, std::shared_ptr<const File> file) const;
  LogSegment* FindSegment(Offset base);
  void CountSuspects();
  void MarkDirectoriesDirty();
  Status AddSegment(Offset base);
  Status ReplayBatch(const LogBatchView& batch);
  bool MustRoll(std::span<const LogSegment::Batch> batches) const;
  size_t SegmentIndexOf(Offset offset) const;
  std::optional<LogPosition> TakeHint(Offset offset);
  void AddHint(Offset offset, LogPosition at);

  LogSegment& active() { return *segments_.back(); }
  const LogSegment& active() const { return *segments_.back(); }

  OpenFiles& files_;
  const std::string directory_;
  const std::string root_;
  const LogOptions options_;
  std::vector<std::unique_ptr<LogSegment>> segments_;  // by base offset; the last is active
  Offset end_offset_ = 0;
  int64_t last_timestamp_ = 0;
  RecoveryPoint synced_;
  bool has_suspects_ = false;  // some segment could not be synced
  bool has_lost_ = false;      // and cannot be repaired
  std::vector<DirtyDirectory> dirty_directories_;
  uint64_t last_ticket_ = 0;
  std::array<ReadHint, 4> read_hints_;  // where recent readers will go on
  size_t next_hint_ = 0;
};

}  // namespace weir
