// ACQUIRE_, RELEASE_ and DROP_KV_SNAPSHOT_LEASE: a reader keeps the snapshots it reads from being
// deleted. Source: Fluss 545c5539 KvSnapshotLeaseManager
#include "handlers/catalog_requests.h"

namespace weir {

namespace {

/// The caller may read the table, and it has a primary key.
Status CheckLeasable(const RequestContext& context, int64_t table_id) {
  const TableId id{table_id};
  RETURN_IF_ERROR(context.AuthorizeTable(Operation::kRead, id));
  ASSIGN_OR_RETURN(const TableRef table, CatalogOf(context).GetTable(id));
  if (table->has_primary_key()) return {};
  return Fail(ErrorCode::kNonPrimaryKeyTable, "table '{}' has no primary key",
              table->path.ToString());
}

}  // namespace

Task<Result<pb::AcquireKvSnapshotLeaseResponse>> AcquireKvSnapshotLease(
    RequestContext& context, const pb::AcquireKvSnapshotLeaseRequest& request) {
  std::map<TableBucket, int64_t> snapshots;
  for (const auto& table : request.snapshots_to_lease()) {
    CO_RETURN_IF_ERROR(CheckLeasable(context, table.table_id()));
    for (const auto& bucket : table.bucket_snapshots()) {
      snapshots[ToTableBucket(table.table_id(), bucket)] = bucket.snapshot_id();
    }
  }
  co_return co_await AnswerChange<pb::AcquireKvSnapshotLeaseResponse>(
      context, [&](Catalog& catalog) {
        return catalog.snapshot_leases().Acquire(request.lease_id(), request.lease_duration_ms(),
                                                 snapshots);
      });
}

Task<Result<pb::ReleaseKvSnapshotLeaseResponse>> ReleaseKvSnapshotLease(
    RequestContext& context, const pb::ReleaseKvSnapshotLeaseRequest& request) {
  std::vector<TableBucket> buckets;
  for (const auto& bucket : request.buckets_to_release()) {
    CO_RETURN_IF_ERROR(CheckLeasable(context, bucket.table_id()));
    buckets.push_back(ToTableBucket(bucket.table_id(), bucket));
  }
  co_return co_await AnswerChange<pb::ReleaseKvSnapshotLeaseResponse>(
      context, [&](Catalog& catalog) {
        return catalog.snapshot_leases().Release(request.lease_id(), buckets);
      });
}

Task<Result<pb::DropKvSnapshotLeaseResponse>> DropKvSnapshotLease(
    RequestContext& context, const pb::DropKvSnapshotLeaseRequest& request) {
  for (const TableId table : CatalogOf(context).snapshot_leases().TablesOf(request.lease_id())) {
    CO_RETURN_IF_ERROR(context.AuthorizeTable(Operation::kRead, table));
  }
  co_return co_await AnswerChange<pb::DropKvSnapshotLeaseResponse>(context, [&](Catalog& catalog) {
    return catalog.snapshot_leases().Drop(request.lease_id());
  });
}

}  // namespace weir
