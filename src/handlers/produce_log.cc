// PRODUCE_LOG: append batches to the logs of a table's buckets. A bucket that fails carries its own
// error code; it never fails the request. acks -1 answers when the batch is as durable as the table
// promises, 0 and 1 when it is appended; there is always an answer. Source: Fluss 545c5539
// TabletService.produceLog, ReplicaManager.
#include "handlers/bucket_calls.h"
#include "handlers/bucket_reply.h"
#include "handlers/handlers.h"
#include "record/arrow_batch_check.h"
#include "record/log_batch.h"
#include "record/row_log_batch.h"
#include "tablet/tablet.h"
#include "wire/hot_requests.h"

namespace weir {
namespace {

constexpr uint32_t kArrowContinuation =
    0xffffffff;  // the first bytes of an ARROW message, and of no row

bool LooksLikeArrow(const LogBatchView& batch) {
  const BytesView body = batch.arrow_message();
  return body.size() >= sizeof(kArrowContinuation) &&
         LoadLe<uint32_t>(body.data()) == kArrowContinuation;
}

/// Refuse what readers of the table could not read. The upstream server stores it.
Status CheckFormat(const TableInfo& table, BytesView records) {
  LogBatches batches(records);
  while (true) {
    const auto batch = batches.Next();
    if (!batch.ok()) return Fail(ErrorCode::kCorruptRecord, "{}", batch.error().message);
    if (!*batch) break;
    const SchemaId id = (*batch)->header().schema_id;
    const auto schema = table.FindSchema(id);
    if (schema == nullptr) {
      return Fail(ErrorCode::kSchemaNotExist, "the table has no such schema: table={} schema_id={}",
                  table.path.ToString(), id.value);
    }
    const bool arrow = table.config.log_format == LogFormat::kArrow;
    // fluss-rs 1.0.0 sends ARROW whatever the table's format. Not CORRUPT_RECORD: clients retry
    // that for ever.
    if (!arrow && !(*batch)->empty() && LooksLikeArrow(**batch)) {
      return Fail(ErrorCode::kInvalidTable,
                  "an ARROW batch for a table in another log format: table={}",
                  table.path.ToString());
    }
    const Status fits =
        arrow ? CheckArrowAppend(**batch, ArrowLayout(*schema)) : CheckRowAppend(**batch);
    if (!fits.ok()) {
      return Fail(ErrorCode::kCorruptRecord,
                  "the batch does not fit the table's log format: table={} format={}: {}",
                  table.path.ToString(), arrow ? "ARROW" : "rows", fits.error().message);
    }
  }
  return {};
}

Result<Appended> Append(const Tablet& tablet, SharedBytes records) {
  if (tablet.kv != nullptr || tablet.table->has_primary_key()) {
    return Fail(ErrorCode::kInvalidTable,
                "a primary-key table takes upserts, not appends: table={}",
                tablet.table->path.ToString());
  }
  RETURN_IF_ERROR(CheckFormat(*tablet.table, records.view()));
  return tablet.log->Append(std::move(records));
}

std::string EncodeBucket(const RecordsForBucket& request, const Result<Appended>& outcome) {
  std::string out;
  AppendBucketFields(out, request.partition, request.bucket);
  if (outcome.ok()) {
    AppendIntField(out, 5, outcome->base_offset);
  } else {
    AppendErrorFields(out, outcome.error());
  }
  if (request.original_partition_name) AppendBytesField(out, 6, *request.original_partition_name);
  return out;
}

}  // namespace

Task<Result<Pieces>> ProduceLog(RequestContext& context, SharedBytes body) {
  CO_ASSIGN_OR_RETURN(const ProduceLogMessage request,
                      Decode(context, body.view(), ParseProduceLog));
  CO_RETURN_IF_ERROR(context.AuthorizeTable(Operation::kWrite, request.table));
  CO_RETURN_IF_ERROR(CheckAcks(request.acks));

  std::vector<TableBucket> buckets;
  std::vector<SharedBytes> records;
  for (const RecordsForBucket& bucket : request.buckets) {
    buckets.push_back({request.table, bucket.partition, bucket.bucket});
    records.push_back(body.Slice(bucket.records));
  }
  const bool wait = request.acks == -1;
  const auto outcomes = co_await CallBuckets<Appended>(
      context, std::move(buckets), AckTimeout(request.acks, request.timeout_ms, kNoAckTimeout),
      [records = std::move(records), wait](const Result<std::shared_ptr<Tablet>>& tablet,
                                           size_t index, const BucketAnswer<Appended>& answer) {
        if (!tablet.ok()) return answer(Forward(tablet));
        Result<Appended> appended = Append(**tablet, records[index]);
        if (!appended.ok() || !wait) return answer(std::move(appended));
        AnswerWhenDurable(*(*tablet)->log, appended->last_offset + 1, *appended, answer);
      });

  Pieces reply = StartReply(32 * outcomes.size());
  for (size_t i = 0; i < outcomes.size(); ++i) {
    AppendBytesField(reply.Tail(), 1, EncodeBucket(request.buckets[i], outcomes[i]));
  }
  co_return reply;
}

}  // namespace weir
