// Which bucket a key belongs to. Clients decide it, servers never check it (except for their own
// writes), so these functions must agree with the official clients to the bit. Java:
// org.apache.fluss.bucketing.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "record/key_encoder.h"

namespace weir {

enum class Bucketing : uint8_t { kFluss, kPaimon, kIceberg, kHudi };

/// The function of a table with `table.datalake.format` = lake.
Bucketing ChooseBucketing(std::optional<LakeFormat> lake);

/// bucket_key  encoded by the table's bucket key format;  buckets >= 1
/// Errors  kInvalidTable  an empty key with a function that has none (Fluss, Iceberg), a Hudi key
/// that is not 4 bytes
Result<BucketId> BucketOf(Bucketing bucketing, BytesView bucket_key, int32_t buckets);

/// murmur3_x86_32 with seed 0, the hash of Iceberg's bucket transform (its specification, appendix B).
uint32_t Murmur3(BytesView bytes);

}  // namespace weir
