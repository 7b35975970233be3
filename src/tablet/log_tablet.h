// The log of one bucket: which batches are accepted, which offsets they get, when they count as safe, who waits
// for them. Plain single-threaded C++: everything here runs on the shard that owns the bucket.
// Rules: docs/decisions on durability; INV-1, INV-2, INV-4. Source: Fluss 1.0 LogTablet, LocalLog.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "meta/table_options.h"
#include "storage/bucket_log.h"
#include "storage/log_options.h"
#include "storage/stamped_records.h"
#include "tablet/writer_state.h"

namespace weir {

class CommitQueue;
struct PendingLog;

struct LogTabletOptions {
  TableBucket bucket;
  std::string directory;  // of this bucket's log files, relative to the data directory
  Durability durability = Durability::kDisk;
  int64_t retention_ms = 7LL * 24 * 3600 * 1000;  // table.log.ttl; 0: for ever
  int64_t retention_bytes = 0;                    // 0: no bound
  LogOptions log;
};

struct AppendOptions {
  /// kTrusted: built by this process a moment ago (the changelog of a KvTablet); its CRC is not checked again.
  enum class Source { kNetwork, kTrusted } source = Source::kNetwork;
};

struct Appended {
  Offset base_offset = 0;
  Offset last_offset = 0;
  int64_t commit_timestamp = 0;
  bool duplicate = false;  // the writer sent it before; these are the offsets it got then
};

struct OffsetSpec {
  enum class Kind { kEarliest, kLatest, kTimestamp } kind = Kind::kEarliest;
  int64_t timestamp_ms = 0;
};

enum class ReadUpTo { kHighWatermark, kEndOffset };

class LogTablet : public std::enable_shared_from_this<LogTablet> {
 public:
  struct Environment {
    FileSystem* files = nullptr;
    std::string data_directory;
    const Clock* clock = nullptr;
    OpenFiles* open_files = nullptr;  // the shard's
    CommitQueue* commits = nullptr;   // needed for Durability::kDisk only
    int shard = 0;                    // where completions are posted
    std::atomic<bool>* write_locked =
        nullptr;  // the disk's: set when it is full, cleared by Tablets
    /// Set while rows may not be accepted because a change of metadata is undecided (meta/store.h).
    const std::atomic<bool>* metadata_undecided = nullptr;
    std::optional<RecoveryPoint> recovery_point;
    const PendingLog* journaled = nullptr;  // what the journal still holds; only read by Open
  };

  /// Open the bucket's log; nothing is created on disk before the first append.
  ///
  /// Errors  kLogStorage. A damaged tail is not an error: it is cut off, set aside and reported in the log.
  static Result<std::shared_ptr<LogTablet>> Open(LogTabletOptions options, Environment environment);
  ~LogTablet();

  /// Accept one or more complete log batches.
  ///
  /// records   batches one after another, as they came from a client; the owner is kept until they are durable
  /// Errors    kCorruptRecord       a batch is torn or its CRC is wrong; nothing was appended
  ///           kOutOfOrderSequence  a writer skipped or repeated a sequence too old to recognise
  ///           kDiskWriteLocked     no space; kLogStorage  the disk failed. Both may be retried.
  /// Durable   nothing yet: wait until high_watermark() > last_offset
  Result<Appended> Append(SharedBytes records, AppendOptions options = {});

  /// What Append would say about (writer, sequence): nothing = it may be appended; a value = duplicate.
  Result<std::optional<Appended>> CheckSequence(int64_t writer_id, int32_t batch_sequence) const;

  /// Find whole batches, starting with the one that contains `from`.
  ///
  /// from       first offset wanted                       [start_offset(), end_offset()]
  /// bytes_max  soft limit; the first batch is returned even if larger, so readers always advance
  /// Shape      one contiguous file range, offset order, ending on a batch boundary, none past the watermark;
  ///            empty when `from` is at or above it
  /// Errors     kLogOffsetOutOfRange, kLogStorage
  Result<LogSlice> Read(Offset from, int64_t bytes_max, ReadUpTo up_to = ReadUpTo::kHighWatermark);

  /// Source  Fluss ListOffsets: a timestamp beyond the last record means latest, one in the future is an error.
  /// Errors  kInvalidTimestamp
  Result<Offset> FindOffset(const OffsetSpec& spec);

  Offset start_offset() const { return log_->start_offset(); }
  /// First offset readers may not see yet: everything below is as durable as the table promises.
  Offset high_watermark() const { return high_watermark_; }
  Offset end_offset() const { return log_->end_offset(); }
  int64_t bytes() const { return log_->bytes(); }
  /// Rows between start_offset() and high_watermark().
  int64_t row_count() const { return high_watermark_ - log_->start_offset(); }
  /// Commit timestamp of the newest batch; 0 before the first.
  int64_t last_timestamp() const { return log_->last_timestamp(); }

