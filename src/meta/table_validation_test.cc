// The rules of Fluss' TableDescriptorValidation, CoordinatorService.applySystemDefaults,
// StatisticsConfigUtils and TableDescriptor's builder, as rows: what a client asks for, and the
// code it must get.
#include "meta/table_validation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Ask {
  std::string columns =
      "id INT, name STRING, ts BIGINT, at TIMESTAMP(3), dt STRING, day DATE, price DOUBLE, tags "
      "ARRAY<STRING>, raw BYTES";
  std::vector<std::string> primary_key = {};
  std::vector<std::string> partition_keys = {};
  std::vector<std::string> bucket_keys = {};
  std::optional<int32_t> buckets = {};
  Properties properties = {};
  std::map<std::string, std::string> aggregations =
      {};  // column -> "function" or "function:delimiter"
};

Result<TableDescriptor> Build(const Ask& ask) {
  ASSIGN_OR_RETURN(const DataType row, DataType::Parse("ROW<" + ask.columns + ">"));
  Schema::Parts parts{.primary_key = ask.primary_key};
  for (const Field& field : row.fields()) {
    Column column{.name = field.name, .type = field.type};
    const auto aggregation = ask.aggregations.find(field.name);
    if (aggregation != ask.aggregations.end()) {
      const size_t colon = aggregation->second.find(':');
      column.agg_function = AggFunction{.type = aggregation->second.substr(0, colon)};
      if (colon != std::string::npos)
        column.agg_function->parameters["delimiter"] = aggregation->second.substr(colon + 1);
    }
    parts.columns.push_back(std::move(column));
  }
  ASSIGN_OR_RETURN(Schema schema, Schema::Make(std::move(parts)));
  return TableDescriptor{.schema = std::move(schema),
                         .partition_keys = ask.partition_keys,
                         .bucket_keys = ask.bucket_keys,
                         .bucket_count = ask.buckets,
                         .properties = ask.properties};
}

Result<TableDescriptor> Accept(const Ask& ask, const CatalogOptions& options = {}) {
  ASSIGN_OR_RETURN(TableDescriptor asked, Build(ask));
  ASSIGN_OR_RETURN(TableDescriptor complete, WithDefaults(std::move(asked), options));
  RETURN_IF_ERROR(CheckTable(complete, options));
  return complete;
}

struct Case {
  const char* what;
  Ask ask;
  ErrorCode code;         // kNone: accepted
  const char* part = "";  // of the message
};

Properties Auto(Properties more = {}) {
  more.emplace("table.auto-partition.enabled", "true");
  return more;
}

