#include "record/schema_json.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "base/matchers.h"

namespace weir {
namespace {

using testing::ElementsAre;

/// Made with the released Java client org.apache.fluss:fluss-client:1.0.0 (class SchemaJsonSerde).
std::string JavaSchema() {
  std::ifstream file(std::string(WEIR_SOURCE_DIR) + "/test/wire/rows/schema.json");
  std::stringstream text;
  text << file.rdbuf();
  std::string out = text.str();
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

constexpr std::string_view kAutoIncrement =
    R"({"version":1,"columns":[{"name":"id","data_type":{"type":"INTEGER","nullable":false},"id":0},)"
    R"({"name":"dt","data_type":{"type":"STRING","nullable":false},"id":1},)"
    R"({"name":"seq","data_type":{"type":"BIGINT"},"id":2}],"primary_key":["id","dt"],)"
    R"("auto_increment_column":["seq"],"highest_field_id":2})";

TEST(SchemaJson, WritesJavaDocumentsByteForByte) {
  for (const std::string& text : {JavaSchema(), std::string(kAutoIncrement)}) {
    const auto schema = SchemaFromText(text);
    ASSERT_THAT(schema, IsOk());
    EXPECT_EQ(SchemaToText(*schema), text);
  }
}

TEST(SchemaJson, ReadsEveryPartOfAJavaDocument) {
  const auto schema = SchemaFromText(JavaSchema());
  ASSERT_THAT(schema, IsOk());
  EXPECT_EQ(schema->size(), 18u);
  EXPECT_THAT(schema->primary_key(), ElementsAre("id", "dt"));
  EXPECT_THAT(schema->primary_key_positions(), ElementsAre(0, 1));
  EXPECT_EQ(schema->highest_field_id(), 19);
  EXPECT_EQ(schema->column(2).comment, "cnt");
  EXPECT_EQ(schema->column(3).agg_function, (AggFunction{"listagg", {{"delimiter", ";"}}}));
  const Column& map = schema->column(12);
  EXPECT_EQ(map.id, 12);
  EXPECT_EQ(map.type.ToString(), "MAP<STRING NOT NULL, ROW<`x` INT, `y` DOUBLE 'desc'>>");
  EXPECT_EQ(map.type.value().fields()[1].id, 14);
}

TEST(SchemaJson, ColumnsWithoutIdsGetTheirPositions) {
  const auto schema = SchemaFromText(
      R"({"columns":[{"name":"a","data_type":{"type":"INTEGER"}},{"name":"b","data_type":{"type":"STRING"}}]})");
  ASSERT_THAT(schema, IsOk());
  EXPECT_EQ(schema->column(1).id, 1);
  EXPECT_EQ(schema->highest_field_id(), 1);
}

TEST(SchemaJson, UnknownKeysAndNullsAreIgnored) {
  EXPECT_THAT(SchemaFromText(R"({"version":9,"new":[1],"primary_key":null,
      "columns":[{"name":"a","comment":null,"data_type":{"type":"INTEGER","new":{}},"agg_function":null}]})"),
              IsOk());
}

TEST(SchemaJson, RefusesDamagedDocuments) {
  const char* bad[] = {
      "",
      "{",
      "[]",
      "{}",
      R"({"columns":[]})",
      R"({"columns":{}})",
      R"({"columns":[1]})",
      R"({"columns":[{"name":"a"}]})",
      R"({"columns":[{"name":1,"data_type":{"type":"INTEGER"}}]})",
      R"({"columns":[{"name":"","data_type":{"type":"INTEGER"}}]})",
      R"({"columns":[{"name":"a","data_type":"INTEGER"}]})",
      R"({"columns":[{"name":"a","data_type":{"type":"INT"}}]})",
      R"({"columns":[{"name":"a","data_type":{"type":"DECIMAL"}}]})",
      R"({"columns":[{"name":"a","data_type":{"type":"DECIMAL","precision":50,"scale":0}}]})",
      R"({"columns":[{"name":"a","data_type":{"type":"CHAR","length":99999999999}}]})",
      R"({"columns":[{"name":"a","data_type":{"type":"CHAR","length":1.5}}]})",
      R"({"columns":[{"name":"a","data_type":{"type":"ARRAY"}}]})",
      R"({"columns":[{"name":"a","data_type":{"type":"ROW","fields":[{"name":"x"}]}}]})",
      R"({"columns":[{"name":"a","data_type":{"type":"INTEGER","nullable":"no"}}]})",
      R"({"columns":[{"name":"a","data_type":{"type":"INTEGER"},"id":"0"}]})",
      R"({"columns":[{"name":"a","data_type":{"type":"INTEGER"}}],"primary_key":["b"]})",
      R"({"columns":[{"name":"a","data_type":{"type":"INTEGER"}}],"primary_key":[1]})",
      R"({"columns":[{"name":"a","data_type":{"type":"INTEGER"},"agg_function":"sum"}]})",
      R"({"columns":[{"name":"a","data_type":{"type":"INTEGER"},"id":4}],"highest_field_id":3})",
  };
  for (const char* text : bad)
    EXPECT_THAT(SchemaFromText(text), IsError(ErrorCode::kInvalidTable)) << text;
}

TEST(SchemaJson, RefusesBottomlessNestingAndHugeTexts) {
  std::string deep = R"({"columns":[{"name":"a","data_type":)";
  for (int i = 0; i < 100'000; ++i) deep += R"({"type":"ARRAY","element_type":)";
  EXPECT_THAT(SchemaFromText(deep), IsError(ErrorCode::kInvalidTable));
  std::string type = R"({"type":"INTEGER"})";
  for (int i = 0; i < 40; ++i) type = R"({"type":"ARRAY","element_type":)" + type + "}";
  EXPECT_THAT(DataTypeFromText(type), IsError(ErrorCode::kInvalidTable));
  EXPECT_THAT(SchemaFromText(std::string(5 << 20, ' ')), IsError(ErrorCode::kInvalidTable));
}

TEST(SchemaJson, EveryTruncationIsRefused) {
  const std::string good = JavaSchema();
  for (size_t length = 0; length < good.size(); ++length) {
    EXPECT_THAT(SchemaFromText(std::string(good.data(), length)), IsError(ErrorCode::kInvalidTable))
        << length;
  }
}

}  // namespace
}  // namespace weir