  using WaiterId = uint64_t;
  using WaiterCallback = std::function<void(const Status&)>;
  /// Call `done` once high_watermark() >= at_least, or with an error when that cannot be promised any more.
  /// At once (before returning) when it is already true; then the id is 0.
  WaiterId WhenHighWatermark(Offset at_least, WaiterCallback done);
  /// Forget a waiter; an unknown or finished id is fine.
  void CancelWaiter(WaiterId id);

  /// Called with the new high watermark before waiters are told (KvTablet makes acknowledged rows visible).
  void set_watermark_observer(std::function<void(Offset)> observer) {
    observer_ = std::move(observer);
  }

  /// Local segments at or above this offset stay, whatever retention says: KV recovery needs them.
  void set_min_retain_offset(Offset offset) { min_retain_offset_ = offset; }
  /// The same for the lake, which does not have them yet (INV-5).
  /// INT64_MAX: the table goes to no lake.
  void set_lake_offset(Offset offset) { lake_offset_ = offset; }
  Offset lake_offset() const { return lake_offset_; }
  /// The lake has everything below. Nothing changes for a table that goes to no lake any more.
  void RaiseLakeOffset(Offset offset) {
    if (lake_offset_ != INT64_MAX) lake_offset_ = std::max(lake_offset_, offset);
  }

  void set_durability(Durability durability) { options_.durability = durability; }
  void set_retention_ms(int64_t ms) { options_.retention_ms = ms; }
  const LogTabletOptions& options() const { return options_; }
  BucketLog& log() { return *log_; }

  /// Background work, called by Tablets.
  /// What must be synced to make everything appended so far durable; nothing when nothing is dirty.
  Result<std::optional<SyncTicket>> BeginSync();
  /// Take notice of a finished sync (on this shard).
  void FinishSync(const SyncTicket& ticket, const Status& status);
  /// What of this log must be copied because a sync failed, by a thread that may block; see BucketLog.
  Result<std::vector<SegmentRepair>> BeginRepair() { return log_->BeginRepair(); }
  void FinishRepair(const SegmentRepair& repair, const Status& status);
  /// Remove segments that retention no longer wants; returns files to delete elsewhere.
  Result<std::vector<std::string>> ApplyRetention();
  /// Write indexes and writer state down and close files; the next call opens them again.
  Status CloseFiles();
  /// Whether somebody waits or something is not durable yet.
  bool busy() const { return !waiters_.empty() || !in_flight_.empty(); }
  /// Fail all waiters; called before the tablet goes away.
  void Abandon(const Status& why);

 private:
  struct InFlight {
    Offset end_offset = 0;
    LogPosition end;
    bool durable = false;
  };
  struct WriterSnapshot {
    Offset end_offset = 0;
    std::string bytes;
  };
  struct Accepted;

  LogTablet(LogTabletOptions options, Environment environment, std::unique_ptr<BucketLog> log);

  Status LoadWriterState();
  WriterSnapshot TakeWriterSnapshot();
  bool RemembersWritersUpTo(Offset offset);
  Status SaveWriterState(const WriterSnapshot& snapshot);
  Result<Accepted> Validate(const SharedBytes& records, AppendOptions options) const;
  Result<std::optional<WriterBatch>> CheckInAppend(const Accepted& accepted,
                                                   const LogBatchHeader& header) const;
  Status Write(Accepted& accepted);
  void MakeDurable(Accepted& accepted);
  bool SubmitSync();
  void OnDurable(Offset end_offset, const Status& status);
  void AdvanceOverDurable();
  void RaiseHighWatermark(Offset to, LogPosition at);
  void FailWaiters(const Status& why);

  LogTabletOptions options_;
  Environment env_;
  std::shared_ptr<const std::string> directory_;  // for journal entries
  std::unique_ptr<BucketLog> log_;
  WriterState writers_;
  Offset snapshot_offset_ = 0;  // of the newest writer snapshot
  int64_t bytes_since_snapshot_ = 0;
  std::optional<WriterSnapshot> next_snapshot_;  // written when what it knows is durable
  Offset high_watermark_ = 0;
  LogPosition watermark_position_;
  Offset min_retain_offset_ = INT64_MAX;
  Offset lake_offset_ = INT64_MAX;
  std::deque<InFlight> in_flight_;  // appended, not yet safe; offset order
  std::function<void(Offset)> observer_;
  std::map<std::pair<Offset, WaiterId>, WaiterCallback> waiters_;
  WaiterId last_waiter_ = 0;
  Status abandoned_;
};

}  // namespace weir
