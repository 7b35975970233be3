#include "record/row_format.h"

#include <gtest/gtest.h>

#include "base/matchers.h"
#include "record/binary_array.h"
#include "record/golden_values.h"

namespace weir {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

class RowFormatTest : public testing::TestWithParam<RowFormat> {
 protected:
  std::string Section() const { return "ROW_" + std::string(Name(GetParam())); }
  std::string Encode(const std::vector<DataType>& types, const std::vector<Value>& row) const {
    std::string out;
    EXPECT_THAT(RowEncoder(GetParam(), types).Encode(row, out), IsOk());
    return out;
  }
  Result<std::vector<Value>> Decode(const std::vector<DataType>& types, BytesView row) const {
    std::vector<Value> out(types.size());
    RETURN_IF_ERROR(RowDecoder(GetParam(), types).Decode(row, out));
    return out;
  }
};
INSTANTIATE_TEST_SUITE_P(Formats, RowFormatTest,
                         testing::Values(RowFormat::kCompacted, RowFormat::kIndexed,
                                         RowFormat::kAligned),
                         [](const auto& p) { return std::string(Name(p.param)); });

TEST_P(RowFormatTest, WritesAndReadsEveryScalarAsJavaDoes) {
  for (const golden::Scalar& scalar : golden::Scalars()) {
    SCOPED_TRACE(scalar.type);
    const std::string java = golden::Bytes(Section(), scalar.type);
    ASSERT_FALSE(java.empty());
    const std::vector<DataType> types = {golden::Type(scalar.type)};
    EXPECT_EQ(ToHex(Encode(types, {scalar.value})), ToHex(java));
    EXPECT_THAT(Decode(types, java), HasValue(ElementsAre(scalar.value)));
  }
}

TEST_P(RowFormatTest, WritesAndReadsARowOfAllScalarsAsJavaDoes) {
  const std::string java = golden::Bytes(Section(), "SCALARS");
  EXPECT_EQ(ToHex(Encode(golden::ScalarTypes(), golden::ScalarValues())), ToHex(java));
  EXPECT_THAT(Decode(golden::ScalarTypes(), java),
              HasValue(ElementsAreArray(golden::ScalarValues())));
}

TEST_P(RowFormatTest, WritesAndReadsARowOfNullsAsJavaDoes) {
  const std::vector<Value> nulls(golden::Scalars().size());
  const std::string java = golden::Bytes(Section(), "NULLS");
  EXPECT_EQ(ToHex(Encode(golden::ScalarTypes(), nulls)), ToHex(java));
  EXPECT_THAT(Decode(golden::ScalarTypes(), java), HasValue(ElementsAreArray(nulls)));
}

TEST_P(RowFormatTest, NestedRowsOfAnotherFormatAreWrittenAsJavaWritesThemInThisOne) {
  int nested = 0;
  for (const RowFormat from : {RowFormat::kCompacted, RowFormat::kIndexed, RowFormat::kAligned}) {
    for (const golden::Vector& vector : golden::Vectors("ROW_" + std::string(Name(from)))) {
      if (vector.name.find('<') == std::string::npos) continue;
      SCOPED_TRACE(vector.name + " from " + std::string(Name(from)));
      const std::vector<DataType> types = {golden::Type(vector.name)};
      const std::string row = *FromHex(vector.text);
      std::vector<Value> values(1);
      ASSERT_THAT(RowDecoder(from, types).Decode(row, values), IsOk());
      EXPECT_EQ(ToHex(Encode(types, values)), ToHex(golden::Bytes(Section(), vector.name)));
      ++nested;
    }
  }
  EXPECT_EQ(nested, 3 * 23);
}

TEST_P(RowFormatTest, ArraysOfEveryScalarAreWrittenAndReadAsJavaDoes) {
  for (const golden::Scalar& scalar : golden::Scalars()) {
    SCOPED_TRACE(scalar.type);
    const std::vector<DataType> types = {DataType::Array(golden::Type(scalar.type))};
    const std::vector<Value> elements = {scalar.value, Value::Null(), scalar.value};
    std::string array;
    ASSERT_THAT(AppendArray(types[0].element(), elements, GetParam(), array), IsOk());
    const std::string java = golden::Bytes(Section(), types[0].ToString());
    EXPECT_EQ(ToHex(Encode(types, {Value::Nested(array, GetParam())})), ToHex(java));

    const auto row = Decode(types, java);
    ASSERT_THAT(row, IsOk());
    const auto opened = OpenArray((*row)[0], types[0]);
    ASSERT_THAT(opened, IsOk());
    std::vector<Value> read;
    EXPECT_THAT(opened->Read(read), IsOk());
    EXPECT_EQ(read, elements);
  }
}

TEST_P(RowFormatTest, ARowOfAnArrayOfRowsOpensLevelByLevel) {
  constexpr std::string_view kType =
      "ROW<`a` ARRAY<ROW<`x` INT, `y` STRING>>, `b` DECIMAL(25, 3), `c` TIMESTAMP(9)>";
  const std::vector<DataType> types = {golden::Type(kType)};
  const std::string java = golden::Bytes(Section(), kType);
  const auto row = Decode(types, java);
  ASSERT_THAT(row, IsOk());
  std::vector<Value> fields(3);
  ASSERT_THAT(OpenRow((*row)[0], types[0], fields), IsOk());
  EXPECT_EQ(fields[2], Value::Timestamp(1700000000123, 456789));

  const DataType& array_type = types[0].fields()[0].type;
  const auto array = OpenArray(fields[0], array_type);
  ASSERT_THAT(array, IsOk());
  ASSERT_EQ(array->size(), 2);
  std::vector<Value> xy(2);
  ASSERT_THAT(OpenRow(*array->At(1), array_type.element(), xy), IsOk());
  EXPECT_THAT(xy, ElementsAre(Value::Int(2), Value::Bytes("longer than seven")));
}

TEST_P(RowFormatTest, AMapOpensAsTwoArrays) {
  const DataType type = golden::Type("MAP<INT, ROW<`x` INT, `y` STRING>>");
  const std::string java = golden::Bytes(Section(), type.ToString());
  const auto row = Decode({type}, java);
  ASSERT_THAT(row, IsOk());
  const auto map = OpenMap((*row)[0], type);
  ASSERT_THAT(map, IsOk());
  ASSERT_EQ(map->keys.size(), 2);
  EXPECT_THAT(map->keys.At(0), HasValue(Value::Int(7)));
  EXPECT_TRUE(map->values.is_null(1));
  std::vector<Value> xy(2);
  ASSERT_THAT(OpenRow(*map->values.At(0), type.value(), xy), IsOk());
  EXPECT_THAT(xy, ElementsAre(Value::Int(1), Value::Bytes("a")));
}

TEST_P(RowFormatTest, AppendsBehindWhatIsThere) {
  std::string out = "front";
  ASSERT_THAT(RowEncoder(GetParam(), golden::ScalarTypes()).Encode(golden::ScalarValues(), out),
              IsOk());
  EXPECT_EQ(ToHex(out), ToHex("front" + golden::Bytes(Section(), "SCALARS")));
}

TEST_P(RowFormatTest, RefusesValuesThatDoNotFitTheirColumn) {
  const std::vector<std::pair<const char*, Value>> bad = {
      {"BOOLEAN", Value::Int(1)},
      {"TINYINT", Value::Int(128)},
      {"SMALLINT", Value::Int(-32769)},
      {"INT", Value::Int(int64_t{1} << 31)},
      {"DATE", Value::Bytes("x")},
      {"BIGINT", Value::Double(1)},
      {"STRING", Value::Int(1)},
      {"DECIMAL(25, 3)", Value::Bytes("")},
      {"DECIMAL(9, 3)", Value::Bytes("a")},
      {"TIMESTAMP(9)", Value::Timestamp(0, 1'000'000)},
      {"ARRAY<INT>", Value::Bytes("")},
  };
  for (const auto& [type, value] : bad) {
    std::string out;
    EXPECT_THAT(RowEncoder(GetParam(), {golden::Type(type)}).Encode(std::vector{value}, out),
                IsError(ErrorCode::kCorruptRecord))
        << type;
  }
}

TEST_P(RowFormatTest, EveryTruncationIsRefusedOrHarmless) {
  std::vector<DataType> types = golden::ScalarTypes();
  const std::string whole = golden::Bytes(Section(), "SCALARS");
  for (size_t length = 0; length < whole.size(); ++length) {
    const std::string cut(whole.data(),
                          length);  // its own allocation: ASan sees a read past the end
    EXPECT_THAT(Decode(types, cut), IsError(ErrorCode::kCorruptRecord)) << length;
  }
}

TEST(CompactedRow, RefusesBytesLeftOver) {
  std::vector<Value> out(1);
  const RowDecoder decoder(RowFormat::kCompacted, {golden::Type("INT")});
  EXPECT_THAT(decoder.Decode(BytesView("\0\5\6", 3), out), IsError(ErrorCode::kCorruptRecord));
}

TEST(CompactedRow, RefusesNumbersThatAreTooLong) {
  std::vector<Value> out(1);
  const RowDecoder ints(RowFormat::kCompacted, {golden::Type("INT")});
  EXPECT_THAT(ints.Decode(*FromHex("00ffffffff1f"), out), IsError(ErrorCode::kCorruptRecord));
  EXPECT_THAT(ints.Decode(*FromHex("00ffffffffff01"), out), IsError(ErrorCode::kCorruptRecord));
  const RowDecoder longs(RowFormat::kCompacted, {golden::Type("BIGINT")});
  EXPECT_THAT(longs.Decode(*FromHex("00ffffffffffffffffff02"), out),
              IsError(ErrorCode::kCorruptRecord));
  EXPECT_THAT(longs.Decode(*FromHex("00ffffffffffffffffff01"), out), IsOk());
  EXPECT_EQ(out[0], Value::Int(-1));
}

TEST(IndexedRow, RefusesCharsLongerThanTheirColumn) {
  std::string out;
  EXPECT_THAT(RowEncoder(RowFormat::kIndexed, {golden::Type("CHAR(2)")})
                  .Encode(std::vector{Value::Bytes("abc")}, out),
              IsError(ErrorCode::kCorruptRecord));
}

TEST(KvFormat, NamesAreReadInAnyCase) {
  EXPECT_THAT(ParseKvFormat("compacted"), HasValue(RowFormat::kCompacted));
  EXPECT_THAT(ParseKvFormat("Indexed"), HasValue(RowFormat::kIndexed));
  EXPECT_THAT(ParseKvFormat("ALIGNED"), IsError(ErrorCode::kInvalidConfig));
}

}  // namespace
}  // namespace weir
