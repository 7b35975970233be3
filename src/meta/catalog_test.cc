#include "meta/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <thread>

#include "io/faulty_file_system.h"

namespace weir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using enum ErrorCode;

constexpr char kDirectory[] = "/meta";
constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t kNoonOf20241111 = 1'731'326'400'000;

TableDescriptor Table(const std::string& columns, std::vector<std::string> primary_key = {},
                      std::vector<std::string> partition_keys = {}, Properties properties = {}) {
  const DataType row = DataType::Parse("ROW<" + columns + ">").value();
  Schema::Parts parts{.primary_key = std::move(primary_key)};
  for (const Field& field : row.fields())
    parts.columns.push_back({.name = field.name, .type = field.type});
  return {.schema = Schema::Make(std::move(parts)).value(),
          .partition_keys = std::move(partition_keys),
          .properties = std::move(properties)};
}

TableDescriptor LogTable() { return Table("id INT, name STRING"); }
TableDescriptor Partitioned() {
  return Table("id INT, region STRING, dt STRING", {}, {"region", "dt"});
}
TableDescriptor Daily() {
  return Table("id INT, dt STRING", {}, {"dt"},
               {{"table.auto-partition.enabled", "true"},
                {"table.auto-partition.time-zone", "UTC"},
                {"table.auto-partition.num-retention", "2"}});
}

struct CatalogTest : testing::Test {
  CatalogTest() : clock(kNoonOf20241111) { Open(); }

  void Open() {
    catalog.reset();
    auto opened = Catalog::Open(files, kDirectory, options, clock);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    catalog = std::move(*opened);
    catalog->SetHooks(
        {.table_dropped =
             [this](const TableRef& table) { dropped.push_back(table->path.ToString()); },
         .database_dropped = [this] { dropped.emplace_back("a database"); },
         .partition_dropped = [this](const TableRef&,
                                     const PartitionInfo& p) { dropped.push_back(p.name); },
         .table_changed =
             [this](const TableRef& table) { changed.push_back(table->path.ToString()); }});
  }

  TableRef Create(const std::string& name, TableDescriptor descriptor) {
    auto table = catalog->CreateTable({"fluss", name}, std::move(descriptor), IfExists::kFail);
    EXPECT_TRUE(table.ok()) << table.error().message;
    return table.ok() ? *table : nullptr;
  }

  std::vector<std::string> PartitionsOf(const std::string& table) {
    std::vector<std::string> names;
    for (const auto& [name, partition] : catalog->GetTable({"fluss", table}).value()->partitions)
      names.push_back(name);
    return names;
  }

  FaultyFileSystem files;
  ManualClock clock;
  CatalogOptions options;
  std::vector<std::string> dropped;
  std::vector<std::string> changed;
  std::unique_ptr<Catalog> catalog;
};

TEST_F(CatalogTest, HasADatabaseThatCannotBeDropped) {
  EXPECT_NE(catalog->FindDatabase("fluss"), nullptr);
  EXPECT_EQ(catalog->DropDatabase("fluss", DropTables::kCascade, IfNotExists::kIgnore).code(),
            kInvalidDatabase);
}

