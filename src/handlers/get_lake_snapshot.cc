// GET_LAKE_SNAPSHOT: which lake snapshot a reader may start from, and where the log goes on after it.
// Source: Fluss 545c5539 RpcServiceBase.getLakeSnapshot
#include "handlers/catalog_requests.h"

namespace weir {
namespace {

std::optional<LakeSnapshot> Find(const LakeSnapshots& snapshots, TableId table,
                                 const pb::GetLakeSnapshotRequest& request) {
  if (request.readable()) {
    auto found = snapshots.Readable(table);
    if (found) found->tiered = *found->readable;
    return found;
  }
  if (request.has_snapshot_id()) return snapshots.Find(table, request.snapshot_id());
  return snapshots.Latest(table);
}

}  // namespace

Result<pb::GetLakeSnapshotResponse> GetLakeSnapshot(RequestContext& context,
                                                    const pb::GetLakeSnapshotRequest& request) {
  if (request.readable() && request.has_snapshot_id()) {
    return Fail(ErrorCode::kUnknownServerError,
                "a lake snapshot is asked for by id or as the readable one, not both");
  }
  ASSIGN_OR_RETURN(const TableRef table,
                   CatalogOf(context).GetTable(ToTablePath(request.table_path())));
  const auto snapshot = Find(CatalogOf(context).lake_snapshots(), table->id, request);
  if (!snapshot) {
    return Fail(ErrorCode::kLakeSnapshotNotExist, "table '{}' has no {}lake snapshot",
                table->path.ToString(), request.readable() ? "readable " : "");
  }
  pb::GetLakeSnapshotResponse response;
  response.set_table_id(table->id.value);
  response.set_snapshotid(snapshot->snapshot_id);
  for (const auto& [bucket, offset] : snapshot->tiered) {
    auto& out = *response.add_bucket_snapshots();
    out.set_bucket_id(bucket.bucket);
    out.set_log_offset(offset);
    if (!bucket.partition) continue;
    out.set_partition_id(bucket.partition->value);
    if (const PartitionInfo* partition = table->FindPartition(*bucket.partition))
      out.set_partition_name(partition->name);
  }
  return response;
}

}  // namespace weir
