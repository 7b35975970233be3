#include "lake/table_update.h"

#include "base/matchers.h"
#include "lake/pyiceberg_vectors_for_test.h"

namespace weir::iceberg {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

constexpr int64_t kNow = 1700000000000;

std::vector<TableUpdate> UpdatesOf(const boost::json::value& array) {
  std::vector<TableUpdate> out;
  for (const auto& item : array.as_array()) {
    auto update = TableUpdateFromJson(item);
    EXPECT_THAT(update, IsOk()) << item;
    if (update.ok()) out.push_back(*std::move(update));
  }
  return out;
}

/// PyIceberg takes the time of each update, and on removing snapshots keeps the older log and clears parents,
/// which neither Java nor we do.
void ForgetDifferences(TableMetadata& table) {
  table.last_updated_ms = 0;
  for (Snapshot& snapshot : table.snapshots) snapshot.parent_snapshot_id.reset();
}

TEST(ApplyUpdates, GivesWhatPyicebergGives) {
  for (const boost::json::value& item : PyicebergVectors("updates")) {
    const auto base = TableMetadataFromJson(item.at("base"));
    auto expected = TableMetadataFromJson(item.at("after"));
    ASSERT_THAT(base, IsOk());
    ASSERT_THAT(expected, IsOk());
    auto got = ApplyUpdates(*base, UpdatesOf(item.at("updates")), kNow);
    ASSERT_THAT(got, IsOk()) << item.at("case");
    ForgetDifferences(*got);
    ForgetDifferences(*expected);
    if (item.at("case").as_string().ends_with("expire")) {
      EXPECT_THAT(got->snapshot_log, ElementsAre(expected->snapshot_log.back()));
      got->snapshot_log = expected->snapshot_log;
    }
    EXPECT_EQ(WithoutEmpties(ToJson(*got)), WithoutEmpties(ToJson(*expected))) << item.at("case");
  }
}

TEST(Updates, OfPyicebergArePrintedAsTheyWereRead) {
  for (const boost::json::value& item : PyicebergVectors("updates")) {
    for (const auto& document : item.at("updates").as_array()) {
      const auto update = TableUpdateFromJson(document);
      ASSERT_THAT(update, IsOk());
      const auto printed = ToJson(*update);
      const boost::json::value expected = WithoutEmpties(document);
      for (const auto& [key, value] : expected.as_object()) {
        ASSERT_TRUE(printed.contains(key)) << std::string_view(key) << ' ' << document;
        EXPECT_EQ(WithoutEmpties(printed.at(key)), value) << document;
      }
    }
  }
}

// Source: Iceberg REST catalog OpenAPI, schemas TableUpdate and TableRequirement.
TEST(Updates, OfTheRestSpecificationAreReadAndPrinted) {
  for (
      const char* text : {
          R"({"action":"assign-uuid","uuid":"f79c3e09-677c-4bbd-a479-3f349cb785e7"})",
          R"({"action":"upgrade-format-version","format-version":3})",
          R"({"action":"set-current-schema","schema-id":-1})",
          R"({"action":"set-default-spec","spec-id":-1})",
          R"({"action":"set-default-sort-order","sort-order-id":-1})",
          R"({"action":"remove-snapshots","snapshot-ids":[1,2]})",
          R"({"action":"remove-snapshot-ref","ref-name":"b"})",
          R"({"action":"set-location","location":"s3://b/t"})",
          R"({"action":"set-properties","updates":{"a":"b"}})",
          R"({"action":"remove-properties","removals":["a"]})",
          R"({"action":"remove-statistics","snapshot-id":5})",
          R"({"action":"remove-partition-statistics","snapshot-id":5})",
          R"({"action":"remove-partition-specs","spec-ids":[1]})",
          R"({"action":"remove-schemas","schema-ids":[1]})",
          R"({"action":"add-encryption-key","encryption-key":{"key-id":"k","encrypted-key-metadata":"AA=="}})",
          R"({"action":"remove-encryption-key","key-id":"k"})",
          R"({"action":"set-snapshot-ref","ref-name":"b","snapshot-id":1,"type":"branch","min-snapshots-to-keep":2,"max-snapshot-age-ms":3,"max-ref-age-ms":4})",
      }) {
    const auto document = boost::json::parse(text);
    const auto update = TableUpdateFromJson(document);
    ASSERT_THAT(update, IsOk()) << text;
    EXPECT_EQ(boost::json::value(ToJson(*update)), document);
  }
}

TEST(Requirements, OfTheRestSpecificationAreReadAndPrinted) {
  for (const char* text : {
           R"({"type":"assert-create"})",
           R"({"type":"assert-table-uuid","uuid":"f79c3e09-677c-4bbd-a479-3f349cb785e7"})",
           R"({"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":5})",
           R"({"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":null})",
           R"({"type":"assert-last-assigned-field-id","last-assigned-field-id":1})",
           R"({"type":"assert-current-schema-id","current-schema-id":1})",
           R"({"type":"assert-last-assigned-partition-id","last-assigned-partition-id":1})",
           R"({"type":"assert-default-spec-id","default-spec-id":1})",
           R"({"type":"assert-default-sort-order-id","default-sort-order-id":1})",
       }) {
    const auto document = boost::json::parse(text);
    const auto requirement = TableRequirementFromJson(document);
    ASSERT_THAT(requirement, IsOk()) << text;
    EXPECT_EQ(boost::json::value(ToJson(*requirement)), document);
  }
}

TEST(Updates, OfEarlyClientsAreRead) {
  const auto set =
      TableUpdateFromJson(boost::json::parse(R"({"action":"set-properties","updated":{"a":"b"}})"));
  ASSERT_THAT(set, IsOk());
  EXPECT_THAT(std::get<SetProperties>(*set).updates, ElementsAre(Pair("a", "b")));
  const auto removed =
      TableUpdateFromJson(boost::json::parse(R"({"action":"REMOVE-PROPERTIES","removed":["a"]})"));
  ASSERT_THAT(removed, IsOk());
  EXPECT_THAT(std::get<RemoveProperties>(*removed).removals, ElementsAre("a"));
}

TEST(Updates, ThatMeanNothingAreRefused) {
  for (
      const char* text :
      {"1", "[]", "{}", R"({"action":1})", R"({"action":"drop-everything"})",
       R"({"action":"assign-uuid"})", R"({"action":"set-properties","updates":{"a":1}})",
       R"({"action":"remove-snapshots","snapshot-ids":["1"]})",
       R"({"action":"set-snapshot-ref","ref-name":"b","snapshot-id":1,"type":"twig"})",
       R"({"action":"set-snapshot-ref","ref-name":"b","snapshot-id":1,"type":"branch","min-snapshots-to-keep":0})",
       R"({"action":"add-schema","schema":{"type":"list"}})",
       R"({"action":"add-encryption-key"})"}) {
    EXPECT_THAT(TableUpdateFromJson(boost::json::parse(text)), IsError(ErrorCode::kInvalidTable))
        << text;
  }
  for (const char* text : {"1", "{}", R"({"type":"assert-nothing"})",
                           R"({"type":"assert-current-schema-id","current-schema-id":"1"})"}) {
    EXPECT_THAT(TableRequirementFromJson(boost::json::parse(text)),
                IsError(ErrorCode::kInvalidTable))
        << text;
  }
}

Field Column(int32_t id, std::string name, TypeId type = TypeId::kLong) {
  return {.id = id, .name = std::move(name), .type = Type::Of(type)};
}

PartitionField By(int32_t source, std::string name, Transform transform = {}, int32_t id = 0) {
  return {.source_ids = {source}, .field_id = id, .name = std::move(name), .transform = transform};
}

class Table : public testing::Test {
 protected:
  Table() : table_(Made("2")) {}

