// The log of a table, read forward: append-only rows of a log table, the changelog of a primary-key
// table.
//   ASSIGN_OR_RETURN(auto scanner, LogScanner::Open(client, table, {.columns = {0, 3}}));
//   scanner->Subscribe(bucket, 0);
//   RETURN_IF_ERROR(scanner->Poll([](const ScannedRow& row) { ... return Status(); }));
// One thread; uses the client's connections during Poll, so nobody else may.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "client/fluss_client.h"
#include "record/arrow_batch_reader.h"
#include "record/change_type.h"
#include "record/log_batch.h"
#include "record/row_format.h"
#include "record/value.h"

namespace weir {

struct LogScanOptions {
  std::vector<int> columns;  // positions, strictly ascending; empty: all. ARROW tables only
  int32_t bytes_max = 16 * MiB;
  int32_t bucket_bytes_max = 4 * MiB;
  std::chrono::milliseconds wait_max{500};
};

struct ScannedRow {
  TableBucket bucket;
  Offset offset;
  int64_t timestamp_ms;  // when the server took it
  ChangeType change;
  std::span<const Value> values;  // of the columns asked for; valid during the call
};

class LogScanner {
 public:
  static Result<std::unique_ptr<LogScanner>> Open(FlussClient& client, TableRef table,
                                                  LogScanOptions options);
  ~LogScanner();

  /// Read `bucket` from `offset` on.
  void Subscribe(const TableBucket& bucket, Offset offset) { positions_[bucket] = offset; }
  void Unsubscribe(const TableBucket& bucket) { positions_.erase(bucket); }
  const std::map<TableBucket, Offset>& positions() const { return positions_; }

  /// Fetch once from every subscribed bucket, waiting up to wait_max for data, and hand over the
  /// rows. Returns how many rows there were. When `take` fails, the rows after that one are read
  /// again next time. Errors  kLogOffsetOutOfRange and others of the server; what `take` returned
  Result<int64_t> Poll(const std::function<Status(const ScannedRow&)>& take);

 private:
  class Decoder;

  LogScanner(FlussClient& client, TableRef table, LogScanOptions options);
  Result<int64_t> TakeRecords(const TableBucket& bucket, BytesView records,
                              const std::function<Status(const ScannedRow&)>& take);
  Result<Decoder*> DecoderOf(SchemaId schema_id);

  FlussClient& client_;
  const TableRef table_;
  const LogScanOptions options_;
  std::map<TableBucket, Offset> positions_;
  std::map<SchemaId, std::unique_ptr<Decoder>> decoders_;
};

}  // namespace weir
