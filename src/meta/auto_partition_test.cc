#include "meta/auto_partition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "meta/golden_meta.h"

namespace weir {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kNoonOf20241111 = 1'731'326'400'000;
constexpr size_t kMany = 1000;

PartitionTimeUnit UnitOf(const std::string& name) {
  TableConfig config = ParseTableConfig({{"table.auto-partition.time-unit", name}}).value();
  return config.auto_partition.unit;
}

AutoPartitionConfig Daily() { return {.enabled = true, .time_zone = "UTC"}; }

TableInfo TableWith(std::vector<std::string> keys, AutoPartitionConfig config,
                    const std::vector<std::string>& partitions) {
  std::vector<Column> columns = {{.name = "id", .type = DataType::Of(TypeKind::kInt)}};
  for (const std::string& key : keys)
    columns.push_back({.name = key, .type = DataType::Of(TypeKind::kString)});
  TableInfo table{.descriptor = {.schema = *Schema::Make({.columns = std::move(columns)}),
                                 .partition_keys = std::move(keys)}};
  table.config.auto_partition = std::move(config);
  for (const std::string& name : partitions) table.partitions[name] = {.name = name};
  return table;
}

TEST(AutoPartition, ValuesAreThoseOfTheJavaClient) {
  const auto rows = GoldenRows("partition_times.txt", ' ');
  ASSERT_EQ(rows.size(), 750u);
  for (const auto& row : rows) {
    const AutoPartitionConfig config{.unit = UnitOf(row[2]), .time_zone = row[0]};
    EXPECT_EQ(PartitionTimeAt(config, std::stoll(row[1]), std::stoi(row[3])).value(), row[4])
        << row[0] << " " << row[1] << " " << row[2] << " " << row[3];
  }
}

TEST(AutoPartition, CreatesFromNowOnAndDropsWhatIsPastItsRetention) {
  AutoPartitionConfig config = Daily();
  config.num_precreate = 3;
  config.num_retention = 2;
  const TableInfo table =
      TableWith({"dt"}, config,
                {"20241107", "20241108", "20241109", "20241110", "20241112", "__historical__"});
  const auto plan = PlanAutoPartitions(table, kNoonOf20241111, kNoonOf20241111, kMany).value();
  EXPECT_THAT(plan.create, ElementsAre("20241111", "20241113"));
  EXPECT_THAT(plan.drop, ElementsAre("20241107", "20241108"));
}

TEST(AutoPartition, DelaysCreationButNotRetention) {
  AutoPartitionConfig config = Daily();
  config.num_retention = 0;
  const TableInfo table = TableWith({"dt"}, config, {"20241110", "20241111"});
  const auto plan =
      PlanAutoPartitions(table, kNoonOf20241111, kNoonOf20241111 - 13 * 3'600'000, kMany).value();
  EXPECT_THAT(plan.create, IsEmpty());
  EXPECT_THAT(plan.drop, ElementsAre("20241110"));
}

TEST(AutoPartition, WithSeveralKeysOnlyTheTimeExpires) {
  AutoPartitionConfig config = Daily();
  config.key = "dt";
  config.num_precreate = 0;
  config.num_retention = 1;
  const TableInfo table = TableWith({"region", "dt"}, config,
                                    {"eu$20241109", "eu$20241110", "us$20241109", "us$20241111"});
  const auto plan = PlanAutoPartitions(table, kNoonOf20241111, kNoonOf20241111, kMany).value();
  EXPECT_THAT(plan.create, IsEmpty());
  EXPECT_THAT(plan.drop, ElementsAre("eu$20241109", "us$20241109"));
}

TEST(AutoPartition, KeepsEverythingWithNegativeRetentionAndDoesNothingWhenOff) {
  AutoPartitionConfig config = Daily();
  config.num_retention = -1;
  EXPECT_THAT(PlanAutoPartitions(TableWith({"dt"}, config, {"19990101"}), kNoonOf20241111,
                                 kNoonOf20241111, kMany)
                  ->drop,
              IsEmpty());
  config.enabled = false;
  const auto plan =
      PlanAutoPartitions(TableWith({"dt"}, config, {}), kNoonOf20241111, kNoonOf20241111, kMany)
          .value();
  EXPECT_THAT(plan.create, IsEmpty());
}

TEST(AutoPartition, StopsPlanningAtTheLimit) {
  AutoPartitionConfig config = Daily();
  config.num_precreate = 2'000'000'000;
  EXPECT_EQ(PlanAutoPartitions(TableWith({"dt"}, config, {}), kNoonOf20241111, kNoonOf20241111, 10)
                ->create.size(),
            10u);
}

TEST(AutoPartition, DelaysAreSpreadOverTheDayAndDoNotChange) {
  int64_t latest = 0;
  for (int64_t id = 1; id <= 1000; ++id) {
    const int64_t delay = DailyPartitionDelayMs(TableId{id});
    ASSERT_GE(delay, 0);
    ASSERT_LT(delay, 23 * 3'600'000);
    ASSERT_EQ(delay, DailyPartitionDelayMs(TableId{id}));
    latest = std::max(latest, delay);
  }
  EXPECT_GT(latest, 20 * 3'600'000);
}

TEST(AutoPartition, ChecksTheTimeOfAPartitionSomebodyCreates) {
  AutoPartitionConfig config = Daily();
  config.num_retention = 2;
  EXPECT_TRUE(CheckPartitionTime(config, "20241111", kNoonOf20241111).ok());
  EXPECT_TRUE(CheckPartitionTime(config, "20241109", kNoonOf20241111).ok());
  EXPECT_TRUE(CheckPartitionTime(config, "20991231", kNoonOf20241111).ok());
  for (const std::string bad :
       {"20241108", "2024111", "20241301", "20241100", "2024-11-11", "abc", "202411111"}) {
    EXPECT_EQ(CheckPartitionTime(config, bad, kNoonOf20241111).code(),
              ErrorCode::kPartitionSpecInvalid)
        << bad;
  }
  config.num_retention = -1;
  EXPECT_TRUE(CheckPartitionTime(config, "19990101", kNoonOf20241111).ok());
  EXPECT_TRUE(CheckPartitionTime({.enabled = false}, "anything", kNoonOf20241111).ok());
  EXPECT_FALSE(CheckPartitionTime({.enabled = false, .time_format = "yyyy-MM-dd"}, "20241111",
                                  kNoonOf20241111)
                   .ok());
}

TEST(PartitionTimeFormat, TakesFixedWidthFieldsFromTheLargestToTheSmallest) {
  const std::vector<std::pair<std::string, PartitionTimeUnit>> good = {
      {"yyyy-MM-dd", PartitionTimeUnit::kDay},
      {"uuuuLLdd", PartitionTimeUnit::kDay},
      {"yyyy_Q", PartitionTimeUnit::kQuarter},
      {"'d'yyyyMMddHH", PartitionTimeUnit::kHour},
      {"yyyy", PartitionTimeUnit::kYear}};
  for (const auto& [pattern, unit] : good) {
    const auto format = PartitionTimeFormat::Of({.unit = unit, .time_format = pattern});
    ASSERT_TRUE(format.ok()) << pattern << ": " << format.error().message;
    EXPECT_TRUE(format->Matches(format->Format(1'731'326'400))) << pattern;
  }
  const std::vector<std::string> bad = {
      "MM-yyyy", "yyyy-MM",   "yyyy-M-dd", "yyyy-MM-dd HH", "yyyy/MM/dd", "yyyy-MM-dd[HH]",
      "yyMMdd",  "yyyyMMddE", "'yyyyMMdd", "__yyyyMMdd",    "",           "yyyy:MM:dd"};
  for (const std::string& pattern : bad) {
    EXPECT_EQ(PartitionTimeFormat::Of({.time_format = pattern}).code(), ErrorCode::kInvalidTable)
        << pattern;
  }
}

}  // namespace
}  // namespace weir