// clang-format off
std::vector<Case> Cases() {
  using enum ErrorCode;
  const std::vector<std::string> pk = {"id"};
  return {
      {"plain log table", {}, kNone},
      {"plain primary key table", {.primary_key = pk}, kNone},
      // properties
      {"unknown table property", {.properties = {{"table.nope", "1"}}}, kInvalidConfig, "table.nope"},
      {"no table property", {.properties = {{"connector", "x"}}}, kInvalidConfig, "custom properties"},
      {"bad boolean", {.properties = {{"table.datalake.enabled", "yes"}}}, kInvalidConfig, "table.datalake.enabled"},
      {"bad number", {.properties = {{"table.log.tiered.local-segments", "two"}}}, kInvalidConfig, "local-segments"},
      {"bad duration", {.properties = {{"table.log.ttl", "7 fortnights"}}}, kInvalidConfig, "table.log.ttl"},
      {"bad enum", {.properties = {{"table.log.format", "PARQUET"}}}, kInvalidConfig, "ARROW, INDEXED, COMPACTED"},
      {"enums in any case", {.properties = {{"table.log.format", "arrow"}, {"table.durability", "Os"}}}, kNone},
      {"bad durability", {.properties = {{"table.durability", "tape"}}}, kInvalidConfig, "DISK, OS, MEMORY"},
      {"ISO duration", {.properties = {{"table.log.ttl", "PT168H"}}}, kNone},
      // buckets
      {"no bucket", {.buckets = 0}, kInvalidTable, "greater than 0"},
      {"most buckets", {.buckets = 4096}, kNone},
      {"too many buckets", {.buckets = 4097}, kBucketMaxNum, "4096"},
      {"bucket key is no column", {.bucket_keys = {"nope"}}, kInvalidTable, "'nope'"},
      {"bucket key twice", {.bucket_keys = {"id", "id"}}, kInvalidTable, "twice"},
      {"bucket key is an array", {.bucket_keys = {"tags"}}, kInvalidTable, "ARRAY"},
      {"bucket key outside the primary key", {.primary_key = pk, .bucket_keys = {"name"}}, kInvalidTable, "primary key"},
      {"bucket key is a partition key", {.primary_key = {"id", "dt"}, .partition_keys = {"dt"}, .bucket_keys = {"dt"}}, kInvalidTable, "partition key"},
      // keys and columns
      {"primary key is an array", {.primary_key = {"tags"}}, kInvalidTable, "ARRAY"},
      {"primary key is a row", {.columns = "r ROW<x INT>, y INT", .primary_key = {"r"}}, kInvalidTable, "ROW"},
      {"primary key is no column", {.primary_key = {"nope"}}, kInvalidTable, "nope"},
      {"reserved column", {.columns = "a INT, __offset BIGINT"}, kInvalidTable, "'__offset'"},
      {"reserved column of the changelog", {.columns = "a INT, _change_type STRING"}, kInvalidTable, "_change_type"},
      // replication
      {"no replica", {.properties = {{"table.replication.factor", "0"}}}, kInvalidConfig, "greater than 0"},
      {"too many replicas", {.properties = {{"table.replication.factor", "3"}}}, kInvalidReplicationFactor, "factor=3"},
      // formats
      {"indexed log of a compacted kv table", {.primary_key = pk, .properties = {{"table.log.format", "INDEXED"}}}, kInvalidConfig, "ARROW and COMPACTED"},
      {"compacted log of a compacted kv table", {.primary_key = pk, .properties = {{"table.log.format", "COMPACTED"}}}, kNone},
      {"indexed log of an indexed kv table", {.primary_key = pk, .properties = {{"table.log.format", "INDEXED"}, {"table.kv.format", "INDEXED"}}}, kNone},
      {"indexed log table", {.properties = {{"table.log.format", "indexed"}}}, kNone},
      {"zstd level 22", {.properties = {{"table.log.arrow.compression.zstd.level", "22"}}}, kNone},
      {"zstd level 23", {.properties = {{"table.log.arrow.compression.zstd.level", "23"}}}, kInvalidConfig, "1 to 22"},
      {"zstd level 0", {.properties = {{"table.log.arrow.compression.zstd.level", "0"}}}, kInvalidConfig, "1 to 22"},
      {"kv format of the future", {.primary_key = pk, .properties = {{"table.kv.format-version", "3"}}}, kInvalidConfig, "version=3"},
      {"kv format of the past", {.primary_key = pk, .properties = {{"table.kv.format-version", "1"}}}, kNone},
      // merge engines
      {"merge engine of a log table", {.properties = {{"table.merge-engine", "first_row"}}}, kInvalidConfig, "primary key"},
      {"first_row", {.primary_key = pk, .properties = {{"table.merge-engine", "first_row"}}}, kNone},
      {"versioned without column", {.primary_key = pk, .properties = {{"table.merge-engine", "versioned"}}}, kInvalidConfig, "ver-column"},
      {"versioned by a missing column", {.primary_key = pk, .properties = {{"table.merge-engine", "versioned"}, {"table.merge-engine.versioned.ver-column", "v"}}}, kInvalidConfig, "'v'"},
      {"versioned by a string", {.primary_key = pk, .properties = {{"table.merge-engine", "versioned"}, {"table.merge-engine.versioned.ver-column", "name"}}}, kInvalidConfig, "STRING"},
      {"versioned by a bigint", {.primary_key = pk, .properties = {{"table.merge-engine", "versioned"}, {"table.merge-engine.versioned.ver-column", "ts"}}}, kNone},
      {"versioned by a timestamp", {.primary_key = pk, .properties = {{"table.merge-engine", "versioned"}, {"table.merge-engine.versioned.ver-column", "at"}}}, kNone},
      {"aggregation", {.primary_key = pk, .properties = {{"table.merge-engine", "aggregation"}}, .aggregations = {{"price", "sum"}, {"name", "listagg:;"}}}, kInvalidConfig, "not served"},
      {"aggregation with a WAL image", {.primary_key = pk, .properties = {{"table.merge-engine", "aggregation"}, {"table.changelog.image", "wal"}}}, kInvalidConfig, "FULL"},
      {"aggregation function without the engine", {.primary_key = pk, .aggregations = {{"price", "sum"}}}, kInvalidConfig, "'price'"},
      {"sum of strings", {.primary_key = pk, .properties = {{"table.merge-engine", "aggregation"}}, .aggregations = {{"name", "sum"}}}, kInvalidConfig, "does not take"},
      {"unknown aggregation", {.primary_key = pk, .properties = {{"table.merge-engine", "aggregation"}}, .aggregations = {{"price", "median"}}}, kInvalidConfig, "median"},
      {"parameter of sum", {.primary_key = pk, .properties = {{"table.merge-engine", "aggregation"}}, .aggregations = {{"price", "sum:,"}}}, kInvalidConfig, "delimiter"},
      {"empty delimiter", {.primary_key = pk, .properties = {{"table.merge-engine", "aggregation"}}, .aggregations = {{"name", "string-agg:"}}}, kInvalidConfig, "empty"},
      // deletes
      {"delete behavior of a log table", {.properties = {{"table.delete.behavior", "ignore"}}}, kInvalidConfig, "primary key"},
      {"deletes allowed in first_row", {.primary_key = pk, .properties = {{"table.merge-engine", "first_row"}, {"table.delete.behavior", "allow"}}}, kInvalidConfig, "ignore or disable"},
      {"deletes allowed in aggregation", {.primary_key = pk, .properties = {{"table.merge-engine", "aggregation"}, {"table.delete.behavior", "allow"}}}, kInvalidConfig, "not served"},
      {"deletes disabled in versioned", {.primary_key = pk, .properties = {{"table.merge-engine", "versioned"}, {"table.merge-engine.versioned.ver-column", "ts"}, {"table.delete.behavior", "disable"}}}, kNone},
      // tiered log
      {"no local segment", {.properties = {{"table.log.tiered.local-segments", "0"}}}, kInvalidConfig, "greater than 0"},
      {"local ttl above the ttl", {.properties = {{"table.log.local-ttl", "8 d"}}}, kInvalidConfig, "local-ttl"},
      {"local ttl without ttl", {.properties = {{"table.log.local-ttl", "8 d"}, {"table.log.ttl", "0 s"}}}, kNone},
      // the lake
      {"name of the lake table", {.properties = {{"table.datalake.database-name", "gold"}, {"table.datalake.table-name", "orders_all"}}}, kNone},
      {"path as a lake table", {.properties = {{"table.datalake.table-name", "../up"}}}, kInvalidConfig, "lake table"},
      // partitions
      {"partitioned log table", {.partition_keys = {"dt"}}, kNone},
      {"partition key is no column", {.partition_keys = {"nope"}}, kInvalidTable, "nope"},
      {"partition key twice", {.partition_keys = {"dt", "dt"}}, kInvalidTable, "twice"},
      {"partition key is an array", {.partition_keys = {"tags"}}, kInvalidTable, "tags"},
      {"partition key outside the primary key", {.primary_key = pk, .partition_keys = {"dt"}}, kInvalidTable, "primary key"},
      {"primary key is all partition keys", {.primary_key = {"dt"}, .partition_keys = {"dt"}}, kInvalidTable, "not a partition key"},
      {"automatic partitions of an unpartitioned table", {.properties = Auto()}, kInvalidConfig, "auto-partition.enabled"},
      {"automatic partitions", {.partition_keys = {"dt"}, .properties = Auto()}, kNone},
      {"automatic partitions of two keys without key", {.partition_keys = {"name", "dt"}, .properties = Auto()}, kInvalidTable, "auto-partition.key"},
      {"automatic partitions by another column", {.partition_keys = {"name", "dt"}, .properties = Auto({{"table.auto-partition.key", "ts"}})}, kInvalidTable, "key=ts"},
      {"automatic partitions of two keys", {.partition_keys = {"name", "dt"}, .properties = Auto({{"table.auto-partition.key", "dt"}})}, kNone},
      {"two keys created ahead", {.partition_keys = {"name", "dt"}, .properties = Auto({{"table.auto-partition.key", "dt"}, {"table.auto-partition.num-precreate", "2"}})}, kInvalidTable, "must be 0"},
      {"bad time format", {.partition_keys = {"dt"}, .properties = Auto({{"table.auto-partition.time-format", "MM-yyyy"}})}, kInvalidTable, "time-format"},
      {"bad time zone", {.partition_keys = {"dt"}, .properties = Auto({{"table.auto-partition.time-zone", "Mars/Olympus"}})}, kInvalidConfig, "Mars/Olympus"},
      {"bad time unit", {.partition_keys = {"dt"}, .properties = Auto({{"table.auto-partition.time-unit", "WEEK"}})}, kInvalidConfig, "time-unit"},
      {"dates by day", {.partition_keys = {"day"}, .properties = Auto({{"table.auto-partition.time-format", "yyyy-MM-dd"}})}, kNone},
      {"dates by hour", {.partition_keys = {"day"}, .properties = Auto({{"table.auto-partition.time-unit", "hour"}})}, kInvalidTable, "DAY"},
      {"dates in another format", {.partition_keys = {"day"}, .properties = Auto()}, kInvalidTable, "yyyy-MM-dd"},
      // statistics
      {"statistics of all columns", {.properties = {{"table.statistics.columns", "*"}}}, kNone},
      {"statistics of some columns", {.properties = {{"table.statistics.columns", "id, name"}}}, kNone},
      {"statistics of a missing column", {.properties = {{"table.statistics.columns", "nope"}}}, kInvalidConfig, "nope"},
      {"statistics of bytes", {.properties = {{"table.statistics.columns", "raw"}}}, kInvalidConfig, "BYTES"},
      {"statistics of nothing", {.properties = {{"table.statistics.columns", " , "}}}, kInvalidConfig, "empty"},
      {"statistics of a primary key table", {.primary_key = pk, .properties = {{"table.statistics.columns", "*"}}}, kInvalidConfig, "primary key"},
      // lake
      {"lake", {.properties = {{"table.datalake.enabled", "true"}}}, kNone},
      {"lake by another format", {.properties = {{"table.datalake.enabled", "true"}, {"table.datalake.format", "paimon"}}}, kInvalidConfig, "tiers into Iceberg only: a table of the lake format 'paimon'"},
      {"lake by a format of the future", {.properties = {{"table.datalake.enabled", "true"}, {"table.datalake.format", "LANCE"}}}, kInvalidConfig, "'LANCE'"},
      {"lake by a slip of the finger", {.properties = {{"table.datalake.format", "iceburg"}}}, kInvalidConfig, "paimon, iceberg, lance or hudi: format=iceburg"},
      {"another format without lake", {.properties = {{"table.datalake.format", "lance"}}}, kNone},
      {"a slip of the finger in a key", {.properties = {{"table.datalake.formt", "iceberg"}}}, kInvalidConfig, "did you mean table.datalake.format"},
      {"lake with two bucket keys", {.primary_key = {"id", "name"}, .properties = {{"table.datalake.enabled", "true"}}}, kInvalidTable, "one column only"},
      {"bad delete mode", {.properties = {{"table.datalake.iceberg.delete-mode", "equality"}}}, kInvalidConfig, "COPY-ON-WRITE"},
      {"lake format without lake", {.properties = {{"table.datalake.format", "iceberg"}}}, kNone},
      {"historical partitions", {.properties = {{"table.datalake.historical-partition.enabled", "true"}}}, kInvalidConfig, "historical"},
      // not served
      {"row TTL", {.primary_key = pk, .properties = {{"table.kv.ttl", "1 d"}}}, kInvalidConfig, "table.kv.ttl"},
      {"no numbers at a time", {.primary_key = pk, .properties = {{"table.auto-increment.cache-size", "0"}}}, kInvalidConfig, "cache-size"},
  };
}

