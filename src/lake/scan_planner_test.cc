#include "lake/scan_planner.h"

#include <algorithm>

#include "base/matchers.h"
#include "lake/golden_tables_for_test.h"
#include "lake/manifest.h"
#include "lake/scan_task_json.h"

namespace weir::iceberg {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

std::string KeyText(const DataFile& file) {
  if (!file.content_offset) return file.file_path;
  return file.file_path + "@" + std::to_string(*file.content_offset);
}

/// A plan as LakeVectors.java writes it.
json::array Describe(const ScanPlan& plan) {
  std::vector<std::string> tasks;
  for (const FileScanTask& task : plan.tasks) {
    std::vector<std::string> deletes;
    for (const auto& file : task.deletes) deletes.push_back(KeyText(file->file));
    std::ranges::sort(deletes);
    const auto& row_id = task.data_file.first_row_id;
    tasks.push_back(json::serialize(
        json::object{{"path", task.data_file.file_path},
                     {"sequence", task.sequence_number},
                     {"first_row_id", row_id ? json::value(*row_id) : json::value(nullptr)},
                     {"deletes", json::array(deletes.begin(), deletes.end())}}));
  }
  std::ranges::sort(tasks);
  json::array out;
  for (const std::string& task : tasks) out.push_back(json::parse(task));
  return out;
}

TEST(ScanPlanner, PlansWhatJavaPlansOfTheTablesThatJavaMade) {
  GoldenTables golden;
  for (const int version : {1, 2, 3}) {
    const TableMetadata table = golden.table(version);
    for (const json::value& plan : golden.expected(version).at("plans").as_array()) {
      SCOPED_TRACE(json::serialize(plan.at("label")) + " v" + std::to_string(version));
      const auto filter = ExpressionFromJson(plan.at("filter"), table.current_schema(), true);
      ASSERT_THAT(filter, IsOk());
      const auto planned =
          PlanScan(golden.io(), table, *table.current_snapshot(), {.filter = *filter});
      ASSERT_THAT(planned, IsOk());
      EXPECT_EQ(json::serialize(Describe(*planned)), json::serialize(plan.at("tasks")));
    }
  }
}

TEST(ScanPlanner, EveryStatisticOfAJavaManifestIsRead) {
  GoldenTables golden;
  for (const int version : {1, 2, 3}) {
    const TableMetadata table = golden.table(version);
    const auto plan =
        PlanScan(golden.io(), table, *table.current_snapshot(),
                 {.filter = Expression::Compare(ExpressionOp::kEq, "id", Literal::Long(5)),
                  .with_statistics = true});
    ASSERT_THAT(plan, IsOk());
    // The id's bucket is not that of file "a", so nothing is left.
    EXPECT_TRUE(plan->tasks.empty());
    const auto all =
        PlanScan(golden.io(), table, *table.current_snapshot(), {.with_statistics = true});
    const auto& tasks = all->tasks;
    const auto a = std::ranges::find(tasks, "mem:///golden/data/a.parquet",
                                     [](const auto& task) { return task.data_file.file_path; });
    ASSERT_NE(a, tasks.end());
    const DataFile& file = a->data_file;
    EXPECT_EQ(file.record_count, 10);
    EXPECT_EQ(file.file_size_bytes, 1010);
    EXPECT_EQ(file.column_sizes, (std::map<int32_t, int64_t>{{1, 80}, {2, 120}}));
    EXPECT_EQ(file.value_counts, (std::map<int32_t, int64_t>{{1, 10}, {2, 10}, {6, 10}}));
    EXPECT_EQ(file.null_value_counts, (std::map<int32_t, int64_t>{{1, 0}, {2, 1}, {6, 0}}));
    EXPECT_EQ(file.nan_value_counts, (std::map<int32_t, int64_t>{{6, 2}}));
    EXPECT_EQ(file.lower_bounds.at(2), "anna");
    EXPECT_EQ(file.upper_bounds.at(1), ToBinary(Literal::Long(100)));
    EXPECT_THAT(file.split_offsets, ElementsAre(4, 500));
    ASSERT_EQ(file.partition.size(), 4U);
    EXPECT_EQ(*file.partition[0], Literal::String("eu"));
    EXPECT_EQ(*file.partition[1], Literal::Int(1));
    EXPECT_EQ(*file.partition[2], Literal::Date(19844));
    EXPECT_EQ(*file.partition[3], Literal::Decimal(100, 12, 2));
  }
}

TEST(ScanPlanner, AppendsBetweenSnapshotsAreThoseSnapshotsFiles) {
  GoldenTables golden;
  const TableMetadata table = golden.table(2);
  const auto& snapshots = table.snapshots;
  const auto plan =
      PlanAppends(golden.io(), table, snapshots[0].snapshot_id, snapshots[2], ScanRequest{});
  ASSERT_THAT(plan, IsOk());
  ASSERT_EQ(plan->tasks.size(), 1U);
  EXPECT_EQ(plan->tasks[0].data_file.file_path, "mem:///golden/data/c.parquet");
  EXPECT_THAT(PlanAppends(golden.io(), table, snapshots[2].snapshot_id, snapshots[1], {}),
              IsError(ErrorCode::kInvalidTable));
}

TEST(ScanPlanner, TasksBecomeTheJsonOfTheRestSpecification) {
  GoldenTables golden;
  const TableMetadata table = golden.table(3);
  const auto plan =
      PlanScan(golden.io(), table, *table.current_snapshot(),
               {.filter = Expression::Compare(ExpressionOp::kEq, "region", Literal::String("eu")),
                .with_statistics = true});
  const json::value filter = json::parse(R"({"type":"eq","term":"region","value":"eu"})");
  const auto out = ScanTasksToJson(plan->tasks, table, &filter);
  ASSERT_THAT(out, IsOk());
  const json::value expected = json::parse(R"({"file-scan-tasks":[{"data-file":{
    "spec-id":0,"content":"data","file-path":"mem:///golden/data/a.parquet","file-format":"parquet",
    "partition":["eu",1,"2024-05-01","1.00"],"file-size-in-bytes":1010,"record-count":10,
    "column-sizes":{"keys":[1,2],"values":[80,120]},
    "value-counts":{"keys":[1,2,6],"values":[10,10,10]},
    "null-value-counts":{"keys":[1,2,6],"values":[0,1,0]},
    "nan-value-counts":{"keys":[6],"values":[2]},
    "lower-bounds":{"keys":[1,2],"values":["0100000000000000","616e6e61"]},
    "upper-bounds":{"keys":[1,2],"values":["6400000000000000","7a6f65"]},
    "split-offsets":[4,500],"sort-order-id":0,"first-row-id":0,"data-sequence-number":1},
    "residual-filter":{"type":"eq","term":"region","value":"eu"},
    "delete-file-references":[0]}],
    "delete-files":[{"spec-id":0,"content":"position-deletes",
    "file-path":"mem:///golden/data/vectors.puffin","file-format":"puffin",
    "partition":["eu",1,"2024-05-01","1.00"],"file-size-in-bytes":900,"record-count":3,
    "referenced-data-file":"mem:///golden/data/a.parquet","content-offset":4,
    "content-size-in-bytes":40}]})");
  EXPECT_EQ(json::value(*out), expected) << json::serialize(*out);
}

}  // namespace
}  // namespace weir::iceberg
