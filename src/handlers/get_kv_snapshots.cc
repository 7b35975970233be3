// GET_LATEST_KV_SNAPSHOTS and GET_KV_SNAPSHOT_METADATA while there are no KV snapshots: every
// bucket is listed without one, and clients read the changelog from its start. Flink skips buckets
// that are not listed. Source: Fluss 545c5539 RpcServiceBase.getLatestKvSnapshots,
// getKvSnapshotMetadata
#include "handlers/catalog_requests.h"

namespace weir {

Result<pb::GetLatestKvSnapshotsResponse> GetLatestKvSnapshots(
    RequestContext& context, const pb::GetLatestKvSnapshotsRequest& request) {
  ASSIGN_OR_RETURN(const TableRef table,
                   CatalogOf(context).GetTable(ToTablePath(request.table_path())));
  const std::string path = table->path.ToString();
  if (!table->has_primary_key()) {
    return Fail(ErrorCode::kNonPrimaryKeyTable,
                "table '{}' has no primary key and so no kv snapshots", path);
  }
  if (request.has_partition_name() && !table->is_partitioned()) {
    return Fail(ErrorCode::kTableNotPartitioned, "table '{}' is not partitioned", path);
  }
  if (!request.has_partition_name() && table->is_partitioned()) {
    return Fail(ErrorCode::kPartitionNotExists,
                "table '{}' is partitioned, but no partition is named", path);
  }
  pb::GetLatestKvSnapshotsResponse response;
  response.set_table_id(table->id.value);
  if (request.has_partition_name()) {
    const auto found = table->partitions.find(request.partition_name());
    if (found == table->partitions.end()) {
      return Fail(ErrorCode::kPartitionNotExists, "partition '{}' of table '{}' does not exist",
                  request.partition_name(), path);
    }
    response.set_partition_id(found->second.id.value);
  }
  for (BucketId bucket = 0; bucket < table->bucket_count(); ++bucket) {
    response.add_latest_snapshots()->set_bucket_id(bucket);
  }
  return response;
}

Result<pb::GetKvSnapshotMetadataResponse> GetKvSnapshotMetadata(
    RequestContext&, const pb::GetKvSnapshotMetadataRequest& request) {
  return Fail(ErrorCode::kKvSnapshotNotExist,
              "there is no such kv snapshot: table={} bucket={} snapshot={}", request.table_id(),
              request.bucket_id(), request.snapshot_id());
}

}  // namespace weir