// clang-format on
TEST(TableValidation, AnswersEveryDescriptorWithItsCode) {
  for (const Case& c : Cases()) {
    const auto accepted = Accept(c.ask);
    ASSERT_EQ(accepted.code(), c.code)
        << c.what << (accepted.ok() ? "" : ": " + accepted.error().message);
    if (!accepted.ok()) {
      EXPECT_THAT(accepted.error().message, HasSubstr(c.part)) << c.what;
    }
  }
}

TEST(TableValidation, FillsInWhatClientsReadBack) {
  const TableDescriptor log = Accept({}).value();
  EXPECT_EQ(log.bucket_count, 1);
  EXPECT_EQ(log.properties, (Properties{{"table.replication.factor", "1"}}));
  EXPECT_TRUE(log.bucket_keys.empty());

  const TableDescriptor kv =
      Accept({.primary_key = {"id", "dt"}, .partition_keys = {"dt"}}).value();
  EXPECT_THAT(kv.bucket_keys, ElementsAre("id"));
  EXPECT_EQ(kv.properties,
            (Properties{{"table.kv.format-version", "2"}, {"table.replication.factor", "1"}}));

  const TableDescriptor first =
      Accept({.primary_key = {"id"}, .properties = {{"table.merge-engine", "first_row"}}}).value();
  EXPECT_EQ(first.properties.at("table.delete.behavior"), "IGNORE");

  const TableDescriptor two = Accept({.partition_keys = {"name", "dt"},
                                      .properties = Auto({{"table.auto-partition.key", "dt"}})})
                                  .value();
  EXPECT_EQ(two.properties.at("table.auto-partition.num-precreate"), "0");
}

