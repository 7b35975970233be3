// SCAN_KV: all rows of one bucket of a primary-key table, page by page over one consistent state.
// The id given to the client is the tablet's scanner id and the bucket it belongs to:
// "<id>@<table>.<partition or ->.<bucket>". Errors are in the body. Source: Fluss 545c5539
// TabletService.scanKv, ScannerManager
#include <charconv>

#include "handlers/bucket_calls.h"
#include "handlers/bucket_reply.h"
#include "handlers/handlers.h"
#include "tablet/kv_tablet.h"
#include "tablet/tablet.h"

namespace weir {
namespace {

struct ScannerName {
  std::string id;
  TableBucket bucket;
};

std::string ToText(const ScannerName& name) {
  const std::string partition =
      name.bucket.partition ? std::to_string(name.bucket.partition->value) : "-";
  return fmt::format("{}@{}.{}.{}", name.id, name.bucket.table.value, partition,
                     name.bucket.bucket);
}

template <class T>
bool ParseNumber(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

Result<ScannerName> ParseScannerName(std::string_view text) {
  const size_t at = text.find('@');
  const size_t dot = at == std::string_view::npos ? at : text.find('.', at);
  const size_t dot2 = dot == std::string_view::npos ? dot : text.find('.', dot + 1);
  ScannerName name;
  bool good = dot2 != std::string_view::npos;
  if (good) {
    name.id = text.substr(0, at);
    const std::string_view partition = text.substr(dot + 1, dot2 - dot - 1);
    int64_t number = 0;
    good = ParseNumber(text.substr(at + 1, dot - at - 1), name.bucket.table.value) &&
           (partition == "-" || ParseNumber(partition, number)) &&
           ParseNumber(text.substr(dot2 + 1), name.bucket.bucket);
    if (partition != "-") name.bucket.partition = PartitionId{number};
  }
  if (!good) return Fail(ErrorCode::kUnknownScannerId, "no such scanner");
  return name;
}

/// Which bucket, and the tablet's id of the scan when it goes on. Exactly one way of saying it is
/// allowed.
Result<ScannerName> WhatToScan(const pb::ScanKvRequest& request) {
  if (request.has_scanner_id() == request.has_bucket_scan_req()) {
    return Fail(ErrorCode::kInvalidScanRequest,
                "a scan is either opened with a bucket or continued with its id");
  }
  if (request.has_scanner_id()) return ParseScannerName(request.scanner_id());
  const auto& asked = request.bucket_scan_req();
  ScannerName name{.id = {},
                   .bucket = {TableId{asked.table_id()}, std::nullopt, asked.bucket_id()}};
  if (asked.has_partition_id()) name.bucket.partition = PartitionId{asked.partition_id()};
  return name;
}

Result<ScanPage> NextPage(KvTablet& kv, const ScannerName& name, const pb::ScanKvRequest& request) {
  if (request.close_scanner()) {
    kv.CloseScan(name.id);
    return ScanPage();
  }
  if (!name.id.empty())
    return kv.ContinueScan(name.id, request.call_seq_id(), request.batch_size_bytes());
  if (request.call_seq_id() != 0) {
    return Fail(ErrorCode::kInvalidScanRequest,
                "the first call of a scan has number 0: call_seq_id={}", request.call_seq_id());
  }
  KvScanOptions options{.bytes_max = request.batch_size_bytes()};
  if (request.bucket_scan_req().has_limit()) options.limit = request.bucket_scan_req().limit();
  return kv.OpenScan(options);
}

Task<Result<ScanPage>> Scan(RequestContext& context, const ScannerName& name,
                            const pb::ScanKvRequest& request) {
  auto pages = co_await CallBuckets<ScanPage>(
      context, {name.bucket}, kNoAckTimeout,
      [name, request](const Result<std::shared_ptr<Tablet>>& tablet, size_t,
                      const BucketAnswer<ScanPage>& answer) {
        if (!tablet.ok()) return answer(Forward(tablet));
        if ((*tablet)->kv == nullptr) {
          return answer(Fail(ErrorCode::kNonPrimaryKeyTable, "not a primary-key table"));
        }
        Result<ScanPage> page = NextPage(*(*tablet)->kv, name, request);
        if (!page.ok()) return answer(Forward(std::move(page)));
        const Offset readable_at = page->readable_at;
        AnswerWhenDurable(*(*tablet)->log, readable_at, std::move(*page), answer);
      });
  co_return std::move(pages.front());
}

}  // namespace

Task<Result<pb::ScanKvResponse>> ScanKv(RequestContext& context, const pb::ScanKvRequest& request) {
  pb::ScanKvResponse response;
  const Result<ScannerName> name = WhatToScan(request);
  if (!name.ok()) {
    // Closing what is not open is fine.
    if (!request.close_scanner()) SetError(response, name.error());
    co_return response;
  }
  CO_RETURN_IF_ERROR(context.AuthorizeTable(Operation::kRead, name->bucket.table));

  Result<ScanPage> page = co_await Scan(context, *name, request);
  if (!page.ok()) {
    SetError(response, page.error());
    co_return response;
  }
  if (request.close_scanner()) co_return response;
  response.set_has_more_results(page->has_more);
  if (!page->scanner_id.empty()) {
    response.set_scanner_id(ToText({.id = page->scanner_id, .bucket = name->bucket}));
  }
  if (!page->records.empty()) response.set_records(std::move(page->records));
  if (name->id.empty()) response.set_log_offset(page->log_offset);
  co_return response;
}

}  // namespace weir