TEST_F(CatalogTest, DatabasesComeGoAndChange) {
  ASSERT_TRUE(catalog
                  ->CreateDatabase("db", {.comment = "c", .custom_properties = {{"k", "v"}}},
                                   IfExists::kFail)
                  .ok());
  EXPECT_EQ(catalog->CreateDatabase("db", {}, IfExists::kFail).code(), kDatabaseAlreadyExist);
  EXPECT_TRUE(catalog->CreateDatabase("db", {}, IfExists::kIgnore).ok());
  clock.AdvanceMs(5);
  ASSERT_TRUE(catalog
                  ->AlterDatabase(
                      "db", {.configs = {{"k", {}, ConfigOp::kDelete}, {"n", "m"}}, .comment = ""},
                      IfNotExists::kFail)
                  .ok());
  EXPECT_EQ(catalog->AlterDatabase("nope", {}, IfNotExists::kFail).code(), kDatabaseNotExist);
  EXPECT_TRUE(catalog->AlterDatabase("nope", {}, IfNotExists::kIgnore).ok());
  Open();
  const DatabaseRef database = catalog->GetDatabase("db").value();
  EXPECT_EQ(database->descriptor, (DatabaseDescriptor{.custom_properties = {{"n", "m"}}}));
  EXPECT_EQ(database->modified_ms - database->created_ms, 5);
  ASSERT_TRUE(catalog->CreateTable({"db", "t"}, LogTable(), IfExists::kFail).ok());
  EXPECT_EQ(catalog->CountTables("db"), 1);
  EXPECT_EQ(catalog->DropDatabase("db", DropTables::kNo, IfNotExists::kFail).code(),
            kDatabaseNotEmpty);
  ASSERT_TRUE(catalog->DropDatabase("db", DropTables::kCascade, IfNotExists::kFail).ok());
  EXPECT_THAT(dropped, ElementsAre("db.t", "a database"));
  EXPECT_EQ(catalog->DropDatabase("db", DropTables::kNo, IfNotExists::kFail).code(),
            kDatabaseNotExist);
  EXPECT_TRUE(catalog->DropDatabase("db", DropTables::kNo, IfNotExists::kIgnore).ok());
  Open();
  EXPECT_EQ(catalog->FindDatabase("db"), nullptr);
  EXPECT_THAT(catalog->Tables(), IsEmpty());
}

// S3 of the fault suite: a name must never leave the data directory or change what a policy means.
TEST_F(CatalogTest, RefusesNamesThatAreNotNames) {
  const std::vector<std::string> bad = {"",
                                        ".",
                                        "..",
                                        "a/b",
                                        "../a",
                                        "a\\b",
                                        std::string("a\0b", 3),
                                        "%2f",
                                        "a b",
                                        "a.b",
                                        "a*",
                                        "it's",
                                        "$a",
                                        "{a}",
                                        std::string(201, 'a'),
                                        "__a",
                                        "tábla",
                                        "a\n",
                                        "\xff",
                                        "a$b",
                                        "a:b",
                                        "a,b",
                                        "\u202eabc",
                                        "ａ"};
  for (const std::string& name : bad) {
    EXPECT_EQ(catalog->CreateDatabase(name, {}, IfExists::kIgnore).code(), kInvalidDatabase)
        << name;
    EXPECT_EQ(catalog->CreateTable({"fluss", name}, LogTable(), IfExists::kIgnore).code(),
              kInvalidTable)
        << name;
  }
  Create("p", Partitioned());
  for (const std::string& name : bad) {
    EXPECT_EQ(
        catalog
            ->CreatePartition({"fluss", "p"}, {{"region", "eu"}, {"dt", name}}, IfExists::kIgnore)
            .code(),
        kPartitionSpecInvalid)
        << name;
  }
  EXPECT_TRUE(catalog->CreateDatabase(std::string(200, 'a'), {}, IfExists::kFail).ok());
}

TEST_F(CatalogTest, TablesSurviveARestartWithEverything) {
  const TableRef before =
      Create("t", Table("id INT, name STRING", {"id"}, {}, {{"table.log.ttl", "2 d"}}));
  Open();
  const TableRef after = catalog->GetTable({"fluss", "t"}).value();
  EXPECT_EQ(after->id, before->id);
  EXPECT_EQ(after->descriptor, before->descriptor);
  EXPECT_EQ(after->config.log_ttl, std::chrono::days(2));
  EXPECT_EQ(after->created_ms, kNoonOf20241111);
  EXPECT_EQ(after->schema_id, SchemaId{1});
  EXPECT_EQ(*after->FindSchema(SchemaId{1}), before->schema());
  EXPECT_EQ(catalog->FindTable(after->id), after);
}

