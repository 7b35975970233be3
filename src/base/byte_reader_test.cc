#include "base/byte_reader.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace weir {
namespace {

TEST(ByteReader, ReadsEveryKindInOrder) {
  const std::string bytes = *FromHex(
      "01000000"
      "00000002"
      "05"
      "8001"
      "026869"
      "7a7a");
  ByteReader in(bytes);
  EXPECT_EQ(in.Le<int32_t>(), 1);
  EXPECT_EQ(in.Be<int32_t>(), 2);
  EXPECT_EQ(in.Varint32(), 5);
  EXPECT_EQ(in.Varint64(), 128);
  EXPECT_EQ(in.VarBytes(), "hi");
  EXPECT_EQ(in.position(), 14u);
  EXPECT_EQ(in.rest(), "zz");
  EXPECT_TRUE(in.ok());
}

TEST(ByteReader, AReadPastTheEndGivesZeroAndSticks) {
  ByteReader in(BytesView("\1\2\3", 3));
  EXPECT_EQ(in.Le<int32_t>(), 0);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.Le<int8_t>(), 0);
  EXPECT_EQ(in.remaining(), 0u);
  EXPECT_FALSE(in.ok());
}

TEST(ByteReader, NegativeAndOversizedCountsBreakIt) {
  for (const int64_t count : {int64_t{-1}, int64_t{4}, INT64_MAX, INT64_MIN}) {
    ByteReader in(BytesView("abc", 3));
    EXPECT_EQ(in.Bytes(count), "");
    EXPECT_FALSE(in.ok());
  }
}

TEST(ByteReader, EmptyInputIsFineUntilRead) {
  ByteReader in("");
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.Bytes(0), "");
  EXPECT_TRUE(in.ok());
  in.Varint32();
  EXPECT_FALSE(in.ok());
}

}  // namespace
}  // namespace weir