TEST(TableValidation, TablesOfAServerWithoutLakeCannotAskForIt) {
  CatalogOptions no_lake;
  no_lake.lake_enabled = false;
  EXPECT_EQ(Accept({.properties = {{"table.datalake.enabled", "true"}}}, no_lake).code(),
            ErrorCode::kInvalidTable);
}

TEST(TableValidation, OnlyTablesThatAreTieredGetTheBuiltInFormat) {
  EXPECT_FALSE(
      Accept({.primary_key = {"id", "name"}})->properties.contains("table.datalake.format"));
  EXPECT_EQ(Accept({.primary_key = {"id"}, .properties = {{"table.datalake.enabled", "true"}}})
                ->properties.at("table.datalake.format"),
            "iceberg");
}

TEST(TableValidation, SetsALakeFormatOnlyWhenTheServerHasOne) {
  EXPECT_FALSE(Accept({.primary_key = {"id"}})->properties.contains("table.datalake.format"));
  CatalogOptions lake;
  lake.lake_format = "iceberg";
  EXPECT_EQ(Accept({.primary_key = {"id"}}, lake)->properties.at("table.datalake.format"),
            "iceberg");
  EXPECT_EQ(Accept({.properties = {{"table.datalake.format", "paimon"}}}, lake)
                ->properties.at("table.datalake.format"),
            "paimon");
  lake.lake_enabled = true;
  EXPECT_TRUE(Accept({.properties = {{"table.datalake.enabled", "true"}}}, lake).ok());
  EXPECT_EQ(Accept({.properties = {{"table.datalake.enabled", "true"},
                                   {"table.datalake.format", "paimon"}}},
                   lake)
                .code(),
            ErrorCode::kInvalidConfig);
}

