// LIST_OFFSETS: where a bucket's log starts, ends, or first reaches a timestamp.
// A bucket that fails carries its own error code; it never fails the request.
// Source: Fluss 545c5539 TabletService.listOffsets, Replica.getOffset
#include "handlers/bucket_calls.h"
#include "handlers/bucket_reply.h"
#include "handlers/handlers.h"
#include "tablet/tablet.h"

namespace weir {
namespace {

enum OffsetType { kEarliest = 0, kLatest = 1, kTimestamp = 2, kEndOffset = 3 };

Result<Offset> Find(LogTablet& log, const pb::ListOffsetsRequest& request) {
  switch (request.offset_type()) {
    case kEarliest:
      return log.FindOffset({.kind = OffsetSpec::Kind::kEarliest});
    case kLatest:
      return log.FindOffset({.kind = OffsetSpec::Kind::kLatest});
    case kTimestamp:
      if (!request.has_starttimestamp()) {
        return Fail(ErrorCode::kInvalidTimestamp, "an offset by time needs the time");
      }
      return log.FindOffset(
          {.kind = OffsetSpec::Kind::kTimestamp, .timestamp_ms = request.starttimestamp()});
    case kEndOffset:
      return log.end_offset();
    default:
      return Fail(ErrorCode::kUnknownServerError, "unknown offset type: offset_type={}",
                  request.offset_type());
  }
}

}  // namespace

Task<Result<pb::ListOffsetsResponse>> ListOffsets(RequestContext& context,
                                                  const pb::ListOffsetsRequest& request) {
  std::vector<TableBucket> buckets;
  for (const int32_t bucket : request.bucket_id()) {
    buckets.push_back({TableId{request.table_id()}, std::nullopt, bucket});
    if (request.has_partition_id()) buckets.back().partition = PartitionId{request.partition_id()};
  }
  const auto offsets = co_await CallBuckets<Offset>(
      context, std::move(buckets), kNoAckTimeout,
      [request](const Result<std::shared_ptr<Tablet>>& tablet, size_t,
                const BucketAnswer<Offset>& answer) {
        answer(tablet.ok() ? Find(*(*tablet)->log, request) : Forward(tablet));
      });

  pb::ListOffsetsResponse response;
  for (size_t i = 0; i < offsets.size(); ++i) {
    auto& bucket = *response.add_buckets_resp();
    bucket.set_bucket_id(request.bucket_id(static_cast<int>(i)));
    if (offsets[i].ok()) {
      bucket.set_offset(*offsets[i]);
    } else {
      SetError(bucket, offsets[i].error());
    }
  }
  co_return response;
}

}  // namespace weir
