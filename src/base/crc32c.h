// CRC-32C (Castagnoli), the checksum of log batches, KV batches and the journal. Pure functions,
// any thread.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace weir {

/// Continue `crc`, the value for the bytes before, with `bytes`. Crc32c(ab) ==
/// ExtendCrc32c(Crc32c(a), b). Takes the fastest method this processor has; see crc32c_bench.cc.
uint32_t ExtendCrc32c(uint32_t crc, BytesView bytes);

inline uint32_t Crc32c(BytesView bytes) { return ExtendCrc32c(0, bytes); }

/// For tests and benches: one method by name; kVpclmul falls back where the processor lacks it.
enum class Crc32cMethod { kInstruction, kThreeRuns, kVpclmul };
uint32_t ExtendCrc32cWith(Crc32cMethod method, uint32_t crc, BytesView bytes);

}  // namespace weir
