#include "lake/snapshot_fate.h"

#include <algorithm>

namespace weir::iceberg {

SnapshotFate FateOf(const TableMetadata& now, int64_t snapshot_id, int64_t sequence_number) {
  if (now.FindSnapshot(snapshot_id) != nullptr) return SnapshotFate::kCommitted;
  const bool taken = std::ranges::any_of(now.snapshots, [&](const Snapshot& other) {
    return other.sequence_number == sequence_number;
  });
  return taken ? SnapshotFate::kNever : SnapshotFate::kOpen;
}

}  // namespace weir::iceberg