TEST_F(CatalogTest, AnswersWithTheProtocolsCodes) {
  EXPECT_EQ(catalog->CreateTable({"nope", "t"}, LogTable(), IfExists::kFail).code(),
            kDatabaseNotExist);
  Create("t", LogTable());
  EXPECT_EQ(catalog->CreateTable({"fluss", "t"}, LogTable(), IfExists::kFail).code(),
            kTableAlreadyExist);
  EXPECT_TRUE(catalog->CreateTable({"fluss", "t"}, LogTable(), IfExists::kIgnore).ok());
  EXPECT_EQ(catalog->GetTable({"fluss", "x"}).code(), kTableNotExist);
  EXPECT_EQ(catalog->GetTable(TableId{99}).code(), kTableNotExist);
  EXPECT_EQ(catalog->Tables("nope").code(), kDatabaseNotExist);
  EXPECT_EQ(catalog->DropTable({"fluss", "x"}, IfNotExists::kFail).code(), kTableNotExist);
  EXPECT_TRUE(catalog->DropTable({"fluss", "x"}, IfNotExists::kIgnore).ok());
  EXPECT_EQ(catalog->CreatePartition({"fluss", "t"}, {}, IfExists::kFail).code(),
            kTableNotPartitioned);
  EXPECT_EQ(catalog->DropPartition({"fluss", "t"}, {}, IfNotExists::kFail).code(),
            kTableNotPartitioned);
  EXPECT_EQ(MatchingPartitions(*catalog->FindTable({"fluss", "t"}), {}).code(),
            kTableNotPartitioned);
}

TEST_F(CatalogTest, NeverGivesAnIdTwice) {
  const TableRef first = Create("t", Partitioned());
  const auto p1 =
      catalog->CreatePartition({"fluss", "t"}, {{"region", "eu"}, {"dt", "1"}}, IfExists::kFail);
  const int64_t w1 = catalog->NewWriterId().value();
  ASSERT_TRUE(catalog->DropTable({"fluss", "t"}, IfNotExists::kFail).ok());
  Open();
  const TableRef second = Create("t", Partitioned());
  const auto p2 =
      catalog->CreatePartition({"fluss", "t"}, {{"region", "eu"}, {"dt", "1"}}, IfExists::kFail);
  EXPECT_GT(second->id, first->id);
  EXPECT_GT(p2->id, p1->id);
  EXPECT_GT(catalog->NewWriterId().value(), w1);
}

TEST_F(CatalogTest, AddsColumnsAndKeepsEverySchema) {
  Create("t", Table("id INT, r ROW<x INT, y INT>", {"id"}));  // ids 0, 1, 2, 3
  const DataType nested = DataType::Parse("ROW<a INT, b STRING>").value();
  ASSERT_TRUE(catalog
                  ->AlterTable({"fluss", "t"},
                               {.added_columns = {{"n", nested, "new"},
                                                  {"m", DataType::Of(TypeKind::kInt)}}},
                               IfNotExists::kFail)
                  .ok());
  ASSERT_TRUE(catalog
                  ->AlterTable({"fluss", "t"},
                               {.added_columns = {{"z", DataType::Of(TypeKind::kInt)}}},
                               IfNotExists::kFail)
                  .ok());
  for (int restart = 0; restart < 2; ++restart) {
    const TableRef table = catalog->GetTable({"fluss", "t"}).value();
    EXPECT_EQ(table->schema_id, SchemaId{3});
    ASSERT_EQ(table->schemas.size(), 3u);
    EXPECT_EQ(table->FindSchema(SchemaId{1})->size(), 2u);
    EXPECT_EQ(table->FindSchema(SchemaId{2})->size(), 4u);
    EXPECT_EQ(*table->FindSchema(SchemaId{3}), table->schema());
    EXPECT_EQ(table->schema().column(2).id, 4);
    EXPECT_EQ(table->schema().column(2).comment, "new");
    EXPECT_EQ(table->schema().column(2).type.fields()[1].id, 6);
    EXPECT_EQ(table->schema().column(3).id, 7);
    EXPECT_EQ(table->schema().highest_field_id(), 8);
    Open();
  }
  EXPECT_EQ(changed.size(), 2u);
}

