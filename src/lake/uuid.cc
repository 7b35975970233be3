#include <fmt/format.h>
#include <openssl/rand.h>

#include <array>

#include "base/check.h"
#include "lake/table_metadata.h"

namespace weir::iceberg {

// Source: RFC 9562, section 5.4.
std::string NewUuid() {
  constexpr size_t kVersionByte = 6;
  constexpr size_t kVariantByte = 8;
  std::array<uint8_t, 16> bytes{};
  WEIR_CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  bytes[kVersionByte] = static_cast<uint8_t>((bytes[kVersionByte] & 0x0f) | 0x40);
  bytes[kVariantByte] = static_cast<uint8_t>((bytes[kVariantByte] & 0x3f) | 0x80);
  std::string out;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += fmt::format("{:02x}", bytes[i]);
  }
  return out;
}

}  // namespace weir::iceberg