  static TableMetadata Made(std::string version) {
    NewTable table{
        .location = "s3://bucket/t",
        .schema = *Schema::Make(0, {Column(1, "id"), Column(2, "name", TypeId::kString)}),
        .spec = {.fields = {By(1, "id")}},
        .properties = {{"format-version", version}}};
    auto out = MakeTableMetadata(table, kNow);
    EXPECT_THAT(out, IsOk());
    return *out;
  }

  static Snapshot At(int64_t id, std::optional<int64_t> parent, int64_t number) {
    return {.snapshot_id = id,
            .parent_snapshot_id = parent,
            .sequence_number = number,
            .timestamp_ms = kNow + id,
            .manifest_list = "s3://bucket/t/l.avro",
            .summary = {{"operation", "append"}},
            .schema_id = 0};
  }
  static SetSnapshotRef Main(int64_t id) { return {"main", {.snapshot_id = id}}; }

  Result<TableMetadata> Apply(std::vector<TableUpdate> updates) {
    return ApplyUpdates(table_, updates, kNow + 100);
  }
  void Commit(std::vector<TableUpdate> updates) {
    auto next = Apply(std::move(updates));
    ASSERT_THAT(next, IsOk());
    table_ = *std::move(next);
  }
  void ExpectRefused(std::vector<TableUpdate> updates, ErrorCode code = ErrorCode::kInvalidTable) {
    EXPECT_THAT(Apply(std::move(updates)), IsError(code));
  }
  std::vector<int64_t> Log() const {
    std::vector<int64_t> out;
    for (const auto& entry : table_.snapshot_log) out.push_back(entry.snapshot_id);
    return out;
  }

