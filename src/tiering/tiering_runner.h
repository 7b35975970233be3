// Brings the rows of tables to the lake, inside the server: threads that ask the schedule for the next
// table and run one round of it (tiering_round.h). A table that fails waits longer each time and holds up
// nobody else; a table without new rows costs a look at its buckets' ends in memory.
// Owned by server/. Thread: any; hooks block no longer than the catalog's own commit.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "async/worker_thread.h"
#include "base/metrics.h"
#include "base/result.h"
#include "meta/table_info.h"
#include "tiering/adopt_snapshot.h"
#include "tiering/tiering_options.h"
#include "tiering/tiering_round.h"
#include "tiering/tiering_schedule.h"
#include "tiering/tiering_status.h"

namespace weir {

class TieringRunner {
 public:
  struct Environment {
    Catalog& catalog;
    iceberg::TableCatalog& lake;
    iceberg::FileIo& io;
    BucketLogs& logs;
    KvStates& states;
    const Clock& clock;
    MetricRegistry& metrics;
    std::string index_folder;
  };

  /// Everything by reference must outlive this.
  TieringRunner(const TieringOptions& options, TieringMode mode, Environment environment);
  ~TieringRunner();

  /// Take over the tables that are there, and begin.
  void Start();
  /// Let rounds under way come to an end at their next step.
  void BeginStop();
  /// BeginStop, and wait. Idempotent.
  void Stop();

  // Hooks of the catalog (CatalogHooks).
  /// Errors  kLakeTableAlreadyExist, kInvalidTable
  Status MayChange(const TableInfo& table) const;
  void TableCreated(const TableRef& table);
  void TableChanged(const TableRef& table);
  void TableDropped(const TableRef& table);
  /// A database is gone, and its tables: the lake's namespaces that are there only for tiering go when nothing is in
  /// them, no database has their name and no table is to be tiered into them.
  void DropUnusedNamespaces();

  TieringSchedule& schedule() { return schedule_; }
  TieringMode mode() const { return mode_; }
  /// By path; what is behind as the last rounds left it.
  std::vector<TieringStatus> Statuses() const;
  /// The same with what is behind at this moment. Waits for shards, so not on one of them.
  std::vector<TieringStatus> StatusesNow() const;

  /// The lake of a table, which does not move on while this lives: neither rounds nor maintenance commit.
  struct Still {
    std::shared_ptr<const void> table;
    std::shared_lock<std::shared_mutex> lock;
    /// Synced to the snapshot it says; null when there is none (yet).
    std::shared_ptr<const KeyIndex> index;
  };
  Still HoldStill(TableId table) const;
  /// Open the key index and bring it to the lake table's current snapshot. Waits for the round under way.
  Status SyncIndex(const TableInfo& table);

  /// FollowLake (covered_offsets.h). Waits for the round under way.
  Status FollowLake(TableId table);

  /// Make a live state a snapshot of the lake table (adopt_snapshot.h). Waits for the round under way.
  Status Adopt(const TableInfo& table, const AdoptRequest& request);

  /// Run `work` while no round of the table runs: for maintenance of its lake table. Waits for the round under way.
  /// Errors  kTableNotExist  the table is not tiered;  what `work` says
  Status BetweenRounds(TableId table, const std::function<Status(RoundState&)>& work);
  /// What the last look of maintenance at a lake table said; empty: all is well. For the status.
  void SetMaintenanceError(const iceberg::Ident& ident, const std::string& error);
  const RoundEnvironment& round_environment() const { return round_env_; }

  /// Have every row that is readable now tiered, and wait. For tests and the command line.
  /// Errors  kRequestTimeOut;  kTableNotExist;  what the round said
  Status TierNow(TableId table, std::chrono::milliseconds at_most);

 private:
  struct Table {
    std::mutex round;      // one at a time
    RoundState state;      // guarded by `round`
    TieringStatus status;  // guarded by mutex_
    int64_t behind_since_ms = 0;
  };
  struct Metrics : MetricGroup {
    Metrics(MetricRegistry& registry, const TieringRunner& tiering);
    Counter rows{*this, "lake_tiering_rows_total", "Log records brought to the lake."};
    Counter bytes{*this, "lake_tiering_bytes_total", "Bytes of files that tiering committed."};
    Counter files{*this, "lake_tiering_files_total", "Files that tiering committed."};
    Counter deleted_rows{*this, "lake_tiering_deleted_rows_total",
                         "Rows of lake files that tiering deleted or replaced."};
    Counter rounds{*this, "lake_tiering_rounds_total", "Rounds of tiering that committed."};
    Counter failures{*this, "lake_tiering_failures_total", "Rounds of tiering that failed."};
    Histogram round_seconds{*this, "lake_tiering_round_seconds",
                            "Time of a round of tiering that committed."};
    ProbeGauge pending;
    ProbeGauge behind_rows;
    ProbeGauge lag_seconds;
  };

  bool Handles(const TableInfo& table) const;
  void Follow(const TableRef& table);
  void Work();
  void RunRound(const TieringSchedule::Assignment& assignment);
  void Finished(const TieringSchedule::Assignment& assignment, Table& table, int64_t started_ms,
                const Result<RoundResult>& result);
  void DropLakeTable(TableId table);
  void ForgetTable(TableId table);
  void ForgetIfDropped(TableId table);
  void DropOrphans();
  std::shared_ptr<Table> FindOrMake(TableId id);

  const TieringOptions options_;
  const TieringMode mode_;
  const Environment env_;
  const RoundEnvironment round_env_;
  TieringSchedule schedule_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::condition_variable done_;  // a round ended
  std::map<TableId, std::shared_ptr<Table>> tables_;
  bool stopping_ = false;
  Metrics metrics_;
  std::vector<std::unique_ptr<WorkerThread>> threads_;
};

}  // namespace weir