TEST_F(CatalogTest, RefusesWhatCannotBeAltered) {
  Create("log", LogTable());
  Create("kv", Table("id INT, v INT", {"id"}));
  Create("auto", Daily());
  const DataType number = DataType::Of(TypeKind::kInt);
  struct Case {
    std::string table;
    TableChanges changes;
    ErrorCode code;
    std::string part;
  };
  const std::vector<Case> cases = {
      {"log",
       {.configs = {{"a", "b"}}, .added_columns = {{"c", number}}},
       kInvalidAlterTable,
       "at once"},
      {"log", {.added_columns = {{"id", number}}}, kInvalidAlterTable, "already exists"},
      {"log", {.added_columns = {{"c", number.NotNull()}}}, kInvalidAlterTable, "nullable"},
      {"log", {.added_columns = {{"__bucket", number}}}, kInvalidTable, "__bucket"},
      {"log", {.added_columns = {{"", number}}}, kInvalidTable, ""},
      {"kv",
       {.added_columns = {{"s", number, {}, AggFunction{"sum", {}}}}},
       kInvalidConfig,
       "aggregation"},
      {"log",
       {.configs = {{"table.log.format", "INDEXED"}}},
       kInvalidAlterTable,
       "table.log.format"},
      {"log", {.configs = {{"table.nope", "1"}}}, kInvalidAlterTable, "table.nope"},
      {"log",
       {.configs = {{"table.kv.standby-replica.enabled", "true"}}},
       kInvalidAlterTable,
       "primary key"},
      {"log", {.configs = {{"table.log.ttl", "soon"}}}, kInvalidConfig, "table.log.ttl"},
      {"log",
       {.configs = {{"table.log.ttl", "1 d", ConfigOp::kAppend}}},
       kInvalidAlterTable,
       "SET and RESET"},
      {"log", {.configs = {{"table.log.ttl", {}}}}, kInvalidAlterTable, "no value"},
      {"log",
       {.configs = {{"table.datalake.freshness", "1 min"}}},
       kInvalidAlterTable,
       "lake format"},
      {"kv", {.configs = {{"table.datalake.enabled", "true"}}}, kInvalidAlterTable, "lake format"},
      {"log",
       {.configs = {{"table.auto-partition.enabled", "true"}}},
       kInvalidConfig,
       "partitioned"},
      {"x", {.configs = {{"a", "b"}}}, kTableNotExist, "fluss.x"},
  };
  for (const Case& c : cases) {
    const Status status = catalog->AlterTable({"fluss", c.table}, c.changes, IfNotExists::kFail);
    ASSERT_EQ(status.code(), c.code) << c.table << " " << c.part;
    EXPECT_THAT(status.error().message, HasSubstr(c.part));
  }
  EXPECT_THAT(changed, IsEmpty());
  EXPECT_TRUE(catalog->AlterTable({"fluss", "x"}, {}, IfNotExists::kIgnore).ok());
}

TEST_F(CatalogTest, AltersProperties) {
  Create("t", LogTable());
  const TableChanges changes{.configs = {{"table.log.ttl", "1 d"}, {"owner", "me"}}};
  ASSERT_TRUE(catalog->AlterTable({"fluss", "t"}, changes, IfNotExists::kFail).ok());
  EXPECT_TRUE(catalog->AlterTable({"fluss", "t"}, changes, IfNotExists::kFail).ok());
  EXPECT_THAT(changed, ElementsAre("fluss.t"));  // the second time nothing changed
  Open();
  TableRef table = catalog->GetTable({"fluss", "t"}).value();
  EXPECT_EQ(table->config.log_ttl, std::chrono::days(1));
  EXPECT_EQ(table->descriptor.custom_properties.at("owner"), "me");
  EXPECT_EQ(table->schema_id, SchemaId{1});
  ASSERT_TRUE(catalog
                  ->AlterTable({"fluss", "t"},
                               {.configs = {{"table.log.ttl", {}, ConfigOp::kDelete}}},
                               IfNotExists::kFail)
                  .ok());
  EXPECT_EQ(catalog->GetTable({"fluss", "t"}).value()->config.log_ttl, std::chrono::days(7));
}

