#include "lake/table_files.h"

#include "lake/file_io.h"
#include "lake/fluss_layout.h"
#include "lake/manifest.h"

namespace weir::iceberg {
namespace {

/// Files of our own that a snapshot's summary names: covered offsets.
constexpr std::string_view kSummaryPaths[] = {kOffsetsKey};

}  // namespace

std::string SamePlace(const std::string& location) {
  for (const std::string_view prefix : {"s3a://", "s3n://"}) {
    if (location.starts_with(prefix)) return "s3://" + location.substr(prefix.size());
  }
  if (const auto local = LocalPath(location); local.ok()) return *local;
  return location;
}

Status CollectFiles(FileIo& io, const TableMetadata& table,
                    std::span<const Snapshot* const> snapshots, RemovedEntries removed,
                    std::set<std::string>& files) {
  std::set<std::string> manifests_read;
  for (const Snapshot* snapshot : snapshots) {
    if (!snapshot->manifest_list.empty()) files.insert(SamePlace(snapshot->manifest_list));
    for (const std::string_view key : kSummaryPaths) {
      if (const auto path = snapshot->summary.find(key); path != snapshot->summary.end()) {
        files.insert(SamePlace(path->second));
      }
    }
    ASSIGN_OR_RETURN(const auto manifests, ManifestsOf(io, *snapshot));
    for (const ManifestFile& manifest : manifests) {
      if (!manifests_read.insert(manifest.manifest_path).second) continue;
      files.insert(SamePlace(manifest.manifest_path));
      ASSIGN_OR_RETURN(const auto entries, ReadManifest(io, manifest, table));
      for (const ManifestEntry& entry : entries) {
        if (entry.is_live() || removed == RemovedEntries::kTakeIn) {
          files.insert(SamePlace(entry.file.file_path));
        }
      }
    }
  }
  return {};
}

Status CollectAllFiles(FileIo& io, const TableMetadata& table, const std::string& metadata_location,
                       std::set<std::string>& files) {
  std::vector<const Snapshot*> snapshots;
  for (const Snapshot& snapshot : table.snapshots) snapshots.push_back(&snapshot);
  RETURN_IF_ERROR(CollectFiles(io, table, snapshots, RemovedEntries::kLeaveOut, files));
  files.insert(SamePlace(metadata_location));
  for (const MetadataLogEntry& entry : table.metadata_log) {
    files.insert(SamePlace(entry.metadata_file));
  }
  for (const StatisticsFile& file : table.statistics) files.insert(SamePlace(file.path));
  for (const PartitionStatisticsFile& file : table.partition_statistics) {
    files.insert(SamePlace(file.path));
  }
  return {};
}

}  // namespace weir::iceberg
