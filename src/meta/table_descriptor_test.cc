#include "meta/table_descriptor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/units.h"
#include "meta/golden_meta.h"

namespace weir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TEST(TableDescriptor, ReadsAndWritesWhatTheJavaClientDoes) {
  for (const std::string name : {"log_table.json", "pk_table.json"}) {
    const std::string golden = GoldenMeta(name);
    const auto descriptor = TableDescriptorFromJson(golden);
    ASSERT_TRUE(descriptor.ok()) << name << ": " << descriptor.error().message;
    // Java's property maps have no order, ours are sorted: compare documents, not bytes.
    EXPECT_EQ(boost::json::parse(ToJson(*descriptor)), boost::json::parse(golden)) << name;
    EXPECT_EQ(*TableDescriptorFromJson(ToJson(*descriptor)), *descriptor) << name;
  }
}

TEST(TableDescriptor, KeepsEveryPartOfAPartitionedTable) {
  const auto table = TableDescriptorFromJson(GoldenMeta("pk_table.json"));
  ASSERT_TRUE(table.ok());
  EXPECT_THAT(table->partition_keys, ElementsAre("region", "dt"));
  EXPECT_THAT(table->bucket_keys, ElementsAre("id"));
  EXPECT_EQ(table->bucket_count, 4);
  EXPECT_EQ(table->comment, "orders \"and\" more");
  EXPECT_EQ(table->properties.at("table.log.ttl"), "PT168H");
  EXPECT_THAT(table->custom_properties, ElementsAre(Pair("connector", "x")));
  EXPECT_EQ(table->schema.highest_field_id(), 5);
}

TEST(TableDescriptor, RefusesADamagedDocumentWithAReason) {
  const std::string schema =
      R"("schema":{"version":1,"columns":[{"name":"a","data_type":{"type":"INTEGER"}}]})";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", ""},
      {"[]", "object"},
      {"{}", "schema"},
      {"{\"version\":2," + schema + "}", "version"},
      {"{" + schema + R"(,"partition_key":"a"})", "partition_key"},
      {"{" + schema + R"(,"partition_key":[1]})", "partition_key"},
      {"{" + schema + R"(,"bucket_count":"4"})", "bucket_count"},
      {"{" + schema + R"(,"bucket_count":4000000000})", "bucket_count"},
      {"{" + schema + R"(,"properties":{"table.log.ttl":7}})", "table.log.ttl"},
      {"{" + schema + R"(,"comment":[]})", "comment"},
      {"{" + schema, ""},
  };
  for (const auto& [text, part] : cases) {
    const auto descriptor = TableDescriptorFromJson(text);
    ASSERT_EQ(descriptor.code(), ErrorCode::kInvalidTable) << text;
    EXPECT_THAT(descriptor.error().message, HasSubstr(part)) << text;
  }
}

TEST(DatabaseDescriptor, ReadsAndWritesWhatTheJavaClientDoes) {
  const auto database = DatabaseDescriptorFromJson(GoldenMeta("database.json"));
  ASSERT_TRUE(database.ok());
  EXPECT_EQ(database->comment, "c");
  EXPECT_EQ(ToJson(*database), GoldenMeta("database.json"));
  EXPECT_EQ(DatabaseDescriptorFromJson("{\"version\":1}").value(), DatabaseDescriptor());
  EXPECT_EQ(DatabaseDescriptorFromJson("3").code(), ErrorCode::kInvalidDatabase);
}

TEST(Units, AgreeWithTheJavaClientWhereverItHasAnAnswer) {
  for (const auto& row : GoldenRows("units.txt", '|')) {
    ASSERT_EQ(row.size(), 3u);
    if (row[2] == "-") continue;
    if (row[0] == "duration") {
      const auto parsed = ParseDuration(row[1]);
      EXPECT_EQ(parsed.ok() ? std::to_string(parsed->count()) : "-", row[2]) << row[1];
    } else {
      const auto parsed = ParseBytes(row[1]);
      EXPECT_EQ(parsed.ok() ? std::to_string(*parsed) : "-", row[2]) << row[1];
    }
  }
}

}  // namespace
}  // namespace weir
