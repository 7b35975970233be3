#include "base/crc32c.h"

#include <nmmintrin.h>

#include "base/endian.h"

namespace weir {

uint32_t ExtendCrc32c(uint32_t crc, BytesView bytes) {
  uint64_t c = ~crc;
  const char* at = bytes.data();
  const char* end = at + bytes.size();
  for (; end - at >= 8; at += 8) c = _mm_crc32_u64(c, LoadLe<uint64_t>(at));
  for (; at != end; ++at) c = _mm_crc32_u8(static_cast<uint32_t>(c), static_cast<uint8_t>(*at));
  return ~static_cast<uint32_t>(c);
}

}  // namespace weir
