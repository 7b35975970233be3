// The tablets of one shard. Everything here runs on that shard's thread, except Run of a SyncJob.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "storage/open_files.h"
#include "tablet/kv_write_back.h"
#include "tablet/replay.h"
#include "tablet/tablet.h"
#include "tablet/tablets.h"

namespace weir {

/// A tablet's ticket, to be run by a thread that may block and brought back.
struct SyncJob {
  std::shared_ptr<LogTablet> log;
  SyncTicket ticket;
  Status status;
};

/// The same for a segment that must be copied.
struct RepairJob {
  std::shared_ptr<LogTablet> log;
  SegmentRepair repair;
  Status status;
};

class ShardTablets {
 public:
  ShardTablets(int shard, const TabletsOptions& options, const Tablets::Environment& environment,
               GroupCommit& commits, std::atomic<bool>& write_locked, size_t open_files_max);

  /// Recovery points known from the checkpoint, of buckets not opened yet.
  void SetRecoveryPoint(const TableBucket& bucket, const RecoveryPoint& point) {
    points_[bucket] = point;
  }

  /// What the journal holds of this shard's buckets.
  void SetPending(const TableBucket& bucket, PendingLog log);

  Result<std::shared_ptr<Tablet>> Open(const TableBucket& bucket);
  /// See Tablets::KnownEnd.
  std::optional<Offset> KnownEnd(const TableBucket& bucket) const;

  /// Bring home what the journal holds for up to `count` buckets that nobody has opened, and add where their logs
  /// then end. Returns whether some are left.
  using Points = std::vector<std::pair<TableBucket, RecoveryPoint>>;
  bool BringHome(size_t count, Points& points);
  /// The file system was synced after these were brought home. Returns whether all are; otherwise try again.
  bool FinishBringHome(const Points& points);
  /// It could not be: for the next start, as it was before.
  void SuspectHome(const Points& points);
  /// The journal was released.
  void ForgetPending() { pending_.clear(); }

  /// A tablet that is not found any more. It is to be released on this shard once what a thread does
  /// for it has ended; waiting for that is for other threads.
  struct Dropped {
    std::shared_ptr<Tablet> tablet;
    KvWriteBack::Wait wait;  // empty: nothing to wait for
  };

  /// Tables that changed or went away.
  std::vector<Dropped> Drop(TableId table, std::optional<PartitionId> partition);
  void Change(const std::shared_ptr<const TableInfo>& table);
  void DropAll(const Status& why);

  std::vector<TableBucket> Buckets() const;
  /// Of up to `count` of `buckets`, the segments that a failed sync made suspect.
  std::vector<RepairJob> BeginRepair(const std::vector<TableBucket>& buckets, size_t from,
                                     size_t count);
  static void FinishRepair(const std::vector<RepairJob>& jobs);
  /// Tickets for those with something to sync.
  std::vector<SyncJob> BeginSync(const std::vector<TableBucket>& buckets, size_t from, size_t count,
                                 bool& failed);
  /// Errors  one of them failed; not those of tables dropped meanwhile, whose files are gone
  Status FinishSync(const std::vector<SyncJob>& jobs);

  /// Files to delete elsewhere.
  std::vector<std::string> ApplyRetention();
  void CloseIdle(int64_t idle_since_ms);
  /// Housekeeping of the key-value halves.
  void TickKv(int64_t now_ms);
  /// Write back all primary-key state that is slow to replay and whose log is durable; `done` runs on this shard when
  /// the last one is through.
  void WriteBackAll(std::function<void()> done);
  /// Save indexes and writer states of all; before a clean stop.
  void CloseAll();

  /// Recovery points of all buckets ever opened or in the checkpoint.
  Points RecoveryPoints() const;
  size_t tablet_count() const { return tablets_.size(); }
  int64_t unsynced_bytes() const;

 private:
  void Configure(LogTablet& log, const TableInfo& table);

  const int shard_;
  const TabletsOptions& options_;
  const Tablets::Environment& env_;
  GroupCommit& commits_;
  std::atomic<bool>& write_locked_;
  OpenFiles open_files_;
  std::unordered_map<TableBucket, std::shared_ptr<Tablet>, TableBucketHash> tablets_;
  std::unordered_map<TableBucket, RecoveryPoint, TableBucketHash> points_;
  PendingLogs pending_;                // until the journal is released
  std::vector<TableBucket> not_home_;  // of pending_, to be looked at
  std::vector<TableBucket> failed_home_;
};

}  // namespace weir
