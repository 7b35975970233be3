// The load of `weir bench`: rows of about 200 bytes (a BIGINT key, an INT, a DOUBLE, a TIMESTAMP
// and random text), encoded before the clock starts, so that the server is what is measured.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/fluss_client.h"

namespace weir {

struct BenchOptions {
  std::string server;      // "" starts one
  int64_t server_pid = 0;  // of `server`, when its CPU time should be measured
  std::string data_dir;    // of the server it starts; "" is a temporary folder that is removed
  double seconds = 3;      // of each operation
  int64_t rows = 500'000;  // in the tables that are read; keys of the primary-key table
  int32_t row_bytes = 200;
  int32_t columns = 10;
  int32_t buckets = 1;
  int32_t window = 8;  // requests under way
  int64_t batch_bytes = 512 * KiB;
  std::string compression = "ZSTD";
};

/// A batch ready to be sent.
struct EncodedBatch {
  BucketId bucket = 0;
  int64_t rows = 0;
  std::string bytes;
};

enum class KeyOrder { kAscending, kRandom };

/// Make an empty log or primary-key table with the bench's columns in database `bench`.
Result<TableRef> CreateBenchTable(FlussClient& client, const std::string& name, bool primary_key,
                                  const BenchOptions& options);

/// Log batches of `rows` rows, not idempotent, so that they can be sent again and again.
Result<std::vector<EncodedBatch>> EncodeLogBatches(const TableInfo& table, int64_t rows,
                                                   const BenchOptions& options);

/// Upserts of `rows` rows with keys in [0, keys).
Result<std::vector<EncodedBatch>> EncodeUpserts(const TableRef& table, int64_t rows, int64_t keys,
                                                KeyOrder order, const BenchOptions& options);

/// The encoded key `number` and its bucket.
class BenchKeys {
 public:
  static Result<BenchKeys> Make(const TableRef& table);
  /// key  overwritten
  Result<BucketId> Encode(int64_t number, std::string& key);

 private:
  std::shared_ptr<class RowRouter> router_;
  std::vector<Value> row_;
};

}  // namespace weir
