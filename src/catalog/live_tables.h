// Tables as they are this moment: the committed snapshot and, on top of it, one that was never committed and holds
// everything acknowledged since (INV-6: each row once). Such a state is made when somebody asks, shared by all who ask
// before the next row comes, and its files go away some time after it was last handed out.
//
// Two kinds of clients see it: those that let the server plan their scans, and, where the table says so, those that
// load its metadata. The latter may commit on top of a snapshot that does not exist; Rebase makes such a commit fit
// what is really there, or commits that snapshot first; or refuses, so that the client tries again.
// Decision: docs/decisions/0012-live-iceberg.md.
//
// Thread: any; blocks.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "catalog/hot_rows.h"
#include "catalog/rest_result.h"

namespace weir::iceberg {

struct LiveTableMetrics : MetricGroup {
  using MetricGroup::MetricGroup;
  Counter made{*this, "catalog_live_states_total", "Live states of tables made for readers."};
  Counter shared{*this, "catalog_live_states_shared_total",
                 "Requests answered with a live state that was there already."};
  Counter rebased{*this, "catalog_live_commits_rebased_total",
                  "Commits on top of a live state made to fit the committed one."};
  Counter adopted{*this, "catalog_live_commits_adopted_total",
                  "Commits that changed rows of a live state, which was committed for them."};
  Counter refused{*this, "catalog_live_commits_refused_total",
                  "Commits that changed rows of a live state after something else was committed."};
  Histogram make_seconds{*this, "catalog_live_state_seconds", "Time to make one live state."};
};

/// One live state. Immutable; its files live as long as it does.
struct LiveState {
  LoadedTable view;  // the committed metadata with one snapshot more
  std::string version;
  std::string base_location;  // metadata file it was made on
  int64_t snapshot_id = 0;    // of the snapshot that was never committed
  std::optional<int64_t> base_snapshot_id;
  std::set<std::string> own_manifests;
  std::set<std::string> hot_paths;  // data and delete files
  TemporaryFiles files;
  size_t snapshot_files = 0;  // the first of them: all but the metadata file
  LakeOffsets covered;        // by the snapshot
};

class LiveTables {
 public:
  /// files  for what live states are made of; need not be synced
  LiveTables(LakeCatalog& lake, FileIo& files, MetricRegistry& metrics,
             std::chrono::milliseconds lifetime, const Clock& clock);
  ~LiveTables();

  /// Before the first request; nothing is live without.
  void SetHotRows(HotRows* rows) { rows_ = rows; }

  /// The table as a scan plan sees it, as a loader sees it. The table itself when nothing is hot, or nobody shall see.
  Result<LoadedTable> ForScan(const LoadedTable& table);
  Result<LoadedTable> ForLoad(const LoadedTable& table);
  /// The table with a snapshot that was handed out live, as long as its files are kept; else the table itself.
  LoadedTable ForSnapshot(LoadedTable table, int64_t snapshot_id);
  bool ShowsOnLoad(const LoadedTable& table) const;

  /// A commit whose base is a live state, on top of what is committed; any other as it is.
  /// Errors  kCommitFailed  it changes rows that were hot; they are in the lake now
  RestResult<TableCommit> Rebase(TableCommit commit);

  /// Before a commit that removes snapshots: Weir needs none but the current one after this.
  /// Errors  kCommitConflict  that cannot be said before the next round of tiering
  Status BeforeRemoval(const TableCommit& commit);

  /// Let go of states that nobody was given for the lifetime.
  void Sweep();

 private:
  struct Slot {
    std::mutex making;  // one maker; the others wait and share
    std::shared_ptr<const LiveState> newest;
  };
  struct Given {
    std::shared_ptr<const LiveState> state;
    int64_t at_ms = 0;
  };

  LiveMode ModeOf(const LoadedTable& table) const;
  Result<LoadedTable> Show(LoadedTable table);
  /// Null when there turned out to be nothing to show. Tiers, and moves `table` on, while too much is hot.
  Result<std::shared_ptr<const LiveState>> Make(LoadedTable& table, std::string version);
  Result<std::shared_ptr<const LiveState>> MakeOf(const LoadedTable& table, HotFiles hot,
                                                  std::string version);
  std::shared_ptr<Slot> SlotOf(const std::string& uuid);
  std::shared_ptr<const LiveState> FindState(int64_t snapshot_id);
  /// Commit the live snapshot as it is, if nothing was committed since. Whether it is a snapshot of the table now.
  bool Adopt(const LoadedTable& real, const LiveState& state);
  /// The live state that a commit was made on, or gives a name to; or null.
  std::shared_ptr<const LiveState> BaseOf(const TableCommit& commit);

  LakeCatalog& lake_;
  FileIo& files_;
  HotRows* rows_ = nullptr;
  LiveTableMetrics metrics_;
  const std::chrono::milliseconds lifetime_;
  const Clock& clock_;

  std::mutex mutex_;                                    // guards what follows
  std::map<std::string, std::shared_ptr<Slot>> slots_;  // by table uuid
  std::map<int64_t, Given> given_;                      // by snapshot id
};

}  // namespace weir::iceberg
