#include "lake/view_metadata.h"

#include <boost/json.hpp>

#include "base/matchers.h"

namespace weir::iceberg {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Source: Iceberg view specification, appendix A "An Example".
constexpr std::string_view kExample = R"({
  "view-uuid": "fa6506c3-7681-40c8-86dc-e36561f83385",
  "format-version": 1,
  "location": "s3://bucket/warehouse/default.db/event_agg",
  "current-version-id": 1,
  "properties": {"comment": "Daily event counts"},
  "versions": [{
    "version-id": 1,
    "timestamp-ms": 1573518431292,
    "schema-id": 1,
    "default-catalog": "prod",
    "default-namespace": ["default"],
    "summary": {"engine-name": "Spark", "engine-version": "3.3.2"},
    "representations": [{
      "type": "sql",
      "sql": "SELECT\n    COUNT(1), CAST(event_ts AS DATE)\nFROM events\nGROUP BY 2",
      "dialect": "spark"
    }]
  }],
  "schemas": [{
    "schema-id": 1,
    "type": "struct",
    "fields": [
      {"id": 1, "name": "event_count", "required": false, "type": "int", "doc": "Count of events"},
      {"id": 2, "name": "event_date", "required": false, "type": "date"}
    ]
  }],
  "version-log": [{"timestamp-ms": 1573518431292, "version-id": 1}]
})";

constexpr int64_t kNow = 1700000000000;

Schema OneColumn(std::string name) {
  return *Schema::Make(0, {{.id = 1, .name = std::move(name), .type = Type::Of(TypeId::kInt)}});
}

ViewVersion Version(std::string sql, std::string dialect = "spark") {
  return {.version_id = 1,
          .schema_id = kLastAdded,
          .timestamp_ms = kNow + 7,
          .representations = {{.sql = std::move(sql), .dialect = std::move(dialect)}},
          .default_namespace = {"db"}};
}

class View : public testing::Test {
 protected:
  void SetUp() override {
    Commit({AssignUuid{"fa6506c3-7681-40c8-86dc-e36561f83385"}, SetLocation{"s3://b/v"},
            AddSchema{OneColumn("a")}, AddViewVersion{Version("select 1")},
            SetCurrentViewVersion{}});
  }

  Result<ViewMetadata> Apply(std::vector<ViewUpdate> updates) {
    return ApplyViewUpdates(view_, updates, kNow);
  }
  void Commit(std::vector<ViewUpdate> updates) {
    auto next = Apply(std::move(updates));
    ASSERT_THAT(next, IsOk());
    view_ = *std::move(next);
  }
  void Replace(std::string sql) {
    Commit({AddSchema{OneColumn("a")}, AddViewVersion{Version(std::move(sql))},
            SetCurrentViewVersion{}});
  }
  void ExpectRefused(std::vector<ViewUpdate> updates, const char* why) {
    const auto next = Apply(std::move(updates));
    ASSERT_THAT(next, IsError(ErrorCode::kInvalidTable));
    EXPECT_THAT(next.error().message, HasSubstr(why));
  }

  ViewMetadata view_;
};

TEST(ViewMetadata, OfTheSpecificationIsPrintedAsItWasRead) {
  const auto view = ViewMetadataFromJsonText(kExample);
  ASSERT_THAT(view, IsOk());
  EXPECT_EQ(boost::json::value(ToJson(*view)), boost::json::parse(kExample));
  EXPECT_EQ(view->FindVersion(1)->representations[0].dialect, "spark");
}

TEST(ViewMetadata, ThatIsWrongIsRefused) {
  const auto whole = boost::json::parse(kExample).as_object();
  for (const char* key : {"view-uuid", "format-version", "location", "current-version-id",
                          "versions", "schemas", "version-log"}) {
    auto document = whole;
    document.erase(key);
    EXPECT_THAT(ViewMetadataFromJson(document), IsError(ErrorCode::kInvalidTable)) << key;
  }
  auto document = whole;
  document["format-version"] = 2;
  EXPECT_THAT(ViewMetadataFromJson(document), IsError(ErrorCode::kUnsupportedVersion));
  document = whole;
  document["current-version-id"] = 2;
  EXPECT_THAT(ViewMetadataFromJson(document), IsError(ErrorCode::kInvalidTable));
  document = whole;
  document["schemas"].as_array().clear();
  EXPECT_THAT(ViewMetadataFromJson(document), IsError(ErrorCode::kInvalidTable));
}

TEST_F(View, BeginsWithVersionOne) {
  EXPECT_EQ(view_.current_version_id, 1);
  EXPECT_EQ(view_.versions[0].schema_id, 0);
  EXPECT_THAT(view_.version_log, ElementsAre(ViewLogEntry{kNow + 7, 1}));
  EXPECT_THAT(ViewMetadataFromJsonText(ToJsonText(view_)), HasValue(view_));
}