  TableMetadata table_;
};

TEST_F(Table, NewHasFreshIds) {
  const NewTable table{
      .location = "s3://bucket/t",
      .schema = *Schema::Make(
          7, {Column(50, "id"),
              {.id = 60, .name = "tags", .type = Type::List(61, Type::Of(TypeId::kString), false)},
              Column(40, "ts", TypeId::kDate)}),
      .spec = {.spec_id = 9, .fields = {By(40, "day", Transform::Of(TransformKind::kDay), 4444)}},
      .sort_order = {.order_id = 3, .fields = {{.source_ids = {50}}}},
      .properties = {{"format-version", "3"}, {"uuid", "mine"}, {"owner", "anna"}}};
  const auto made = MakeTableMetadata(table, kNow);
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->format_version, 3);
  EXPECT_EQ(made->current_schema_id, 0);
  EXPECT_EQ(made->current_schema().FindField("ts")->id, 3);
  EXPECT_EQ(made->current_schema().FindField("tags.element")->id, 4);
  EXPECT_EQ(made->last_column_id, 4);
  EXPECT_EQ(made->default_spec().fields[0], By(3, "day", Transform::Of(TransformKind::kDay), 1000));
  EXPECT_EQ(made->last_partition_id, 1000);
  EXPECT_EQ(made->default_sort_order_id, 1);
  EXPECT_EQ(made->default_sort_order().fields[0].source_id(), 1);
  EXPECT_THAT(made->properties,
              ElementsAre(Pair("owner", "anna"), Pair("write.parquet.compression-codec", "zstd")));
  EXPECT_EQ(made->last_updated_ms, kNow);
  EXPECT_THAT(made->snapshot_log, IsEmpty());
}

TEST_F(Table, NewOfAnUnknownVersionOrWithoutAColumnIsRefused) {
  NewTable table{.location = "s3://bucket/t",
                 .schema = *Schema::Make(0, {Column(1, "id")}),
                 .properties = {{"format-version", "4"}}};
  EXPECT_THAT(MakeTableMetadata(table, kNow), IsError(ErrorCode::kInvalidTable));
  table.properties = {{"format-version", "two"}};
  EXPECT_THAT(MakeTableMetadata(table, kNow), IsError(ErrorCode::kInvalidTable));
  table.properties = {};
  table.spec.fields = {By(9, "x")};
  EXPECT_THAT(MakeTableMetadata(table, kNow), IsError(ErrorCode::kInvalidTable));
}

TEST_F(Table, MadeByACommitMayHaveAnyVersionAndTakesLastAdded) {
  for (const int version : {1, 2, 3}) {
    const std::vector<TableUpdate> updates = {
        AssignUuid{"f79c3e09-677c-4bbd-a479-3f349cb785e7"},
        UpgradeFormatVersion{version},
        AddSchema{*Schema::Make(0, {Column(1, "id")})},
        SetCurrentSchema{},
        AddSpec{{.fields = {By(1, "id_bucket", Transform::Bucket(4))}}},
        SetDefaultSpec{},
        AddSortOrder{},
        SetDefaultSortOrder{},
        SetLocation{"s3://bucket/t"}};
    const auto made = ApplyUpdates({}, updates, kNow);
    ASSERT_THAT(made, IsOk());
    EXPECT_EQ(made->format_version, version);
    EXPECT_EQ(made->default_spec().fields[0].field_id, 1000);
    EXPECT_THAT(TableMetadataFromJsonText(ToJsonText(*made)), HasValue(*made));
  }
}

