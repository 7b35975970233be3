// A number per bucket as a store record: producer offsets, leased snapshots. Internal to meta.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"

namespace weir {

struct BucketNumbers {
  int64_t expires_ms = 0;
  std::map<TableBucket, int64_t> numbers;
};

/// {"version":1,"expires":…,"buckets":[[table, partition or -1, bucket, number],…]}
std::string ToRecord(const BucketNumbers& value);
/// Errors  kStorage
Result<BucketNumbers> BucketNumbersFromRecord(std::string_view record);

}  // namespace weir
