#include "sql/literal_value.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(LiteralValue, ReadsTimestampsAsMicrosecondsOfUtc) {
  // Expected values: python3 -c "datetime.fromisoformat(…).timestamp()" with UTC.
  const std::pair<const char*, int64_t> kCases[] = {
      {"1970-01-01", 0},
      {"2026-01-02", 1767312000000000},
      {"2026-01-02 03:04", 1767323040000000},
      {"2026-01-02T03:04:05Z", 1767323045000000},
      {"2026-01-02 03:04:05.6", 1767323045600000},
      {"1969-12-31 23:59:59.999999", -1},
  };
  for (const auto& [text, micros] : kCases) EXPECT_EQ(MicrosOf(text), micros) << text;
}

TEST(LiteralValue, TakesNoTextForATimestampThatDuckDbMightReadOtherwise) {
  for (const char* text : {"", "2026-1-2", "2026-13-01", "2026-01-02 3:04", "2026-01-02 24:00:00",
                           "2026-01-02 03:04:60", "2026-01-02 03:04:05.", "2026-01-02 03:04:05+02",
                           "2026-01-02 03:04:05.1234567", "2026-01-02 03:04:05 ", "now"}) {
    EXPECT_FALSE(MicrosOf(text)) << text;
  }
}

TEST(LiteralValue, HasNoValueWhereTheColumnCannotHoldIt) {
  const Literal precise{Literal::Kind::kTimestamp, "2026-01-02 03:04:05.0001"};
  EXPECT_FALSE(ValueOf(precise, DataType::Temporal(TypeKind::kTimestamp, 3)));
  EXPECT_EQ(ValueOf(precise, DataType::Temporal(TypeKind::kTimestamp, 6)),
            Value::Timestamp(1767323045000, 100'000));
  EXPECT_FALSE(ValueOf({Literal::Kind::kInteger, "300"}, DataType::Of(TypeKind::kTinyInt)));
  // DuckDB compares the text as a date: '2026-1-2' would be found too.
  EXPECT_FALSE(ValueOf({Literal::Kind::kDate, "2026-01-02"}, DataType::Of(TypeKind::kString)));
}

}  // namespace
}  // namespace weir
