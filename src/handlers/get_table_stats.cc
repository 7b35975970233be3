// GET_TABLE_STATS: how many rows each bucket has. Log tables: offsets between start and high
// watermark; primary-key tables: live keys, exact. Source: Fluss 545c5539
// TabletService.getTableStats
#include "handlers/bucket_calls.h"
#include "handlers/bucket_reply.h"
#include "handlers/handlers.h"
#include "tablet/kv_tablet.h"
#include "tablet/tablet.h"

namespace weir {

Task<Result<pb::GetTableStatsResponse>> GetTableStats(RequestContext& context,
                                                      const pb::GetTableStatsRequest& request) {
  std::vector<TableBucket> buckets;
  for (const auto& bucket : request.buckets_req()) {
    buckets.push_back({TableId{request.table_id()}, std::nullopt, bucket.bucket_id()});
    if (bucket.has_partition_id()) buckets.back().partition = PartitionId{bucket.partition_id()};
  }
  const auto counts = co_await CallBuckets<int64_t>(
      context, std::move(buckets), kNoAckTimeout,
      [](const Result<std::shared_ptr<Tablet>>& tablet, size_t,
         const BucketAnswer<int64_t>& answer) {
        if (!tablet.ok()) return answer(Forward(tablet));
        answer((*tablet)->kv != nullptr ? (*tablet)->kv->RowCount()
                                        : Result<int64_t>((*tablet)->log->row_count()));
      });

  pb::GetTableStatsResponse response;
  for (size_t i = 0; i < counts.size(); ++i) {
    const auto& asked = request.buckets_req(static_cast<int>(i));
    auto& bucket = *response.add_buckets_resp();
    bucket.set_bucket_id(asked.bucket_id());
    if (asked.has_partition_id()) bucket.set_partition_id(asked.partition_id());
    if (counts[i].ok()) {
      bucket.set_row_count(*counts[i]);
    } else {
      SetError(bucket, counts[i].error());
    }
  }
  co_return response;
}

}  // namespace weir
