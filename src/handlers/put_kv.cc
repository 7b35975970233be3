// PUT_KV: upsert and delete rows of a primary-key table, whole or partial. Answered with the
// changelog's next offset when that is as durable as the table promises (acks -1) or applied (0,
// 1). Source: Fluss 545c5539 TabletService.putKv, KvTablet.
#include "handlers/bucket_calls.h"
#include "handlers/bucket_reply.h"
#include "handlers/handlers.h"
#include "handlers/key_version.h"
#include "tablet/kv_tablet.h"
#include "tablet/tablet.h"
#include "wire/hot_requests.h"

namespace weir {
namespace {

// The first version whose clients know STORAGE_BACKPRESSURE; older ones retry on KV_STORAGE.
constexpr int16_t kBackpressureVersion = 2;

/// What all buckets of the request share on their shards.
struct Shared {
  SharedBytes body;  // keeps the records alive
  PutKvMessage request;
  int16_t version;
};

Result<PutResult> Put(const Tablet& tablet, const Shared& shared, size_t index) {
  if (tablet.kv == nullptr) {
    return Fail(ErrorCode::kNonPrimaryKeyTable, "not a primary-key table: table={}",
                tablet.table->path.ToString());
  }
  RETURN_IF_ERROR(CheckKeyVersion(*tablet.table, shared.version));
  return tablet.kv->Put(shared.request.buckets[index].records,
                        {.target_columns = shared.request.target_columns,
                         .merge_mode = static_cast<MergeMode>(shared.request.agg_mode)});
}

std::string EncodeBucket(const RecordsForBucket& request, const Result<PutResult>& outcome,
                         int16_t version) {
  std::string out;
  AppendBucketFields(out, request.partition, request.bucket);
  if (outcome.ok()) {
    AppendIntField(out, 5, outcome->end_offset);
  } else {
    Error error = outcome.error();
    if (error.code == ErrorCode::kStorageBackpressure && version < kBackpressureVersion) {
      error.code = ErrorCode::kKvStorage;
    }
    AppendErrorFields(out, error);
  }
  if (request.original_partition_name) AppendBytesField(out, 7, *request.original_partition_name);
  return out;
}

}  // namespace

Task<Result<Pieces>> PutKv(RequestContext& context, SharedBytes body) {
  CO_ASSIGN_OR_RETURN(PutKvMessage request, Decode(context, body.view(), ParsePutKv));
  CO_RETURN_IF_ERROR(context.AuthorizeTable(Operation::kWrite, request.table));
  CO_RETURN_IF_ERROR(CheckAcks(request.acks));
  if (request.agg_mode != 0 && request.agg_mode != 1) {
    co_return Fail(ErrorCode::kUnsupportedVersion, "unknown agg_mode: agg_mode={}",
                   request.agg_mode);
  }

  std::vector<TableBucket> buckets;
  for (const RecordsForBucket& bucket : request.buckets) {
    buckets.push_back({request.table, bucket.partition, bucket.bucket});
  }
  const auto shared = std::make_shared<const Shared>(
      Shared{std::move(body), std::move(request), context.version()});
  const auto outcomes = co_await CallBuckets<PutResult>(
      context, std::move(buckets),
      AckTimeout(shared->request.acks, shared->request.timeout_ms, kNoAckTimeout),
      [shared](const Result<std::shared_ptr<Tablet>>& tablet, size_t index,
               const BucketAnswer<PutResult>& answer) {
        if (!tablet.ok()) return answer(Forward(tablet));
        Result<PutResult> put = Put(**tablet, *shared, index);
        if (!put.ok() || shared->request.acks != -1) return answer(std::move(put));
        AnswerWhenDurable(*(*tablet)->log, put->end_offset, *put, answer);
      });

  Pieces reply = StartReply(32 * outcomes.size());
  for (size_t i = 0; i < outcomes.size(); ++i) {
    AppendBytesField(reply.Tail(), 1,
                     EncodeBucket(shared->request.buckets[i], outcomes[i], context.version()));
  }
  co_return reply;
}

}  // namespace weir
