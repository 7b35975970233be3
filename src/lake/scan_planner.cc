#include "lake/scan_planner.h"

#include <set>

#include "lake/delete_index.h"
#include "lake/file_filter.h"
#include "lake/file_io.h"
#include "lake/manifest.h"
#include "lake/table_metadata.h"

namespace weir::iceberg {
namespace {

void DropStatistics(DataFile& file) {
  file.column_sizes.clear();
  file.value_counts.clear();
  file.null_value_counts.clear();
  file.nan_value_counts.clear();
  file.lower_bounds.clear();
  file.upper_bounds.clear();
}

class Planner {
 public:
  Planner(FileIo& io, const TableMetadata& table, const FileFilter& filter,
          const ScanRequest& request)
      : io_(io), table_(table), filter_(filter), request_(request), deletes_(table) {}

  Result<ScanPlan> Run(const Snapshot& snapshot) {
    ASSIGN_OR_RETURN(const auto manifests, ManifestsOf(io_, snapshot));
    RETURN_IF_ERROR(ReadDeletes(manifests));
    for (const ManifestFile& manifest : manifests) {
      if (manifest.content != ManifestContent::kData || !IsWanted(manifest)) continue;
      ++plan_.data_manifests;
      ASSIGN_OR_RETURN(auto entries, ReadManifest(io_, manifest, table_));
      for (ManifestEntry& entry : entries) {
        if (entry.is_live()) AddTask(entry);
      }
    }
    return std::move(plan_);
  }

  Status AddAppended(const Snapshot& snapshot) {
    ASSIGN_OR_RETURN(const auto manifests, ManifestsOf(io_, snapshot));
    for (const ManifestFile& manifest : manifests) {
      const bool own = manifest.added_snapshot_id == snapshot.snapshot_id;
      if (!own || manifest.content != ManifestContent::kData || !IsWanted(manifest)) continue;
      ++plan_.data_manifests;
      ASSIGN_OR_RETURN(auto entries, ReadManifest(io_, manifest, table_));
      for (ManifestEntry& entry : entries) {
        const bool added = entry.status == EntryStatus::kAdded;
        if (added && entry.snapshot_id == snapshot.snapshot_id) AddTask(entry);
      }
    }
    return {};
  }

  ScanPlan& plan() { return plan_; }

 private:
  bool IsWanted(const ManifestFile& manifest) {
    if (!manifest.may_have_live_files()) return false;
    if (filter_.MayMatch(manifest)) return true;
    ++plan_.skipped_manifests;
    return false;
  }

  Status ReadDeletes(const std::vector<ManifestFile>& manifests) {
    for (const ManifestFile& manifest : manifests) {
      if (manifest.content != ManifestContent::kDeletes || !IsWanted(manifest)) continue;
      ++plan_.delete_manifests;
      ASSIGN_OR_RETURN(auto entries, ReadManifest(io_, manifest, table_));
      for (ManifestEntry& entry : entries) {
        if (!entry.is_live()) continue;
        if (!filter_.PartitionMayMatch(entry.file)) {
          ++plan_.skipped_delete_files;
          continue;
        }
        deletes_.Add({std::move(entry.file), entry.sequence_number.value_or(0)});
      }
    }
    return {};
  }

  void AddTask(ManifestEntry& entry) {
    if (!filter_.MayMatch(entry.file)) {
      ++plan_.skipped_data_files;
      return;
    }
    FileScanTask task{.data_file = std::move(entry.file),
                      .sequence_number = entry.sequence_number.value_or(0)};
    task.deletes = deletes_.For(task.data_file, task.sequence_number);
    if (!request_.with_statistics) DropStatistics(task.data_file);
    plan_.tasks.push_back(std::move(task));
  }

  FileIo& io_;
  const TableMetadata& table_;
  const FileFilter& filter_;
  const ScanRequest& request_;
  DeleteIndex deletes_;
  ScanPlan plan_;
};

}  // namespace

Result<ScanPlan> PlanScan(FileIo& io, const TableMetadata& table, const Snapshot& snapshot,
                          const ScanRequest& request) {
  ASSIGN_OR_RETURN(const FileFilter filter,
                   FileFilter::Make(request.filter, table, request.case_sensitive));
  return Planner(io, table, filter, request).Run(snapshot);
}

Result<ScanPlan> PlanAppends(FileIo& io, const TableMetadata& table,
                             std::optional<int64_t> from_snapshot_id, const Snapshot& snapshot,
                             const ScanRequest& request) {
  ASSIGN_OR_RETURN(const FileFilter filter,
                   FileFilter::Make(request.filter, table, request.case_sensitive));
  Planner planner(io, table, filter, request);
  std::set<int64_t> seen;
  const Snapshot* at = &snapshot;
  while (at != nullptr && at->snapshot_id != from_snapshot_id) {
    if (!seen.insert(at->snapshot_id).second) break;
    if (at->operation() == "append") RETURN_IF_ERROR(planner.AddAppended(*at));
    at = at->parent_snapshot_id ? table.FindSnapshot(*at->parent_snapshot_id) : nullptr;
  }
  const bool reached = at != nullptr && at->snapshot_id == from_snapshot_id;
  if (from_snapshot_id && !reached) {
    return Fail(ErrorCode::kInvalidTable, "snapshot is no ancestor: from={} to={}",
                *from_snapshot_id, snapshot.snapshot_id);
  }
  return std::move(planner.plan());
}

}  // namespace weir::iceberg
