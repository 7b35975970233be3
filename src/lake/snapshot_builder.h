// A new snapshot out of a change: reads the manifests it touches, writes new manifests and the list, counts the
// summary. Nothing is visible until the caller commits the result; files written here have new names (UUIDs), so
// an attempt that fails leaves only orphans. Rules: Iceberg specification, "Snapshots", "Row Lineage", and the
// summary counters that Java's SnapshotSummary keeps.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/data_file.h"
#include "lake/snapshot.h"
#include "lake/table_update.h"

namespace weir::iceberg {

class FileIo;

enum class SnapshotOperation {
  kAppend,     // only new data files
  kOverwrite,  // data and deletes added, or data replaced by other data
  kDelete,     // only removed data, or only new deletes
  kReplace,    // the same rows in other files: compaction
};
std::string_view Name(SnapshotOperation operation);

struct SnapshotChange {
  SnapshotOperation operation = SnapshotOperation::kAppend;
  /// Data files and delete files of any spec of the table.
  std::vector<DataFile> added;
  /// What leaves; must be live in the base snapshot.
  std::vector<FileKey> removed;
  /// Extra entries of the summary, such as commit-user or fluss-offsets. They win over none of the counters.
  std::map<std::string, std::string> summary;
  /// For kReplace: added data files keep this age, so that deletes newer than it still apply.
  std::optional<int64_t> data_sequence_number;

  std::string branch = "main";
  /// Default: random, unused in the table.
  std::optional<int64_t> snapshot_id;
  /// Milliseconds since 1970.
  int64_t timestamp_ms = 0;
};

struct NewSnapshot {
  Snapshot snapshot;
  /// For the commit: same table, branch still where it was.
  std::vector<TableRequirement> requirements;
  /// For the commit: add the snapshot, point the branch at it.
  std::vector<TableUpdate> updates;
  /// Current snapshot of the branch that was the base: what the commit must require (none: branch must not exist).
  std::optional<int64_t> parent_snapshot_id;
  /// Manifests and the list; delete them only when the commit is known to have been refused.
  std::vector<std::string> written_files;
};

/// Build the snapshot that comes after the branch's current one in `base`.
/// Errors  kInvalidTable   a removed file is not live, an added one has another spec's partition width
///         others          reading or writing files failed
Result<NewSnapshot> BuildSnapshot(FileIo& io, const TableMetadata& base,
                                  const SnapshotChange& change);

}  // namespace weir::iceberg
