// Keeps lake tables tidy in the background: compaction, snapshot expiry, old metadata files, orphans, purges of dropped
// tables. One thread, one table at a time, a limited number of bytes a second; a table nobody wrote to since the
// last look costs nothing but the expiry of what it has. What fails is logged, counted and tried again at the
// next look.
// Owned by server/, beside the TieringRunner, which must outlive it. Thread: any.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "async/worker_thread.h"
#include "base/metrics.h"
#include "base/result.h"
#include "lake/table_catalog.h"
#include "tiering/maintenance_options.h"
#include "tiering/table_compaction.h"
#include "tiering/tiering_runner.h"

namespace weir {

/// What one look at a table did.
struct MaintenanceResult {
  int64_t compactions = 0;
  int64_t files_before = 0;
  int64_t files_after = 0;
  int64_t snapshots_expired = 0;
  int64_t files_deleted = 0;
};

class LakeMaintenance {
 public:
  LakeMaintenance(const MaintenanceOptions& options, TieringRunner& tiering,
                  MetricRegistry& metrics);
  ~LakeMaintenance();

  void Start();
  /// Let the step under way come to an end.
  void BeginStop();
  /// BeginStop, and wait. Idempotent.
  void Stop();

  /// kExpiry: only what time alone makes due.
  enum class Look : uint8_t { kAll, kExpiry };
  /// Look at one table now, whoever is due. For tests and the command line.
  Result<MaintenanceResult> Maintain(const iceberg::Ident& ident, Look look = Look::kAll);
  /// Delete what steps of compaction left that ended without a commit, of any table.
  Status SweepCompactions();
  /// Work off purge requests that are due.
  Status Purge();

 private:
  struct Seen {
    std::string metadata_location;  // at the end of the last look
    int64_t swept_version = -1;     // of the metadata when old ones were looked for
    int64_t looked_ms = 0;
    int64_t failures = 0;    // in a row
    int64_t orphans_ms = 0;  // when orphans were looked for; 0: not yet
  };
  struct Metrics : MetricGroup {
    using MetricGroup::MetricGroup;
    Counter compactions{*this, "lake_compactions_total", "Steps of compaction committed."};
    Counter compacted_bytes{*this, "lake_compacted_bytes_total", "Bytes read by compaction."};
    Counter compacted_files{*this, "lake_compacted_files_total", "Files that compaction replaced."};
    Counter deletes_followed{*this, "lake_compaction_deletes_followed_total",
                             "Rows of compacted files that were deleted or replaced while these "
                             "were written."};
    Counter snapshots{*this, "lake_expired_snapshots_total", "Snapshots that expired."};
    Counter files{*this, "lake_expired_files_total",
                  "Files deleted with expired snapshots and old metadata."};
    Counter orphans{*this, "lake_orphan_files_total", "Files deleted that nothing led to."};
    Counter failures{*this, "lake_maintenance_failures_total", "Looks at a table that failed."};
  };

  void Work();
  void LookAtAll();
  void LookAt(const iceberg::Ident& ident, Look look);
  void LookForCompactions();
  void LookForPurges();
  /// What a table needs now; nothing most of the time.
  std::optional<Look> Due(const iceberg::Ident& ident);
  bool Wanted(const iceberg::LoadedTable& table) const;
  Status Alive();
  Status Follow(const iceberg::LoadedTable& table);
  Status Compact(const iceberg::LoadedTable& table, MaintenanceResult& result);
  Result<CompactionResult> CompactOnce(const iceberg::LoadedTable& table);
  Status Expire(const iceberg::Ident& ident, MaintenanceResult& result);
  Status SweepMetadata(const iceberg::Ident& ident, MaintenanceResult& result);
  bool MayDeleteFilesOf(const iceberg::LoadedTable& table) const;
  Status SweepOrphans(const iceberg::Ident& ident, Seen& seen, MaintenanceResult& result);
  /// Wait as long as `bytes` may take; an error when stopping.
  Status Pay(int64_t bytes);

  const MaintenanceOptions options_;
  TieringRunner& tiering_;
  const RoundEnvironment& env_;
  std::mutex looking_;  // one look at a time; guards seen_
  std::map<iceberg::Ident, Seen> seen_;
  int64_t purge_failures_ = 0;  // in a row; the thread's own
  int64_t sweep_failures_ = 0;  // the same
  std::mutex mutex_;            // guards stopping_
  std::condition_variable stop_;
  bool stopping_ = false;
  Metrics metrics_;
  std::unique_ptr<WorkerThread> thread_;
};

}  // namespace weir