TEST_F(View, TakesAnEqualVersionOrSchemaUnderItsOldId) {
  Replace("select 2");
  EXPECT_EQ(view_.current_version_id, 2);
  Replace("select 1");
  EXPECT_EQ(view_.current_version_id, 1);
  EXPECT_EQ(view_.versions.size(), 2);
  EXPECT_EQ(view_.schemas.size(), 1);
  EXPECT_THAT(view_.version_log, ElementsAre(ViewLogEntry{kNow + 7, 1}, ViewLogEntry{kNow + 7, 2},
                                             ViewLogEntry{kNow, 1}));
}

TEST_F(View, KeepsItsNewestVersionsAndTheLogOfThem) {
  Commit({SetProperties{{{"version.history.num-entries", "2"}}}});
  Replace("select 2");
  Replace("select 3");
  ASSERT_EQ(view_.versions.size(), 2);
  EXPECT_EQ(view_.versions[0].version_id, 2);
  EXPECT_EQ(view_.version_log.size(), 2);
  Commit({SetCurrentViewVersion{2}});
  Replace("select 4");
  EXPECT_EQ(view_.FindVersion(2), nullptr);
  EXPECT_THAT(view_.version_log, ElementsAre(ViewLogEntry{kNow + 7, 4}));
}

TEST_F(View, DoesNotLoseADialectUnlessAllowed) {
  const std::vector<ViewUpdate> other = {AddSchema{OneColumn("a")},
                                         AddViewVersion{Version("select 1", "trino")},
                                         SetCurrentViewVersion{}};
  ExpectRefused(other, "loss of view dialects");
  Commit({SetProperties{{{"replace.drop-dialect.allowed", "true"}}}});
  Commit(other);
}

TEST_F(View, RefusesWhatMakesNoSense) {
  ExpectRefused({AssignUuid{"f79c3e09-677c-4bbd-a479-3f349cb785e7"}}, "reassign uuid");
  ExpectRefused({UpgradeFormatVersion{2}}, "format version");
  ExpectRefused({SetLocation{""}}, "location");
  ExpectRefused({AddViewVersion{Version("x")}}, "no schema has been added");
  ExpectRefused({SetCurrentViewVersion{}}, "no current version id");
  ExpectRefused({SetCurrentViewVersion{9}}, "unknown version");
  ExpectRefused({SetProperties{{{"version.history.num-entries", "0"}}}}, "must be positive");
  ViewVersion unknown = Version("x");
  unknown.schema_id = 9;
  ExpectRefused({AddViewVersion{unknown}}, "unknown schema");
  ViewVersion twice = Version("x", "Spark");
  twice.representations.push_back({.sql = "y", .dialect = "spark"});
  ExpectRefused({AddSchema{OneColumn("a")}, AddViewVersion{twice}}, "multiple queries");
  EXPECT_THAT(ApplyViewUpdates({}, std::vector<ViewUpdate>{SetLocation{"s3://b/v"}}, kNow),
              IsError(ErrorCode::kInvalidTable));
}

// Source: Iceberg REST catalog OpenAPI, schema ViewUpdate.
TEST(ViewUpdates, AreReadAndThoseOfTablesRefused) {
  const auto current = ViewUpdateFromJson(
      boost::json::parse(R"({"action":"set-current-view-version","view-version-id":-1})"));
  ASSERT_THAT(current, IsOk());
  EXPECT_EQ(std::get<SetCurrentViewVersion>(*current).version_id, kLastAdded);
  const auto added = ViewUpdateFromJson(boost::json::object{
      {"action", "add-view-version"}, {"view-version", ToJson(Version("select 1"))}});
  ASSERT_THAT(added, IsOk());
  EXPECT_EQ(std::get<AddViewVersion>(*added).version, Version("select 1"));
  EXPECT_THAT(
      ViewUpdateFromJson(boost::json::parse(R"({"action":"set-properties","updates":{"a":"b"}})")),
      IsOk());
  for (const char* text : {"1", "{}", R"({"action":"set-default-spec","spec-id":1})",
                           R"({"action":"add-view-version"})"}) {
    EXPECT_THAT(ViewUpdateFromJson(boost::json::parse(text)), IsError(ErrorCode::kInvalidTable))
        << text;
  }
  EXPECT_THAT(
      ViewRequirementFromJson(boost::json::parse(R"({"type":"assert-view-uuid","uuid":"u"})")),
      HasValue(testing::Field(&AssertViewUuid::uuid, "u")));
  EXPECT_THAT(
      ViewRequirementFromJson(boost::json::parse(R"({"type":"assert-table-uuid","uuid":"u"})")),
      IsError(ErrorCode::kInvalidTable));
}

}  // namespace
}  // namespace weir::iceberg
