#include "cli/value_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir {
namespace {

std::string Json(const DataType& type, const Value& value) {
  std::string out;
  EXPECT_TRUE(AppendJson(type, value, out).ok());
  return out;
}

DataType Time(TypeKind kind, int32_t precision) { return DataType::Temporal(kind, precision); }

TEST(ValueText, EveryScalarHasItsJson) {
  EXPECT_EQ(Json(DataType::Of(TypeKind::kInt), Value::Null()), "null");
  EXPECT_EQ(Json(DataType::Of(TypeKind::kBoolean), Value::Bool(true)), "true");
  EXPECT_EQ(Json(DataType::Of(TypeKind::kBigInt), Value::Int(INT64_MIN)), "-9223372036854775808");
  EXPECT_EQ(Json(DataType::Of(TypeKind::kDouble), Value::Double(0.1)), "0.1");
  EXPECT_EQ(Json(DataType::Of(TypeKind::kDouble), Value::Double(1.0 / 0.0)), "\"Infinity\"");
  EXPECT_EQ(Json(DataType::Of(TypeKind::kBytes), Value::Bytes(std::string("\0\xff", 2))),
            "\"00ff\"");
  EXPECT_EQ(Json(DataType::Decimal(10, 2), Value::Int(-12345)), "-123.45");
}

TEST(ValueText, TextIsEscaped) {
  EXPECT_EQ(Json(DataType::Of(TypeKind::kString), Value::Bytes("a\"b\\c\n\x01é")),
            "\"a\\\"b\\\\c\\n\\u0001é\"");
}

TEST(ValueText, TimesBeforeTheEpochCountBackwards) {
  EXPECT_EQ(Json(DataType::Of(TypeKind::kDate), Value::Int(-1)), "\"1969-12-31\"");
  EXPECT_EQ(Json(Time(TypeKind::kTimestamp, 3), Value::Timestamp(-1)),
            "\"1969-12-31 23:59:59.999\"");
  EXPECT_EQ(Json(Time(TypeKind::kTimestamp, 3), Value::Timestamp(-86'400'000)),
            "\"1969-12-31 00:00:00\"");
}

TEST(ValueText, TimestampsShowAsMuchAsTheyHold) {
  EXPECT_EQ(Json(Time(TypeKind::kTimestamp, 9), Value::Timestamp(1'700'000'000'123, 456'789)),
            "\"2023-11-14 22:13:20.123456789\"");
  EXPECT_EQ(Json(Time(TypeKind::kTimestampLtz, 3), Value::Timestamp(1'700'000'000'000)),
            "\"2023-11-14 22:13:20Z\"");
  EXPECT_EQ(Json(Time(TypeKind::kTime, 3), Value::Int(3'723'004)), "\"01:02:03.004\"");
}

// The texts are DuckDB's: SELECT DATE '1970-01-01' + n, make_timestamp(us).
TEST(ValueText, DatesAreThoseOfTheCalendarHoweverFarAway) {
  const DataType date = DataType::Of(TypeKind::kDate);
  EXPECT_EQ(Json(date, Value::Int(11'248'737)), "\"32767-12-31\"");
  EXPECT_EQ(Json(date, Value::Int(11'248'738)), "\"32768-01-01\"");
  EXPECT_EQ(Json(date, Value::Int(13'890'337)), "\"40000-06-14\"");
  EXPECT_EQ(Json(date, Value::Int(-719'162)), "\"0001-01-01\"");
  EXPECT_EQ(Json(date, Value::Int(-719'163)), "\"0001-12-31 (BC)\"");
  EXPECT_EQ(Json(date, Value::Int(INT32_MAX)), "\"infinity\"");
  EXPECT_EQ(Json(date, Value::Int(-INT32_MAX)), "\"-infinity\"");
  EXPECT_EQ(Json(date, Value::Int(INT32_MAX - 1)), "\"5881580-07-10\"");
}

TEST(ValueText, TimestampsHaveInfinities) {
  const Value us_max = Value::Timestamp(9'223'372'036'854'775, 807'000);
  EXPECT_EQ(Json(Time(TypeKind::kTimestamp, 6), us_max), "\"infinity\"");
  EXPECT_EQ(Json(Time(TypeKind::kTimestampLtz, 6), us_max), "\"infinity\"");
  EXPECT_EQ(Json(Time(TypeKind::kTimestamp, 9), Value::Timestamp(9'223'372'036'854, 775'807)),
            "\"infinity\"");
  EXPECT_EQ(Json(Time(TypeKind::kTimestamp, 6), Value::Timestamp(-9'223'372'036'854'776, 193'000)),
            "\"-infinity\"");
  EXPECT_EQ(Json(Time(TypeKind::kTimestamp, 3), Value::Timestamp(9'223'372'036'854'775)),
            "\"294247-01-10 04:00:54.775\"");
  EXPECT_EQ(Json(Time(TypeKind::kTimestamp, 3), Value::Timestamp(INT64_MIN)),
            "\"292275056-05-16 (BC) 16:47:04.192\"");
}

TEST(ValueText, KeysAreReadByTheirType) {
  EXPECT_EQ(*ParseValue(DataType::Of(TypeKind::kInt), "-5"), Value::Int(-5));
  EXPECT_EQ(*ParseValue(DataType::Of(TypeKind::kString), "-5"), Value::Bytes("-5"));
  EXPECT_EQ(*ParseValue(DataType::Of(TypeKind::kDate), "1970-01-02"), Value::Int(1));
  EXPECT_EQ(*ParseValue(DataType::Of(TypeKind::kDate), "40000-06-14"), Value::Int(13'890'337));
  EXPECT_EQ(*ParseValue(DataType::Of(TypeKind::kDate), "0001-12-31 (BC)"), Value::Int(-719'163));
  EXPECT_EQ(*ParseValue(DataType::Decimal(10, 2), "1.5"), Value::Int(150));
}

TEST(ValueText, WhatIsNoKeyIsRefused) {
  EXPECT_EQ(ParseValue(DataType::Of(TypeKind::kInt), "5x").code(), ErrorCode::kCorruptRecord);
  EXPECT_EQ(ParseValue(DataType::Of(TypeKind::kInt), "").code(), ErrorCode::kCorruptRecord);
  for (const char* text : {"2026-02-30", "2026-02-01x", "2026-02", "", "6000000-01-01",
                           "99999999999999999999-01-01"}) {
    EXPECT_EQ(ParseValue(DataType::Of(TypeKind::kDate), text).code(), ErrorCode::kCorruptRecord)
        << text;
  }
  EXPECT_EQ(ParseValue(DataType::Of(TypeKind::kBoolean), "yes").code(), ErrorCode::kCorruptRecord);
  EXPECT_EQ(ParseValue(DataType::Of(TypeKind::kBytes), "ff").code(), ErrorCode::kInvalidTable);
}

}  // namespace
}  // namespace weir
