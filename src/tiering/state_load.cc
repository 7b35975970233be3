#include "tiering/state_load.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <map>

#include "lake/scan_planner.h"
#include "tiering/stored_rows.h"
#include "tiering/tail_files.h"

namespace weir {

Result<StateLoad> WriteState(const TailRequest& request, KvStates& states,
                             const TableBucket& bucket, std::vector<std::string>& written) {
  StateLoad out{.part = {.bucket = bucket}};
  ASSIGN_OR_RETURN(out.part.partition, PartitionOf(*request.table, *request.lake, bucket));
  const std::string path = iceberg::PartitionPath(request.lake->default_spec(), out.part.partition);
  TailFiles files(request, path.empty() ? request.folder : request.folder + "/" + path,
                  out.part.partition, written);
  ASSIGN_OR_RETURN(
      StoredRowBatches batches,
      StoredRowBatches::Create(request.table, request.lake->current_schema(), bucket.bucket,
                               [&](const std::shared_ptr<arrow::RecordBatch>& rows) -> Status {
                                 if (request.alive) RETURN_IF_ERROR(request.alive());
                                 out.rows += rows->num_rows();
                                 return files.Write(rows);
                               }));
  ASSIGN_OR_RETURN(out.part.end, states.Scan(bucket, [&](const StoredValue& stored) {
    return batches.Add(stored);
  }));
  RETURN_IF_ERROR(batches.Flush());
  ASSIGN_OR_RETURN(out.part.data, files.Finish());
  for (const iceberg::DataFile& file : out.part.data) out.bytes += file.file_size_bytes;
  return out;
}

Result<std::vector<LoadGroup>> PlanLoads(iceberg::FileIo& io, const TableInfo& table,
                                         const iceberg::TableMetadata& lake,
                                         const std::vector<TableBucket>& all,
                                         const std::vector<TableBucket>& wanted) {
  std::map<std::string, LoadGroup> groups;
  const auto path_of = [&](const TableBucket& bucket) -> Result<std::string> {
    ASSIGN_OR_RETURN(const auto values, PartitionOf(table, lake, bucket));
    return iceberg::PartitionPath(lake.default_spec(), values);
  };
  for (const TableBucket& bucket : wanted) {
    ASSIGN_OR_RETURN(const std::string path, path_of(bucket));
    groups[path];
  }
  for (const TableBucket& bucket : all) {
    ASSIGN_OR_RETURN(const std::string path, path_of(bucket));
    if (const auto group = groups.find(path); group != groups.end())
      group->second.buckets.push_back(bucket);
  }
  if (const iceberg::Snapshot* snapshot = lake.current_snapshot()) {
    ASSIGN_OR_RETURN(const iceberg::ScanPlan plan, iceberg::PlanScan(io, lake, *snapshot, {}));
    for (const iceberg::FileScanTask& task : plan.tasks) {
      if (task.data_file.spec_id != lake.default_spec_id) continue;
      const auto group =
          groups.find(iceberg::PartitionPath(lake.default_spec(), task.data_file.partition));
      if (group != groups.end()) group->second.replaced.push_back(iceberg::KeyOf(task.data_file));
    }
  }
  std::vector<LoadGroup> out;
  for (auto& [path, group] : groups) out.push_back(std::move(group));
  return out;
}

}  // namespace weir
