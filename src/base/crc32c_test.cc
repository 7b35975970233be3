#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <random>

namespace weir {
namespace {

std::string Sequence(char first, char step) {
  std::string out(32, first);
  for (size_t i = 1; i < out.size(); ++i) out[i] = static_cast<char>(out[i - 1] + step);
  return out;
}

/// One bit at a time, as RFC 3720 defines it.
uint32_t ByTheBook(BytesView bytes) {
  uint32_t crc = ~0u;
  for (const char byte : bytes) {
    crc ^= static_cast<uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
  }
  return ~crc;
}

TEST(Crc32c, HasTheExamplesOfRfc3720) {  // appendix B.4
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(Crc32c(Sequence(0, 1)), 0x46dd794eu);
  EXPECT_EQ(Crc32c(Sequence(31, -1)), 0x113fdb5cu);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(""), 0u);
}

TEST(Crc32c, EveryMethodAgreesAtEveryLengthAndAlignment) {
  std::mt19937 random(1);
  std::string bytes(20'000, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  for (size_t length = 0; length < 15'000; length += length < 700 ? 1 : 41) {
    const BytesView part = BytesView(bytes).substr(random() % 64, length);
    const uint32_t expected = ByTheBook(part);
    EXPECT_EQ(Crc32c(part), expected) << length;
    for (const auto method :
         {Crc32cMethod::kInstruction, Crc32cMethod::kThreeRuns, Crc32cMethod::kVpclmul}) {
      EXPECT_EQ(ExtendCrc32cWith(method, 0, part), expected)
          << length << " method " << static_cast<int>(method);
    }
  }
}

TEST(Crc32c, MayBeComputedInPieces) {
  std::mt19937 random(2);
  std::string bytes(3000, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  const uint32_t whole = Crc32c(bytes);
  for (size_t cut = 0; cut <= bytes.size(); cut += 37) {
    EXPECT_EQ(ExtendCrc32c(Crc32c(BytesView(bytes).substr(0, cut)), BytesView(bytes).substr(cut)),
              whole);
  }
}

}  // namespace
}  // namespace weir
