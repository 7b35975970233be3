// What became of a commit whose answer was lost, read from the table itself. The sequence number tells: of all
// commits that could take one, exactly one does, and a catalog never takes an older one again. That the snapshot is
// not in the table says nothing by itself: the commit may still be on its way, or others may have built on it and
// let it expire.
// Source: Iceberg table specification, "Sequence Numbers".
#pragma once

#include <cstdint>

#include "lake/table_metadata.h"

namespace weir::iceberg {

enum class SnapshotFate : uint8_t {
  kCommitted,
  kNever,  // another commit has its sequence number
  kOpen,   // nobody can say yet; its files must stay
};

SnapshotFate FateOf(const TableMetadata& now, int64_t snapshot_id, int64_t sequence_number);

inline SnapshotFate FateOf(const TableMetadata& now, const Snapshot& snapshot) {
  return FateOf(now, snapshot.snapshot_id, snapshot.sequence_number);
}

}  // namespace weir::iceberg
