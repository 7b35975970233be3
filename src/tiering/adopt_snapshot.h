// A live state becomes a snapshot of the lake table as it is: with its id, its files, and the offsets that it
// covers, in one transaction (INV-5). For a client that commits on top of a live state and changes rows which only
// that has: with the state committed, such a commit is an ordinary one. One thread, between rounds; blocks.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "lake/snapshot.h"
#include "meta/lake_snapshots.h"
#include "tiering/tiering_round.h"

namespace weir {

struct AdoptRequest {
  iceberg::Snapshot snapshot;
  std::vector<std::string> files;  // all that the snapshot brings; synced here
  LakeOffsets covered;             // with the snapshot, by bucket
};

/// Errors  kCommitConflict  the table is not what the snapshot was made on any more; nothing happened
///         kCommitStateUnknown;  those of FileIo
Status AdoptSnapshot(const RoundEnvironment& environment, const TableInfo& table, RoundState& state,
                     const AdoptRequest& request);

}  // namespace weir
