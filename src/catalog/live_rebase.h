// A client's commit on top of a live state, made to fit the committed table: the live snapshot's manifests leave the
// new manifest lists, its id leaves requirements and parents. A pure append fits whatever was committed meanwhile;
// anything else only what the live state was made on. Changes of live rows fit nothing.
#pragma once

#include "catalog/live_tables.h"

namespace weir::iceberg {

/// Change `commit` so that it is one on top of `real`, writing new manifest lists. Whether that can be done.
Result<bool> RebaseCommit(FileIo& io, const LiveState& state, const TableMetadata& real,
                          TableCommit& commit);

}  // namespace weir::iceberg
