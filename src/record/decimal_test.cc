#include "record/decimal.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "base/matchers.h"

namespace weir {
namespace {

std::string BytesHex(Int128 unscaled) {
  char bytes[kDecimalBytesMax];
  return ToHex(BytesView(bytes, DecimalToBytes(unscaled, bytes)));
}

Int128 Parse(std::string_view text, int32_t scale = 0) {
  return DecimalFromText(text, 38, scale).value();
}

TEST(Decimal, BytesAreThoseOfBigInteger) {  // java.math.BigInteger.toByteArray
  EXPECT_EQ(BytesHex(0), "00");
  EXPECT_EQ(BytesHex(127), "7f");
  EXPECT_EQ(BytesHex(128), "0080");
  EXPECT_EQ(BytesHex(-1), "ff");
  EXPECT_EQ(BytesHex(-128), "80");
  EXPECT_EQ(BytesHex(-129), "ff7f");
  EXPECT_EQ(BytesHex(Parse("12345678901234567890123")), "029d42b64e76714244cb");
  EXPECT_EQ(BytesHex(Parse("99999999999999999999999999999999999999")),
            "4b3b4ca85a86c47a098a223fffffffff");
}

TEST(Decimal, BytesReadBack) {
  for (const Int128 value : {Int128{0}, Int128{-1}, Int128{255}, Int128{-256},
                             Parse("-99999999999999999999999999999999999999")}) {
    char bytes[kDecimalBytesMax];
    EXPECT_TRUE(DecimalFromBytes(BytesView(bytes, DecimalToBytes(value, bytes))).value() == value);
  }
  EXPECT_THAT(DecimalFromBytes(""), IsError(ErrorCode::kCorruptRecord));
  EXPECT_THAT(DecimalFromBytes(std::string(17, 'x')), IsError(ErrorCode::kCorruptRecord));
}

TEST(Decimal, Prints) {
  EXPECT_EQ(DecimalToText(-12345, 2), "-123.45");
  EXPECT_EQ(DecimalToText(5, 3), "0.005");
  EXPECT_EQ(DecimalToText(0, 0), "0");
  EXPECT_EQ(DecimalToText(0, 2), "0.00");
  EXPECT_EQ(DecimalToText(-7, 0), "-7");
}

TEST(Decimal, ParsesRoundingHalfUp) {
  EXPECT_EQ(DecimalToText(Parse("123.455", 2), 2), "123.46");
  EXPECT_EQ(DecimalToText(Parse("-123.454", 2), 2), "-123.45");
  EXPECT_EQ(DecimalToText(Parse("1e3", 2), 2), "1000.00");
  EXPECT_EQ(DecimalToText(Parse("12.5E-1", 2), 2), "1.25");
  EXPECT_EQ(DecimalToText(Parse("+.5", 1), 1), "0.5");
  EXPECT_EQ(DecimalToText(Parse("0.05", 1), 1), "0.1");
  EXPECT_EQ(DecimalToText(Parse("0.049", 1), 1), "0.0");
  EXPECT_EQ(DecimalToText(Parse("0e99999", 1), 1), "0.0");
}

TEST(Decimal, RefusesWhatIsNoNumberOrTooLarge) {
  for (const char* text : {"", ".", "-", "1x", "1..2", "1e", "e5", "1e9999999", " 1", "NaN"}) {
    EXPECT_THAT(DecimalFromText(text, 10, 2), IsError(ErrorCode::kCorruptRecord)) << text;
  }
  EXPECT_THAT(DecimalFromText("100000000", 10, 2), IsError(ErrorCode::kCorruptRecord));
  EXPECT_THAT(DecimalFromText("99999999.99", 10, 2), IsOk());
  EXPECT_THAT(DecimalFromText("99999999.995", 10, 2), IsError(ErrorCode::kCorruptRecord));
  EXPECT_THAT(DecimalFromText("1e99999", 38, 0), IsError(ErrorCode::kCorruptRecord));
}

}  // namespace
}  // namespace weir
