// LIMIT_SCAN: some rows of one bucket, for `LIMIT n`. Log tables: the batches that hold the last n
// offsets; primary-key tables: the first n rows in key order, as a value batch, or an error when
// they are too large: clients take a short answer for all there is. Errors are in the body. Source:
// Fluss 545c5539 TabletService.limitScan, ReplicaManager.limitScan
#include "handlers/bucket_calls.h"
#include "handlers/bucket_reply.h"
#include "handlers/handlers.h"
#include "tablet/kv_tablet.h"
#include "tablet/tablet.h"

namespace weir {
namespace {

constexpr int64_t kLogBytesMax = 16 * MiB;
constexpr int64_t kRowsBytesMax = 256 * MiB;  // as of LOOKUP

struct Scanned {
  bool is_log_table = false;
  LogSlice slice;       // of a log table
  std::string records;  // of a primary-key table
};

Result<Scanned> ScanLog(LogTablet& log, int64_t limit) {
  const Offset from = std::max(log.start_offset(), log.high_watermark() - limit);
  ASSIGN_OR_RETURN(LogSlice slice, log.Read(from, kLogBytesMax));
  return Scanned{.is_log_table = true, .slice = std::move(slice)};
}

Pieces Encode(const Result<Scanned>& scanned) {
  Pieces reply = StartReply(64);
  std::string& out = reply.Tail();
  if (!scanned.ok()) {
    AppendIntField(out, 1, static_cast<int32_t>(WireCode(scanned.error().code)));
    AppendBytesField(out, 2, scanned.error().message);
    return reply;
  }
  AppendIntField(out, 3, scanned->is_log_table ? 1 : 0);
  if (!scanned->is_log_table) {
    AppendBytesField(out, 4, scanned->records);
    return reply;
  }
  AppendLengthPrefix(out, 4, scanned->slice.bytes);
  if (!scanned->slice.empty()) {
    reply.Add(FileRange{.owner = scanned->slice.file,
                        .fd = scanned->slice.file->fd(),
                        .offset = scanned->slice.position,
                        .length = scanned->slice.bytes});
  }
  return reply;
}

}  // namespace

Task<Result<Pieces>> LimitScan(RequestContext& context, SharedBytes body) {
  pb::LimitScanRequest request;
  if (!request.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    context.CloseAfterAnswer();
    co_return Fail(ErrorCode::kCorruptMessage, "the body is not a LimitScanRequest: bytes={}",
                   body.size());
  }
  const TableId table{request.table_id()};
  CO_RETURN_IF_ERROR(context.AuthorizeTable(Operation::kRead, table));
  TableBucket bucket{table, std::nullopt, request.bucket_id()};
  if (request.has_partition_id()) bucket.partition = PartitionId{request.partition_id()};

  const auto scans = co_await CallBuckets<Scanned>(
      context, {bucket}, kNoAckTimeout,
      [limit = std::max(request.limit(), 0)](const Result<std::shared_ptr<Tablet>>& tablet, size_t,
                                             const BucketAnswer<Scanned>& answer) {
        if (!tablet.ok()) return answer(Forward(tablet));
        if ((*tablet)->kv == nullptr) return answer(ScanLog(*(*tablet)->log, limit));
        Result<LimitScanResult> rows = (*tablet)->kv->LimitScan(limit, kRowsBytesMax);
        if (!rows.ok()) return answer(Forward(std::move(rows)));
        AnswerWhenDurable(*(*tablet)->log, rows->readable_at,
                          Scanned{.records = std::move(rows->records)}, answer);
      });
  co_return Encode(scans.front());
}

}  // namespace weir
