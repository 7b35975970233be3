// Fewer manifests with the same files: a snapshot (operation replace) in which the small manifests of a table
// are merged
// to the size that commit.manifest.target-size-bytes names. Appends merge too, but only when many are there; a table
// whose writers do not (commit.manifest-merge.enabled) is mended here. One thread; blocks.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "lake/snapshot_builder.h"
#include "lake/table_metadata.h"

namespace weir::iceberg {

class FileIo;

/// change  whose operation is replace and which adds and removes nothing: names, time and summary
/// Returns nothing when the current snapshot has fewer than `manifests_min` small manifests.
Result<std::optional<NewSnapshot>> RewriteManifests(FileIo& io, const TableMetadata& table,
                                                    int32_t manifests_min,
                                                    const SnapshotChange& change);

/// Whether RewriteManifests would do anything.
Result<bool> HasManyManifests(FileIo& io, const TableMetadata& table, int32_t manifests_min);

/// `table` with properties that have a snapshot builder merge as soon as `manifests_min` manifests are there.
TableMetadata MergingManifests(const TableMetadata& table, int32_t manifests_min);

}  // namespace weir::iceberg