TEST_F(Table, KeepsItsUuid) {
  ExpectRefused({AssignUuid{"f79c3e09-677c-4bbd-a479-3f349cb785e7"}});
  ExpectRefused({AssignUuid{"not a uuid"}});
  EXPECT_THAT(Apply({AssignUuid{table_.table_uuid}}), IsOk());
}

TEST_F(Table, IsUpgradedAndNeverBack) {
  table_ = Made("1");
  Commit({AddSnapshot{At(1, {}, 0)}, Main(1)});
  EXPECT_EQ(table_.last_sequence_number, 0);
  Commit({UpgradeFormatVersion{2}});
  Commit({AddSnapshot{At(2, 1, 1)}, Main(2)});
  Commit({UpgradeFormatVersion{3}});
  EXPECT_EQ(table_.next_row_id, 0);
  ExpectRefused({UpgradeFormatVersion{2}});
  ExpectRefused({UpgradeFormatVersion{4}});
  EXPECT_THAT(TableMetadataFromJsonText(ToJsonText(table_)), HasValue(table_));
}

TEST_F(Table, TakesAnEqualSchemaSpecOrOrderUnderItsOldId) {
  const Schema two = *Schema::Make(0, {Column(1, "id"), Column(3, "more")});
  Commit({AddSchema{two}, SetCurrentSchema{}});
  EXPECT_EQ(table_.current_schema_id, 1);
  EXPECT_EQ(table_.last_column_id, 3);
  Commit({AddSchema{two.WithId(44)}, SetCurrentSchema{}});
  EXPECT_EQ(table_.schemas.size(), 2);
  Commit({AddSpec{{.spec_id = 9, .fields = {By(1, "id")}}}, SetDefaultSpec{}});
  EXPECT_EQ(table_.partition_specs.size(), 1);
  EXPECT_EQ(table_.default_spec_id, 0);
  Commit({AddSortOrder{{.order_id = 5, .fields = {{.source_ids = {1}}}}}, SetDefaultSortOrder{}});
  EXPECT_EQ(table_.default_sort_order_id, 1);
  Commit({AddSortOrder{}, SetDefaultSortOrder{}});
  EXPECT_EQ(table_.default_sort_order_id, 0);
}

TEST_F(Table, GivesNewPartitionFieldsIdsThatWereNeverUsed) {
  Commit({AddSpec{{.fields = {By(1, "id_bucket", Transform::Bucket(4)), By(1, "id")}}},
          SetDefaultSpec{}});
  EXPECT_EQ(table_.default_spec_id, 1);
  EXPECT_EQ(table_.default_spec().fields[0].field_id, 1001);
  EXPECT_EQ(table_.default_spec().fields[1].field_id, 1000);
  EXPECT_EQ(table_.last_partition_id, 1001);
  ExpectRefused({AddSpec{{.fields = {By(1, "a", Transform::Bucket(2), 1005),
                                     By(2, "b", Transform::Bucket(2), 1005)}}}});
}

TEST_F(Table, RefusesIdsThatNameNothing) {
  ExpectRefused({SetCurrentSchema{}});
  ExpectRefused({SetCurrentSchema{7}});
  ExpectRefused({SetDefaultSpec{}});
  ExpectRefused({SetDefaultSpec{7}});
  ExpectRefused({SetDefaultSortOrder{}});
  ExpectRefused({SetDefaultSortOrder{7}});
  ExpectRefused({Main(7)});
  ExpectRefused({SetSnapshotRef{"tag", {.snapshot_id = 7, .type = RefType::kTag}}});
  ExpectRefused({AddSpec{{.fields = {By(7, "x")}}}});
  ExpectRefused({AddSortOrder{{.fields = {{.source_ids = {7}}}}}});
}

