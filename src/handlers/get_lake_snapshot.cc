// GET_LAKE_SNAPSHOT: which lake snapshot a reader may start from, and where the log goes on after it.
// Source: Fluss 545c5539 RpcServiceBase.getLakeSnapshot
#include "handlers/bucket_calls.h"
#include "handlers/catalog_requests.h"
#include "tablet/tablet.h"
#include "tiering/tiering_round.h"

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

/// Add the buckets that the lake knows nothing of and whose log has nothing to read now: covered up to its end.
/// The Flink connector (0.9.1) reads every other bucket's log from its start to the end it is told, and waits for
/// ever for the last row of an empty one. Only for tables without keys: the lake of one with keys may lack rows that
/// its log no longer has.
Task<LakeOffsets> WithEmptyBuckets(RequestContext& context, const TableInfo& table,
                                   LakeOffsets tiered) {
  std::vector<TableBucket> unknown = BucketsOf(table);
  std::erase_if(unknown, [&tiered](const TableBucket& bucket) { return tiered.contains(bucket); });
  const auto ends = co_await CallBuckets<std::optional<Offset>>(
      context, unknown, kNoAckTimeout,
      [](const Result<std::shared_ptr<Tablet>>& tablet, size_t,
         const BucketAnswer<std::optional<Offset>>& answer) {
        if (!tablet.ok()) return answer(Forward(tablet));
        const LogTablet& log = *(*tablet)->log;
        answer(log.row_count() == 0 ? std::optional(log.high_watermark()) : std::nullopt);
      });
  for (size_t i = 0; i < ends.size(); ++i) {
    if (ends[i].ok() && *ends[i]) tiered[unknown[i]] = **ends[i];
  }
  co_return tiered;
}

}  // namespace

Task<Result<pb::GetLakeSnapshotResponse>> GetLakeSnapshot(
    RequestContext& context, const pb::GetLakeSnapshotRequest& request) {
  if (request.readable() && request.has_snapshot_id()) {
    co_return Fail(ErrorCode::kUnknownServerError,
                   "a lake snapshot is asked for by id or as the readable one, not both");
  }
  CO_ASSIGN_OR_RETURN(const TableRef table,
                      CatalogOf(context).GetTable(ToTablePath(request.table_path())));
  auto snapshot = Find(CatalogOf(context).lake_snapshots(), table->id, request);
  if (!snapshot) {
    co_return Fail(ErrorCode::kLakeSnapshotNotExist, "table '{}' has no {}lake snapshot",
                   table->path.ToString(), request.readable() ? "readable " : "");
  }
  if (request.readable() && !table->has_primary_key())
    snapshot->tiered = co_await WithEmptyBuckets(context, *table, std::move(snapshot->tiered));
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
  co_return response;
}

}  // namespace weir
