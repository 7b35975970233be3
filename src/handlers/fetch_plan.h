// What one FETCH_LOG asks of one bucket, and what the bucket's shard found: ranges of the segment
// file to send as they lie, or for a projection, pieces cut from it. See fetch_log.cc for waiting
// and limits.
#pragma once

#include <memory>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "rpc/api.h"
#include "tablet/tablet.h"

namespace weir {

/// FETCH_LOG's fetch_offset for "wherever the log starts".
inline constexpr Offset kFromEarliest = -2;

struct FetchSpec {
  TableBucket bucket;
  Offset from = 0;  // or kFromEarliest
  int64_t bytes_max = 0;
  std::shared_ptr<const std::vector<int32_t>> projection;  // column positions; null: all columns
};

struct Fetched {
  Offset high_watermark = 0;
  Offset next = 0;  // news for this reader are offsets from here on
  Pieces records;
  int64_t bytes = 0;  // of records
};

/// Read whole batches from `spec.from` up to the high watermark. On the shard that owns the bucket.
/// Errors  kLogOffsetOutOfRange, kInvalidColumnProjection, kLogStorage, kCorruptMessage
Result<Fetched> FetchBucketLog(const Tablet& tablet, const FetchSpec& spec);

/// The same without reading: where the bucket is.
Result<Fetched> LookAtBucketLog(const Tablet& tablet, const FetchSpec& spec);

}  // namespace weir