TEST_F(Table, RefusesASchemaThatItsPartitionsCannotBeReadWith) {
  const Schema other = *Schema::Make(0, {Column(2, "name", TypeId::kString)});
  ExpectRefused({AddSchema{other}, SetCurrentSchema{}});
}

TEST_F(Table, RefusesPartitionsThatNoRowHas) {
  const Schema nested = *Schema::Make(
      0, {Column(1, "id"),
          {.id = 5, .name = "list", .type = Type::List(6, Type::Of(TypeId::kLong), true)},
          {.id = 7, .name = "part", .type = Type::Struct({Column(8, "x")})}});
  Commit({AddSchema{nested}, SetCurrentSchema{}});
  ExpectRefused({AddSpec{{.fields = {By(6, "e")}}}});
  ExpectRefused({AddSpec{{.fields = {By(5, "l")}}}});
  ExpectRefused({AddSpec{{.fields = {By(1, "a"), By(8, "a")}}}});
  ExpectRefused({AddSpec{{.fields = {By(8, "id")}}}});
  ExpectRefused({AddSpec{{.fields = {By(1, "d", Transform::Of(TransformKind::kDay))}}}});
  Commit({AddSpec{{.fields = {By(8, "x")}}}});
}

TEST_F(Table, RefusesTypesAndDefaultsOfANewerVersion) {
  ExpectRefused({AddSchema{*Schema::Make(0, {Column(9, "v", TypeId::kVariant)})}});
  Field field = Column(9, "d");
  field.initial_default = std::make_shared<const Literal>(Literal::Long(1));
  ExpectRefused({AddSchema{*Schema::Make(0, {field})}});
}

TEST_F(Table, RefusesNewIdsWhenNumbersRunOut) {
  Commit({AddSpec{{.fields = {By(1, "a", Transform::Bucket(2), INT32_MAX)}}}});
  ExpectRefused({AddSpec{{.fields = {By(1, "b", Transform::Bucket(3))}}}});
  table_.schemas.push_back(Schema().WithId(INT32_MAX));
  ExpectRefused({AddSchema{*Schema::Make(0, {Column(1, "id"), Column(9, "x")})}});
  table_.sort_orders.push_back({INT32_MAX, {{.source_ids = {2}}}});
  ExpectRefused({AddSortOrder{{.fields = {{.source_ids = {1}}}}}});
  table_.partition_specs.push_back({.spec_id = INT32_MAX});
  ExpectRefused({AddSpec{{.fields = {By(2, "c", Transform::Bucket(3), 1007)}}}});
}

TEST_F(Table, RefusesASnapshotTwiceOrBehindTheLast) {
  Commit({AddSnapshot{At(1, {}, 1)}, Main(1)});
  ExpectRefused({AddSnapshot{At(1, {}, 2)}});
  ExpectRefused({AddSnapshot{At(2, 1, 1)}}, ErrorCode::kCommitConflict);
  Snapshot nowhere = At(2, 1, 2);
  nowhere.manifest_list = "";
  ExpectRefused({AddSnapshot{nowhere}});
}

// Java's clients send two replacements made beside each other so; both must go through.
TEST_F(Table, TakesAReplacementWithASequenceNumberThatIsTaken) {
  Commit({AddSnapshot{At(1, {}, 5)}, Main(1)});
  Commit({RemoveSnapshotRef{"main"}, AddSnapshot{At(2, {}, 5)}, Main(2)});
  EXPECT_EQ(table_.last_sequence_number, 5);
  EXPECT_EQ(table_.current_snapshot_id, 2);
}

TEST_F(Table, CountsRowIds) {
  table_ = Made("3");
  ExpectRefused({AddSnapshot{At(1, {}, 1)}});
  Snapshot first = At(1, {}, 1);
  first.first_row_id = 0;
  ExpectRefused({AddSnapshot{first}});
  first.added_rows = 10;
  Commit({AddSnapshot{first}, Main(1)});
  EXPECT_EQ(table_.next_row_id, 10);
  Snapshot second = At(2, 1, 2);
  second.first_row_id = 9;
  second.added_rows = 1;
  ExpectRefused({AddSnapshot{second}}, ErrorCode::kCommitConflict);
  second.first_row_id = INT64_MAX;
  ExpectRefused({AddSnapshot{second}});
}

