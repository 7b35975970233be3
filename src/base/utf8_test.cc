#include "base/utf8.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

// The boundary cases of Unicode table 3-7 (well-formed UTF-8 byte sequences).
TEST(Utf8, WellFormedTextIsAccepted) {
  for (const BytesView text :
       {"", "a", "plain text of more than eight bytes", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
        "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
        "h\xc3\xa9 and 1234567 \xe2\x82\xac"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
  }
}

TEST(Utf8, IllFormedTextIsRefused) {
  for (const BytesView text :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x7f", "\xe0\x9f\xbf", "\xe0\xa0",
        "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
        "1234567\xc2", "12345678\x80"}) {
    EXPECT_FALSE(IsUtf8(text));
  }
}

TEST(Utf8, WhatIsNotBecomesAscii) {
  EXPECT_EQ(ToUtf8("caf\xc3\xa9"), "caf\xc3\xa9");
  EXPECT_EQ(ToUtf8("caf\xe9 \xc3\xa9"), "caf? ??");
}

}  // namespace
}  // namespace weir
