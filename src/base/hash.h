// Fast non-cryptographic hashing of bytes for tables in memory. The value is not stable between
// versions: never store it. (Fluss' own bucketing hashes are in record/bucketing.h.)
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace weir {

uint64_t HashBytes(BytesView bytes, uint64_t seed = 0);

}  // namespace weir
