#include "record/partition_name.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/matchers.h"
#include "record/golden_values.h"

namespace weir {
namespace {

using testing::ElementsAre;

// Values in the order RowVectors.java prints them: the scalars that can be partition keys, then
// these.
std::vector<Value> GoldenValues() {
  std::vector<Value> out;
  for (const golden::Scalar& scalar : golden::Scalars()) {
    if (IsPartitionType(golden::Type(scalar.type))) out.push_back(scalar.value);
  }
  for (const float f : {0.f, -0.f, 1e7f, 1e10f, 0.001f, 9.99e-4f, 123456.7f, NAN, -INFINITY}) {
    out.push_back(Value::Float(f));
  }
  for (const double d : {0., 1e7, 9999999.5, 1.25e-7, -3., 1e300, double{INFINITY}})
    out.push_back(Value::Double(d));
  for (const int day : {0, -1, 11016, -719162}) out.push_back(Value::Int(day));
  for (const int64_t ms :
       {int64_t{0}, int64_t{-1}, int64_t{951782400000}, int64_t{1700000000000}}) {
    out.push_back(Value::Timestamp(ms, 0));
    out.push_back(Value::Timestamp(ms, 1));
  }
  return out;
}

TEST(PartitionName, ValuesReadAsInJava) {
  const auto vectors = golden::Vectors("PARTITION");
  const auto values = GoldenValues();
  ASSERT_EQ(vectors.size(), values.size());
  for (size_t i = 0; i < vectors.size(); ++i) {
    const DataType type = golden::Type(vectors[i].name);
    EXPECT_THAT(PartitionValueText(values[i], type), HasValue(vectors[i].text)) << type.ToString();
    std::string bytes;
    const auto back = ParsePartitionValue(vectors[i].text, type, bytes);
    ASSERT_THAT(back, IsOk()) << type.ToString() << " " << vectors[i].text;
    EXPECT_THAT(PartitionValueText(*back, type), HasValue(vectors[i].text));
  }
}

TEST(PartitionName, TextsReadBackAsTheValuesTheyWereMadeFrom) {
  for (const golden::Scalar& scalar : golden::Scalars()) {
    const DataType type = golden::Type(scalar.type);
    if (!IsPartitionType(type)) continue;
    const std::string text = PartitionValueText(scalar.value, type).value();
    std::string bytes;
    EXPECT_THAT(ParsePartitionValue(text, type, bytes), HasValue(scalar.value)) << scalar.type;
  }
}

TEST(PartitionName, JoinsAndSplitsAtTheDollar) {
  EXPECT_EQ(JoinPartitionName(std::vector<std::string>{"2024", "us"}), "2024$us");
  EXPECT_THAT(SplitPartitionName("2024$us"), ElementsAre("2024", "us"));
  EXPECT_THAT(SplitPartitionName("2024"), ElementsAre("2024"));
  EXPECT_THAT(SplitPartitionName("a$"), ElementsAre("a", ""));
}

TEST(PartitionName, RefusesTextOfAnotherType) {
  const std::pair<const char*, const char*> bad[] = {
      {"INT", "x"},
      {"INT", "2147483648"},
      {"TINYINT", "128"},
      {"BOOLEAN", "1"},
      {"BYTES", "0"},
      {"DATE", "2023-02-29"},
      {"DATE", "2023-2"},
      {"TIME(3)", "25-00-00_000"},
      {"FLOAT", "1_5_0"},
      {"DOUBLE", ""},
      {"TIMESTAMP(3)", "2023-01-01-00"},
      {"DECIMAL(4, 2)", "1"},
      {"STRING", ""},
  };
  for (const auto& [type, text] : bad) {
    std::string bytes;
    EXPECT_THAT(ParsePartitionValue(text, golden::Type(type), bytes),
                IsError(ErrorCode::kPartitionSpecInvalid))
        << type << " " << text;
  }
}

TEST(PartitionName, RefusesNullsAndTypesThatCannotBeKeys) {
  EXPECT_THAT(PartitionValueText(Value::Null(), golden::Type("INT")),
              IsError(ErrorCode::kPartitionSpecInvalid));
  EXPECT_THAT(PartitionValueText(Value::Int(1), golden::Type("DECIMAL(4, 2)")),
              IsError(ErrorCode::kPartitionSpecInvalid));
}

}  // namespace
}  // namespace weir