TEST_F(CatalogTest, PartitionsComeGoAndAreFound) {
  options.partitions_max = 3;
  Open();
  Create("t", Partitioned());
  const TablePath path{"fluss", "t"};
  const auto create = [&](PartitionSpec spec, IfExists if_exists = IfExists::kFail) {
    return catalog->CreatePartition(path, spec, if_exists);
  };
  const auto eu = create({{"dt", "1"}, {"region", "eu"}});
  ASSERT_TRUE(eu.ok()) << eu.error().message;
  EXPECT_EQ(eu->name, "eu$1");
  EXPECT_EQ(create({{"region", "eu"}, {"dt", "1"}}).code(), kPartitionAlreadyExists);
  EXPECT_EQ(create({{"region", "eu"}, {"dt", "1"}}, IfExists::kIgnore)->id, eu->id);
  EXPECT_EQ(create({{"region", "eu"}}).code(), kPartitionSpecInvalid);
  EXPECT_EQ(create({{"region", "eu"}, {"day", "1"}}).code(), kPartitionSpecInvalid);
  EXPECT_EQ(create({{"region", "eu"}, {"region", "us"}}).code(), kPartitionSpecInvalid);
  ASSERT_TRUE(create({{"region", "us"}, {"dt", "1"}}).ok());
  ASSERT_TRUE(create({{"region", "us"}, {"dt", "2"}}).ok());
  EXPECT_EQ(create({{"region", "us"}, {"dt", "3"}}).code(), kPartitionMaxNum);

  Open();
  const TableRef table = catalog->GetTable(path).value();
  EXPECT_THAT(PartitionsOf("t"), ElementsAre("eu$1", "us$1", "us$2"));
  EXPECT_EQ(catalog->FindTableOfPartition(eu->id), table);
  EXPECT_EQ(table->FindPartition(eu->id)->name, "eu$1");
  EXPECT_EQ(MatchingPartitions(*table, {})->size(), 3u);
  EXPECT_EQ(MatchingPartitions(*table, {{"region", "us"}})->size(), 2u);
  EXPECT_EQ(MatchingPartitions(*table, {{"dt", "1"}, {"region", "us"}})->size(), 1u);
  EXPECT_EQ(MatchingPartitions(*table, {{"nope", "1"}}).code(), kPartitionSpecInvalid);

  EXPECT_EQ(
      catalog->DropPartition(path, {{"region", "eu"}, {"dt", "9"}}, IfNotExists::kFail).code(),
      kPartitionNotExists);
  EXPECT_TRUE(
      catalog->DropPartition(path, {{"region", "eu"}, {"dt", "9"}}, IfNotExists::kIgnore).ok());
  ASSERT_TRUE(
      catalog->DropPartition(path, {{"region", "eu"}, {"dt", "1"}}, IfNotExists::kFail).ok());
  EXPECT_THAT(dropped, ElementsAre("eu$1"));
  EXPECT_EQ(catalog->FindTableOfPartition(eu->id), nullptr);
  EXPECT_EQ(table->partitions.size(), 3u);  // who held the table before still sees it as it was
  Open();
  EXPECT_THAT(PartitionsOf("t"), ElementsAre("us$1", "us$2"));
}

TEST_F(CatalogTest, AutomaticPartitionsFollowTheClock) {
  Create("t", Daily());
  EXPECT_THAT(PartitionsOf("t"), ElementsAre("20241111", "20241112"));
  clock.AdvanceMs(3 * kDayMs);
  Open();
  catalog->RunAutoPartitions();
  // Some hours late, on purpose, so that not all tables work at midnight.
  const auto later = PartitionsOf("t");
  EXPECT_THAT(dropped, ElementsAre("20241111"));
  EXPECT_EQ(later.front(), "20241112");
  EXPECT_GE(later.size(), 2u);
  EXPECT_EQ(
      catalog->CreatePartition({"fluss", "t"}, {{"dt", "20241111"}}, IfExists::kIgnore).code(),
      kPartitionSpecInvalid);
  EXPECT_EQ(
      catalog->CreatePartition({"fluss", "t"}, {{"dt", "tomorrow"}}, IfExists::kIgnore).code(),
      kPartitionSpecInvalid);
  clock.AdvanceMs(kDayMs);
  catalog->RunAutoPartitions();
  EXPECT_GE(PartitionsOf("t").front(), "20241113");
}

TEST_F(CatalogTest, TurningAutomaticPartitionsOnCreatesThemAtOnce) {
  Create("t", Table("id INT, dt STRING", {}, {"dt"}, {{"table.auto-partition.time-zone", "UTC"}}));
  EXPECT_THAT(PartitionsOf("t"), IsEmpty());
  ASSERT_TRUE(catalog
                  ->AlterTable({"fluss", "t"},
                               {.configs = {{"table.auto-partition.enabled", "true"}}},
                               IfNotExists::kFail)
                  .ok());
  EXPECT_THAT(PartitionsOf("t"), ElementsAre("20241111", "20241112"));
}