TEST_F(Table, KeepsItsMainBranchAndItsCurrentSnapshotTogether) {
  Commit({AddSnapshot{At(1, {}, 1)}, Main(1)});
  EXPECT_EQ(table_.current_snapshot_id, 1);
  EXPECT_EQ(table_.FindRef("main")->snapshot_id, 1);
  ExpectRefused({SetSnapshotRef{"main", {.snapshot_id = 1, .type = RefType::kTag}}});
  Commit({AddSnapshot{At(2, 1, 2)}, SetSnapshotRef{"audit", {.snapshot_id = 2}}});
  EXPECT_EQ(table_.current_snapshot_id, 1);
  EXPECT_THAT(Log(), ElementsAre(1));
  Commit({RemoveSnapshotRef{"main"}});
  EXPECT_EQ(table_.current_snapshot(), nullptr);
  EXPECT_THAT(TableMetadataFromJsonText(ToJsonText(table_)), HasValue(table_));
  Commit({RemoveSnapshotRef{"never there"}});
}

TEST_F(Table, LogsOnlySnapshotsThatWereCurrentAfterACommit) {
  Commit({AddSnapshot{At(1, {}, 1)}, Main(1), AddSnapshot{At(2, 1, 2)}, Main(2)});
  EXPECT_THAT(Log(), ElementsAre(2));
  Commit({AddSnapshot{At(3, 2, 3)}, Main(3)});
  Commit({Main(2)});
  EXPECT_THAT(Log(), ElementsAre(2, 3, 2));
  EXPECT_EQ(table_.snapshot_log[1].timestamp_ms, kNow + 3);
  EXPECT_EQ(table_.snapshot_log[2].timestamp_ms, kNow + 100);
}

TEST_F(Table, CutsItsLogWhereSnapshotsAreRemoved) {
  for (int64_t id = 1; id <= 4; ++id) {
    Commit({AddSnapshot{At(id, id == 1 ? std::nullopt : std::optional(id - 1), id)}, Main(id)});
  }
  Commit({SetSnapshotRef{"tag", {.snapshot_id = 2, .type = RefType::kTag}},
          SetStatistics{{.snapshot_id = 2, .path = "s3://bucket/t/s"}},
          SetPartitionStatistics{{.snapshot_id = 2, .path = "s3://bucket/t/p"}}});
  Commit({RemoveSnapshots{{2, 99}}});
  EXPECT_THAT(Log(), ElementsAre(3, 4));
  EXPECT_EQ(table_.FindRef("tag"), nullptr);
  EXPECT_THAT(table_.statistics, IsEmpty());
  EXPECT_THAT(table_.partition_statistics, IsEmpty());
  Commit({RemoveSnapshots{{1, 3, 4}}});
  EXPECT_EQ(table_.current_snapshot_id, std::nullopt);
  EXPECT_THAT(Log(), IsEmpty());
  EXPECT_THAT(table_.refs, IsEmpty());
}

TEST_F(Table, HasOneStatisticsFileASnapshot) {
  Commit({AddSnapshot{At(1, {}, 1)}, Main(1)});
  Commit({SetStatistics{{.snapshot_id = 1, .path = "a"}},
          SetStatistics{{.snapshot_id = 1, .path = "b"}}});
  ASSERT_EQ(table_.statistics.size(), 1);
  EXPECT_EQ(table_.statistics[0].path, "b");
  Commit({RemoveStatistics{1}, RemovePartitionStatistics{1}});
  EXPECT_THAT(table_.statistics, IsEmpty());
}

TEST_F(Table, ForgetsSchemasAndSpecsButNotThoseInUse) {
  Commit({AddSchema{*Schema::Make(0, {Column(1, "id"), Column(3, "more")})}, SetCurrentSchema{},
          AddSpec{}, SetDefaultSpec{}});
  ExpectRefused({RemoveSchemas{{1}}});
  ExpectRefused({RemovePartitionSpecs{{0, 1}}});
  Commit({RemoveSchemas{{0}}, RemovePartitionSpecs{{0}}});
  EXPECT_EQ(table_.schemas.size(), 1);
  EXPECT_EQ(table_.partition_specs.size(), 1);
}

