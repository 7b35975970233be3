// What SQL does with buckets, as blocking calls: a statement runs on a thread of its own and waits
// for shards. An interface so that the engine can be tested without tablets; the real one is
// MakeTabletBuckets. Thread: any that may block, several at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"

namespace weir {

class Tablets;

/// Where a bucket's log starts and how far it may be read.
struct LogRange {
  Offset start = 0;
  Offset end = 0;                             // the high watermark
  std::shared_ptr<const void> pin = nullptr;  // while it lives, retention leaves the range alone
};

/// Rows of a primary-key bucket at one moment; more follow while `scanner_id` is not empty.
struct BucketScan {
  std::string scanner_id;
  std::string records;        // a value batch (record/value_batch.h); empty without rows
  int64_t rows_estimate = 0;  // of the whole bucket; first page only
};

/// A batch for one bucket.
struct BucketWrite {
  TableBucket bucket;
  SharedBytes batch;
};

class SqlBuckets {
 public:
  virtual ~SqlBuckets() = default;

  /// The ranges of all `buckets`, asked for together.
  virtual Result<std::vector<LogRange>> Ranges(std::span<const TableBucket> buckets) = 0;

  /// Per bucket the first offset whose commit timestamp is `ms` or later; the high watermark when
  /// there is none.
  virtual Result<std::vector<Offset>> OffsetsAt(std::span<const TableBucket> buckets,
                                                int64_t ms) = 0;

  /// Whole log batches, the first of which contains `from`; none when `from` is the high watermark.
  virtual Result<SharedBytes> ReadLog(const TableBucket& bucket, Offset from,
                                      int64_t bytes_max) = 0;

  /// Fix the states of all `buckets` together and return their first pages. Only acknowledged rows.
  virtual Result<std::vector<BucketScan>> OpenScans(std::span<const TableBucket> buckets,
                                                    int64_t bytes_max) = 0;
  /// sequence  1 for the page after the first, and so on
  virtual Result<BucketScan> ContinueScan(const TableBucket& bucket, std::string_view scanner_id,
                                          int32_t sequence, int64_t bytes_max) = 0;
  virtual void CloseScan(const TableBucket& bucket, std::string_view scanner_id) = 0;

  /// The stored value (schema id, row) of each encoded key, absent when there is none.
  virtual Result<std::vector<std::optional<std::string>>> Lookup(
      const TableBucket& bucket, std::span<const std::string> keys) = 0;

  /// Append log batches, one or more per bucket, and wait until they are as durable as the table
  /// promises.
  virtual Status Append(std::vector<BucketWrite> writes) = 0;
  /// Put KV batches likewise; `target_columns` as in PUT_KV, empty for whole rows.
  virtual Status Put(std::vector<BucketWrite> writes, std::vector<int32_t> target_columns) = 0;
};

/// The buckets of this server. `tablets` must outlive the result.
std::unique_ptr<SqlBuckets> MakeTabletBuckets(Tablets& tablets);

}  // namespace weir