TEST(TableValidation, ALakeOfAnotherFormatThanTheServersIsRefused) {
  CatalogOptions paimon;
  paimon.lake_format = "paimon";
  EXPECT_TRUE(Accept({}, paimon).ok());
  for (const char* format : {"paimon", "iceberg"}) {
    const auto refused = Accept(
        {.properties = {{"table.datalake.enabled", "true"}, {"table.datalake.format", format}}},
        paimon);
    EXPECT_EQ(refused.code(), ErrorCode::kInvalidConfig) << format;
  }
  const auto refused = Accept({.properties = {{"table.datalake.enabled", "true"}}}, paimon);
  ASSERT_EQ(refused.code(), ErrorCode::kInvalidConfig);
  EXPECT_THAT(refused.error().message, HasSubstr("tiers into Iceberg only"));
}

TEST(TableValidation, KindsOfTablesCanBeForbidden) {
  CatalogOptions options;
  options.allow_log_tables = false;
  EXPECT_EQ(Accept({}, options).code(), ErrorCode::kInvalidTable);
  EXPECT_TRUE(Accept({.primary_key = {"id"}}, options).ok());
  options.allow_kv_tables = false;
  EXPECT_EQ(Accept({.primary_key = {"id"}}, options).code(), ErrorCode::kInvalidTable);
}

TEST(TableValidation, DurationsBecomeReadableForTheJavaClient) {
  const TableDescriptor table =
      Accept({.properties = {{"table.log.ttl", "PT168H"}, {"table.datalake.freshness", "5000"}}})
          .value();
  EXPECT_EQ(table.properties.at("table.log.ttl"), "7 d");
  EXPECT_EQ(table.properties.at("table.datalake.freshness"), "5 s");
  EXPECT_EQ(Accept({.properties = {{"table.log.ttl", "168 H"}}})->properties.at("table.log.ttl"),
            "168 H");
}

TEST(TableOptions, EveryRowReadsItsOwnDefault) {
  for (const TableOption& option : TableOptions()) {
    TableConfig config;
    if (option.default_value.empty()) continue;
    const Status parsed = option.parse(option.default_value, config);
    EXPECT_TRUE(parsed.ok()) << option.key;
  }
}

}  // namespace
}  // namespace weir