TEST_F(Table, KeepsEncryptionKeysOnce) {
  const EncryptedKey key{.key_id = "k", .encrypted_key_metadata = "AA=="};
  Commit({AddEncryptionKey{key}, AddEncryptionKey{key}});
  EXPECT_THAT(table_.encryption_keys, ElementsAre(key));
  Commit({RemoveEncryptionKey{"k"}, RemoveEncryptionKey{"k"}});
  EXPECT_THAT(table_.encryption_keys, IsEmpty());
}

// Readers refuse logs that go back in time.
TEST_F(Table, NeverGoesBackInTime) {
  Snapshot ahead = At(1, {}, 1);
  ahead.timestamp_ms = kNow + 1'000'000;
  Commit({AddSnapshot{ahead}, Main(1)});
  EXPECT_EQ(table_.last_updated_ms, kNow + 1'000'000);
  Commit({AddSnapshot{At(2, 1, 2)}, Main(2)});
  EXPECT_EQ(table_.snapshot_log[1].timestamp_ms, kNow + 1'000'000);
  EXPECT_EQ(table_.last_updated_ms, kNow + 1'000'000);
}

TEST_F(Table, RemembersItsMetadataFilesUpToALimit) {
  table_.properties["write.metadata.previous-versions-max"] = "2";
  for (const char* file : {"a", "b", "c"}) {
    TableMetadata next = table_;
    RecordMetadataFile(table_, file, next);
    table_ = next;
  }
  ASSERT_EQ(table_.metadata_log.size(), 2);
  EXPECT_EQ(table_.metadata_log[0].metadata_file, "b");
  EXPECT_EQ(table_.metadata_log[1].metadata_file, "c");
}

// The words after "Requirement failed: " are compared by Iceberg's REST compatibility kit.
TEST_F(Table, MeetsRequirementsOrSaysWhichNot) {
  Commit({AddSnapshot{At(1, {}, 1)}, Main(1),
          SetSnapshotRef{"t", {.snapshot_id = 1, .type = RefType::kTag}}});
  const std::tuple<TableRequirement, TableRequirement, const char*> cases[] = {
      {AssertTableUuid{table_.table_uuid}, AssertTableUuid{"x"}, "UUID does not match"},
      {AssertRefSnapshotId{"main", 1}, AssertRefSnapshotId{"main", 2},
       "branch main has changed: expected id 2 != 1"},
      {AssertRefSnapshotId{"none", {}}, AssertRefSnapshotId{"t", {}},
       "tag t was created concurrently"},
      {AssertRefSnapshotId{"t", 1}, AssertRefSnapshotId{"none", 1},
       "branch or tag none is missing, expected 1"},
      {AssertLastAssignedFieldId{2}, AssertLastAssignedFieldId{1},
       "last assigned field id changed: expected id 1 != 2"},
      {AssertCurrentSchemaId{0}, AssertCurrentSchemaId{1},
       "current schema changed: expected id 1 != 0"},
      {AssertLastAssignedPartitionId{1000}, AssertLastAssignedPartitionId{1},
       "last assigned partition id changed"},
      {AssertDefaultSpecId{0}, AssertDefaultSpecId{1}, "default partition spec changed"},
      {AssertDefaultSortOrderId{0}, AssertDefaultSortOrderId{1}, "default sort order changed"},
  };
  for (const auto& [met, unmet, message] : cases) {
    EXPECT_THAT(CheckRequirement(met, &table_), IsOk()) << message;
    const Status status = CheckRequirement(unmet, &table_);
    ASSERT_THAT(status, IsError(ErrorCode::kCommitConflict)) << message;
    EXPECT_THAT(status.error().message, HasSubstr(std::string("Requirement failed: ") + message));
    EXPECT_THAT(CheckRequirement(met, nullptr), IsError(ErrorCode::kCommitConflict)) << message;
  }
  EXPECT_THAT(CheckRequirement(AssertCreate{}, nullptr), IsOk());
  EXPECT_THAT(CheckRequirement(AssertCreate{}, &table_), IsError(ErrorCode::kCommitConflict));
}

}  // namespace
}  // namespace weir::iceberg