TEST_F(CatalogTest, NumbersContinueAfterARestart) {
  const TableRef table = Create("t", LogTable());
  std::set<int64_t> writers;
  for (int restart = 0; restart < 3; ++restart) {
    for (int i = 0; i < 1500; ++i)
      EXPECT_TRUE(writers.insert(catalog->NewWriterId().value()).second);
    const IdBlock block = catalog->NewAutoIncrementIds(table->id, 100'000).value();
    EXPECT_EQ(block.first, 1 + restart * 100'000);
    Open();
  }
  EXPECT_EQ(catalog->NewAutoIncrementIds(TableId{77}, 1).code(), kTableNotExist);
}

TEST_F(CatalogTest, ProducerOffsetsExpire) {
  auto& producers = catalog->producer_offsets();
  const TableBucket bucket{TableId{1}, PartitionId{2}, 3};
  EXPECT_EQ(*producers.Register("job-1", {{bucket, 42}}, 1000),
            ProducerOffsets::Registered::kCreated);
  EXPECT_EQ(*producers.Register("job-1", {{bucket, 43}}, 1000),
            ProducerOffsets::Registered::kAlreadyExists);
  EXPECT_EQ(producers.Register("../job", {}, {}).code(), kInvalidProducerId);
  EXPECT_EQ(producers.Get("a b").code(), kInvalidProducerId);
  Open();
  EXPECT_EQ(catalog->producer_offsets().Get("job-1").value()->offsets.at(bucket), 42);
  clock.AdvanceMs(1000);
  EXPECT_FALSE(catalog->producer_offsets().Get("job-1").value().has_value());
  EXPECT_EQ(*catalog->producer_offsets().Register("job-1", {{bucket, 44}}, {}),
            ProducerOffsets::Registered::kCreated);
  clock.AdvanceMs(kDayMs - 1);
  EXPECT_TRUE(catalog->producer_offsets().Get("job-1").value().has_value());
  EXPECT_TRUE(catalog->producer_offsets().Delete("job-1").ok());
  EXPECT_TRUE(catalog->producer_offsets().Delete("job-1").ok());
  EXPECT_FALSE(catalog->producer_offsets().Get("job-1").value().has_value());
}

TEST_F(CatalogTest, LeasesHoldTheLastSnapshotOfABucket) {
  const TableBucket a{TableId{1}, {}, 0};
  const TableBucket b{TableId{1}, {}, 1};
  ASSERT_TRUE(catalog->snapshot_leases().Acquire("lease", 1000, {{a, 5}, {b, 6}}).ok());
  ASSERT_TRUE(catalog->snapshot_leases().Acquire("lease", 2000, {{a, 7}}).ok());
  Open();
  auto& leases = catalog->snapshot_leases();
  EXPECT_TRUE(leases.IsLeased(a, 7));
  EXPECT_FALSE(leases.IsLeased(a, 5));
  EXPECT_TRUE(leases.IsLeased(b, 6));
  EXPECT_THAT(leases.TablesOf("lease"), ElementsAre(TableId{1}));
  ASSERT_TRUE(leases.Release("lease", {a}).ok());
  EXPECT_FALSE(leases.IsLeased(a, 7));
  clock.AdvanceMs(2000);
  EXPECT_FALSE(leases.IsLeased(b, 6));
  ASSERT_TRUE(leases.RemoveExpired().ok());
  EXPECT_THAT(leases.TablesOf("lease"), IsEmpty());
  EXPECT_TRUE(leases.Drop("lease").ok());
  EXPECT_TRUE(leases.Release("unknown", {a}).ok());
}

struct LiveOptions {
  std::vector<std::string> dirs;
  std::string password;
  int32_t restart = 1;
};
constexpr std::array kLiveOptions = {
    Option<LiveOptions>{"dirs", &LiveOptions::dirs, kLive, "A list."},
    Option<LiveOptions>{"some.password", &LiveOptions::password, kLive, "A secret."},
    Option<LiveOptions>{"restart", &LiveOptions::restart, 0, 9, kRestart, "Not to be changed."}};

TEST_F(CatalogTest, ClusterConfigsAreKeptAndSecretsHidden) {
  LiveOptions values;
  OptionSet options;
  options.Add(values, kLiveOptions);
  const auto configs = [&]() -> ClusterConfigs& {
    catalog->cluster_configs().SetServerOptions(&options);
    return catalog->cluster_configs();
  };
  ASSERT_TRUE(
      configs()
          .Alter({{"some.password", "1"}, {"dirs", "/x"}, {"dirs", "/y", ConfigOp::kAppend}})
          .ok());
  EXPECT_EQ(configs().Alter({{"dirs", "/z"}, {"restart", "2"}}).code(), kConfigException);
  EXPECT_EQ(configs().Alter({{"kv.snapshot.interval", "1 min"}}).code(), kConfigException)
      << "Fluss has it and lets it be changed; nothing here would apply it";
  EXPECT_EQ(configs().Alter({{"some.password", "2", ConfigOp::kAppend}}).code(), kConfigException);
  Open();
  std::map<std::string, std::string> shown;
  for (const auto& entry : configs().Describe()) shown[entry.key] = *entry.value;
  EXPECT_EQ(shown.at("some.password"), "******");
  EXPECT_EQ(shown.at("dirs"), "/x,/y");
  EXPECT_EQ(shown.at("restart"), "1");
  ASSERT_TRUE(configs().Alter({{"dirs", "/x", ConfigOp::kSubtract}}).ok());
  EXPECT_EQ(configs().Find("dirs"), "/y");
  ASSERT_TRUE(configs().Alter({{"dirs", {}, ConfigOp::kDelete}}).ok());
  EXPECT_EQ(configs().Find("dirs"), std::nullopt);
}

TEST_F(CatalogTest, ServerTagsAreKept) {
  constexpr int32_t kServer = 0;
  ASSERT_TRUE(catalog->server_tags().Add({kServer}, ServerTag::kTemporaryOffline, kServer).ok());
  EXPECT_EQ(catalog->server_tags().Add({9}, ServerTag::kTemporaryOffline, kServer).code(),
            kServerNotExist);
  Open();
  auto& tags = catalog->server_tags();
  EXPECT_EQ(tags.Add({kServer}, ServerTag::kPermanentOffline, kServer).code(),
            kServerTagAlreadyExist);
  EXPECT_EQ(tags.Remove({kServer}, ServerTag::kPermanentOffline).code(), kServerTagNotExist);
  EXPECT_TRUE(tags.Remove({kServer}, ServerTag::kTemporaryOffline).ok());
  EXPECT_EQ(tags.Find(kServer), std::nullopt);
}

// One history of changes, cut off at every write of the disk: what was answered must be there
// afterwards.
struct History {
  int steps_done = 0;
  int64_t last_writer = -1;
};

History RunHistory(FileSystem& files, const Clock& clock) {
  History history;
  auto catalog = Catalog::Open(files, kDirectory, {}, clock);
  if (!catalog.ok()) return history;
  const TablePath path{"db", "t"};
  const std::vector<std::function<Status()>> steps = {
      [&] { return (*catalog)->CreateDatabase("db", {}, IfExists::kFail); },
      [&]() -> Status {
        RETURN_IF_ERROR((*catalog)->CreateTable(path, Daily(), IfExists::kFail));
        return {};
      },
      [&] {
        return (*catalog)->AlterTable(
            path, {.added_columns = {{"c", DataType::Of(TypeKind::kInt)}}}, IfNotExists::kFail);
      },
      [&]() -> Status {
        RETURN_IF_ERROR((*catalog)->CreatePartition(path, {{"dt", "20241120"}}, IfExists::kFail));
        return {};
      },
      [&]() -> Status {
        ASSIGN_OR_RETURN(history.last_writer, (*catalog)->NewWriterId());
        return {};
      },
      [&] { return (*catalog)->DropPartition(path, {{"dt", "20241111"}}, IfNotExists::kFail); },
      [&] { return (*catalog)->DropDatabase("db", DropTables::kCascade, IfNotExists::kFail); },
  };
  for (const auto& step : steps) {
    if (!step().ok()) break;
    ++history.steps_done;
  }
  return history;
}

void ExpectHistory(const Catalog& catalog, int steps, const std::string& what) {
  const TableRef table = catalog.FindTable({"db", "t"});
  if (steps >= 7) {
    EXPECT_EQ(catalog.FindDatabase("db"), nullptr) << what;
    return;
  }
  EXPECT_EQ(catalog.FindDatabase("db") != nullptr, steps >= 1) << what;
  ASSERT_EQ(table != nullptr, steps >= 2) << what;
  if (steps < 2) return;
  EXPECT_EQ(table->schema_id.value, steps >= 3 ? 2 : 1) << what;
  EXPECT_EQ(table->schemas.size(), steps >= 3 ? 2u : 1u) << what;
  EXPECT_EQ(table->partitions.contains("20241120"), steps >= 4) << what;
  EXPECT_EQ(table->partitions.contains("20241111"), steps < 6) << what;
}

TEST(CatalogCrash, EveryAnsweredChangeSurvivesPowerLossAtEveryWrite) {
  const ManualClock clock(kNoonOf20241111);
  FaultyFileSystem whole;
  ASSERT_EQ(RunHistory(whole, clock).steps_done, 7);
  for (int64_t nth = 0; nth <= whole.write_calls(); ++nth) {
    for (unsigned seed = 0; seed < 4; ++seed) {
      const std::string what =
          "write call " + std::to_string(nth) + ", seed " + std::to_string(seed);
      FaultyFileSystem files;
      files.StopAfter(nth);
      const History history = RunHistory(files, clock);
      std::mt19937_64 random(seed);
      files.LosePower(random);
      auto catalog = Catalog::Open(files, kDirectory, {}, clock);
      ASSERT_TRUE(catalog.ok()) << what << ": " << catalog.error().message;
      // The step under way may have happened too.
      const TableRef table = (*catalog)->FindTable({"db", "t"});
      int steps = history.steps_done;
      const auto happened = [&](int step) {
        switch (step) {
          case 1:
            return (*catalog)->FindDatabase("db") != nullptr;
          case 2:
            return table != nullptr;
          case 3:
            return table != nullptr && table->schema_id.value == 2;
          case 4:
            return table != nullptr && table->partitions.contains("20241120");
          case 6:
            return table != nullptr && !table->partitions.contains("20241111");
          case 7:
            return (*catalog)->FindDatabase("db") == nullptr;
          default:
            return false;
        }
      };
      if (happened(steps + 1)) ++steps;
      ExpectHistory(**catalog, steps, what);
      EXPECT_GT((*catalog)->NewWriterId().value(), history.last_writer) << what;
    }
  }
}

TEST(CatalogThreads, ReadersSeeWholeTablesWhileTheyChange) {
  FaultyFileSystem files;
  auto catalog = Catalog::Open(files, kDirectory, {}).value();
  std::atomic<bool> done = false;
  std::vector<std::thread> readers;
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&] {
      while (!done) {
        for (const TableRef& table : catalog->Tables()) {
          EXPECT_EQ(table->schemas.size(), static_cast<size_t>(table->schema_id.value));
          static_cast<void>(catalog->FindTable(table->id));
        }
      }
    });
  }
  std::vector<std::thread> writers;
  for (int w = 0; w < 2; ++w) {
    writers.emplace_back([&, w] {
      const TablePath path{"fluss", "t" + std::to_string(w)};
      for (int i = 0; i < 30; ++i) {
        EXPECT_TRUE(catalog->CreateTable(path, LogTable(), IfExists::kFail).ok());
        EXPECT_TRUE(catalog
                        ->AlterTable(path, {.added_columns = {{"c", DataType::Of(TypeKind::kInt)}}},
                                     IfNotExists::kFail)
                        .ok());
        EXPECT_TRUE(catalog->DropTable(path, IfNotExists::kFail).ok());
      }
    });
  }
  for (std::thread& thread : writers) thread.join();
  done = true;
  for (std::thread& thread : readers) thread.join();
}

}  // namespace
}  // namespace weir
