// Which files a reader of one snapshot must read, and which deletes belong to each. Applicability by sequence
// number, partition and referenced file as the Iceberg specification says in "Scan Planning"; manifests and files
// are skipped by partition summaries, partition values and column bounds.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "lake/data_file.h"
#include "lake/expression.h"

namespace weir::iceberg {

class FileIo;
struct Snapshot;
struct TableMetadata;

struct DeleteFile {
  DataFile file;
  /// Data sequence number.
  int64_t sequence_number = 0;
};

struct FileScanTask {
  DataFile data_file;
  /// Data sequence number.
  int64_t sequence_number = 0;
  /// In the order of their sequence numbers; one deletion vector at most, and then no position deletes.
  std::vector<std::shared_ptr<const DeleteFile>> deletes;
};

struct ScanPlan {
  std::vector<FileScanTask> tasks;
  // What was looked at and what was skipped, for EXPLAIN and metrics reports.
  int64_t data_manifests = 0;
  int64_t delete_manifests = 0;
  int64_t skipped_manifests = 0;
  int64_t skipped_data_files = 0;
  int64_t skipped_delete_files = 0;
};

struct ScanRequest {
  /// Files without a row that can satisfy it are left out; rows are not filtered.
  Expression filter = Expression::True();
  bool case_sensitive = true;
  /// Keep column statistics in the tasks. Without, a task carries only what a reader needs.
  bool with_statistics = false;
};

/// Errors  kInvalidTable  the filter names an unknown column or a value of another type
Result<ScanPlan> PlanScan(FileIo& io, const TableMetadata& table, const Snapshot& snapshot,
                          const ScanRequest& request);

/// Files added by append snapshots in (from, to], `to` being `snapshot` and `from` one of its ancestors.
/// Errors  kInvalidTable  `from_snapshot_id` is no ancestor, or the filter does not fit
Result<ScanPlan> PlanAppends(FileIo& io, const TableMetadata& table,
                             std::optional<int64_t> from_snapshot_id, const Snapshot& snapshot,
                             const ScanRequest& request);

}  // namespace weir::iceberg
