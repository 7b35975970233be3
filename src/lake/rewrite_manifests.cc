#include "lake/rewrite_manifests.h"

#include <algorithm>

#include "lake/file_io.h"
#include "lake/manifest.h"

namespace weir::iceberg {
namespace {

/// Manifests of half the usual target are not worth a merge.
constexpr int64_t kSmallBytes = 4 * MiB;

}  // namespace

TableMetadata MergingManifests(const TableMetadata& table, int32_t manifests_min) {
  TableMetadata merging = table;
  merging.properties["commit.manifest-merge.enabled"] = "true";
  merging.properties["commit.manifest.min-count-to-merge"] = std::to_string(manifests_min);
  return merging;
}

Result<bool> HasManyManifests(FileIo& io, const TableMetadata& table, int32_t manifests_min) {
  const Snapshot* current = table.current_snapshot();
  if (current == nullptr) return false;
  ASSIGN_OR_RETURN(const auto manifests, ManifestsOf(io, *current));
  const auto small = std::ranges::count_if(
      manifests, [](const ManifestFile& one) { return one.manifest_length < kSmallBytes; });
  return small >= manifests_min;
}

Result<std::optional<NewSnapshot>> RewriteManifests(FileIo& io, const TableMetadata& table,
                                                    int32_t manifests_min,
                                                    const SnapshotChange& change) {
  ASSIGN_OR_RETURN(const bool many, HasManyManifests(io, table, manifests_min));
  if (!many) return std::optional<NewSnapshot>();
  ASSIGN_OR_RETURN(NewSnapshot built, BuildSnapshot(io, MergingManifests(table, 2), change));
  return std::optional(std::move(built));
}

}  // namespace weir::iceberg
