#include "base/varint.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace weir {
namespace {

std::string Encoded(uint64_t value) {
  std::string out;
  AppendVarint64(out, value);
  return out;
}

TEST(Varint, HasTheBytesOfTheJavaClient) {  // fluss-client 1.0.0, test/wire/rows/vectors.txt
  EXPECT_EQ(ToHex(Encoded(static_cast<uint32_t>(-5))), "fbffffff0f");
  EXPECT_EQ(ToHex(Encoded(1234567890123)), "cb89ec8ff723");
  EXPECT_EQ(ToHex(Encoded(static_cast<uint64_t>(-12345))), "c79fffffffffffffff01");
  EXPECT_EQ(ToHex(Encoded(0)), "00");
  EXPECT_EQ(ToHex(Encoded(128)), "8001");
}

TEST(Varint, ReadsBackEveryLength) {
  for (int shift = 0; shift < 64; ++shift) {
    for (const uint64_t value :
         {uint64_t{1} << shift, (uint64_t{1} << shift) - 1, ~uint64_t{0} >> shift}) {
      const std::string bytes = Encoded(value);
      EXPECT_EQ(bytes.size(), VarintBytes(value));
      uint64_t read = 0;
      EXPECT_EQ(ReadVarint64(bytes.data(), bytes.data() + bytes.size(), read),
                bytes.data() + bytes.size());
      EXPECT_EQ(read, value);
      for (size_t cut = 0; cut < bytes.size(); ++cut) {
        EXPECT_EQ(ReadVarint64(bytes.data(), bytes.data() + cut, read), nullptr);
      }
    }
  }
}

TEST(Varint, RefusesNumbersLongerThanTheirType) {
  const auto read32 = [](std::string_view hex) {
    const std::string bytes = *FromHex(hex);
    uint32_t value = 0;
    return ReadVarint32(bytes.data(), bytes.data() + bytes.size(), value) != nullptr;
  };
  EXPECT_TRUE(read32("ffffffff0f"));
  EXPECT_FALSE(read32("ffffffff10"));
  EXPECT_FALSE(read32("808080808000"));
  EXPECT_FALSE(read32("80"));
  EXPECT_FALSE(read32(""));
}

}  // namespace
}  // namespace weir
