// Forgets old snapshots of a table and deletes the files that only they led to. What stays follows the table's
// properties history.expire.* and the settings of its branches and tags, as the Iceberg specification's
// "Snapshot Retention Policy" says; what those leave open, ExpireOptions does.
//
// A file is deleted only after the commit is known to have happened, the table was read back, and no snapshot that is
// still there leads to it. Plain functions; block.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/table_metadata.h"
#include "lake/table_update.h"

namespace weir::iceberg {

class FileIo;

struct ExpireOptions {
  int64_t snapshot_age_ms = 5LL * 24 * 3600 * 1000;
  int32_t snapshots_min = 1;
  /// More than this many go although they are young. Only where the table says nothing itself. 0: no limit.
  int32_t snapshots_max = 0;
  /// A snapshot stays for so long after another one took its place on a branch, whatever the other rules say: somebody
  /// who loaded the table before may be reading it.
  int64_t reader_grace_ms = 10LL * 60 * 1000;
  /// Never these: somebody outside the table's metadata counts on them.
  std::set<int64_t> pinned = {};
};

struct ExpirePlan {
  std::vector<int64_t> snapshots;
  std::vector<std::string> refs;
  std::vector<TableRequirement> requirements;
  std::vector<TableUpdate> updates;

  bool empty() const { return updates.empty(); }
};

/// What may go at `now_ms`. Properties that are not numbers mean that nothing may.
ExpirePlan PlanExpiry(const TableMetadata& table, const ExpireOptions& options, int64_t now_ms);

/// Delete what the snapshots that `before` has and `after` has not led to alone; `after` is the table read back after
/// the commit. `keep` names files that somebody else counts on, as SamePlace spells them.
/// Returns how many files went. Errors: a manifest cannot be read; then nothing was deleted.
Result<int64_t> DeleteExpiredFiles(FileIo& io, const TableMetadata& before,
                                   const TableMetadata& after,
                                   const std::set<std::string>& keep = {});

}  // namespace weir::iceberg
