// A table in memory whose log goes to a real lake in a folder, by real rounds; then the lake is damaged.
#include "tiering/verify.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <utility>

#include "base/matchers.h"
#include "lake/manifest.h"
#include "lake/scan_planner.h"
#include "lake/snapshot_builder.h"
#include "meta/lake_snapshots.h"
#include "record/row_format.h"
#include "tiering/lake_rounds_for_test.h"

namespace weir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Kind = VerifyFinding::Kind;

using Verify = LakeRoundsTest;

std::vector<Kind> Kinds(const VerifyReport& report) {
  std::vector<Kind> kinds;
  for (const VerifyFinding& finding : report.findings) kinds.push_back(finding.kind);
  return kinds;
}

TEST_F(Verify, ALogTableIsCleanBeforeDuringAndAfterTiering) {
  Begin();
  AppendMany(0, 0, 50);
  AppendMany(1, 100, 30);
  VerifyReport report = Verified();
  EXPECT_TRUE(report.clean()) << ToJsonText(report, "t");
  EXPECT_EQ(report.lake_rows, 0);
  EXPECT_EQ(report.log_rows, 80);
  const uint64_t all = report.log_hash;
  Tier();
  AppendMany(0, 200, 5);
  report = Verified({.rows_in_memory_max = 7});
  EXPECT_TRUE(report.clean()) << ToJsonText(report, "t");
  EXPECT_EQ(report.lake_rows, 80);
  EXPECT_EQ(report.lake_hash, all);
  EXPECT_EQ(report.compared_rows, 80);
  EXPECT_EQ(report.log_rows, 5);
  // The log may forget what is in the lake.
  auto& log = logs_.logs[Bucket(0)];
  log.batches.erase(log.batches.begin());
  log.start = 50;
  report = Verified();
  EXPECT_TRUE(report.clean()) << ToJsonText(report, "t");
  EXPECT_EQ(report.compared_rows, 30);
  log.start = 55;
  log.batches.clear();
  EXPECT_THAT(Kinds(Verified()), ElementsAre(Kind::kMissing));
}

/// Logs that do something the first time they are read.
class LogsThatAct : public BucketLogs {
 public:
  LogsThatAct(BucketLogs& logs, std::function<void()> act) : logs_(logs), act_(std::move(act)) {}
  Result<std::vector<Range>> Ranges(std::span<const TableBucket> buckets) override {
    return logs_.Ranges(buckets);
  }
  Result<std::vector<std::optional<Offset>>> KnownEnds(
      std::span<const TableBucket> buckets) override {
    return logs_.KnownEnds(buckets);
  }
  Result<SharedBytes> Read(const TableBucket& bucket, Offset from, int64_t bytes_max) override {
    if (act_) std::exchange(act_, nullptr)();
    return logs_.Read(bucket, from, bytes_max);
  }
  Status MakeDurable(std::span<const TableBucket> buckets) override {
    return logs_.MakeDurable(buckets);
  }
  void Release(const TableBucket& bucket, Offset offset) override { logs_.Release(bucket, offset); }

 private:
  BucketLogs& logs_;
  std::function<void()> act_;
};

TEST_F(Verify, AFileThatCannotBeReadForAMomentIsNoFinding) {
  Begin();
  AppendMany(0, 0, 50);
  AppendMany(1, 0, 50);
  Tier();
  const std::string file = Tasks().front().data_file.file_path;
  std::filesystem::rename(file, file + ".away");
  LogsThatAct logs(logs_, [&] { std::filesystem::rename(file + ".away", file); });
  const VerifyReport report = Verified({}, &logs);
  EXPECT_TRUE(report.clean()) << ToJsonText(report, "t");
  EXPECT_EQ(report.lake_rows, 100);
}

TEST_F(Verify, ADeletedFileIsNamed) {
  Begin();
  AppendMany(0, 0, 50);
  AppendMany(1, 0, 50);
  Tier();
  std::filesystem::remove(Tasks().front().data_file.file_path);
  const VerifyReport report = Verified();
  ASSERT_EQ(report.finding_count, 2);
  EXPECT_EQ(report.findings[0].kind, Kind::kUnreadable);
  EXPECT_THAT(report.findings[0].where, HasSubstr(Tasks().front().data_file.file_path));
  EXPECT_EQ(report.findings[1].kind, Kind::kMissing);
  EXPECT_EQ(report.findings[1].where, "offsets [0,50)");
}

TEST_F(Verify, ARemovedAndADuplicatedFileAreNamedByTheirOffsets) {
  Begin();
  AppendMany(0, 0, 3);
  AppendMany(1, 0, 50);
  Tier();
  AppendMany(0, 3, 2);
  Tier();
  const auto tasks = Tasks();
  const auto young = std::ranges::find_if(
      tasks, [](const auto& task) { return task.data_file.record_count == 2; });
  ASSERT_NE(young, tasks.end());
  iceberg::DataFile copy = young->data_file;
  copy.file_path += "-copy.parquet";
  std::filesystem::copy_file(young->data_file.file_path, copy.file_path);
  Commit({.added = {copy}});
  VerifyReport report = Verified();
  EXPECT_THAT(Kinds(report), ElementsAre(Kind::kDuplicated, Kind::kDuplicated));
  EXPECT_EQ(report.findings[0].where, "offset 3");
  EXPECT_EQ(report.findings[0].bucket, 0);
  Commit({.operation = iceberg::SnapshotOperation::kDelete,
          .removed = {KeyOf(copy), KeyOf(young->data_file)}});
  report = Verified();
  EXPECT_THAT(Kinds(report), ElementsAre(Kind::kMissing));
  EXPECT_EQ(report.findings[0].where, "offsets [3,5)");
}

TEST_F(Verify, AnAlteredRowIsNamed) {
  Begin();
  Append(0, {{1, "one"}, {2, "two"}, {3, "three"}});
  Tier();
  auto& log = logs_.logs[Bucket(0)];
  log = {};
  Append(0, {{1, "one"}, {2, "TWO"}, {3, "three"}});
  const VerifyReport report = Verified();
  ASSERT_THAT(Kinds(report), ElementsAre(Kind::kAltered));
  EXPECT_EQ(report.findings[0].where, "offset 1");
  EXPECT_THAT(report.findings[0].detail, HasSubstr("TWO"));
}

TEST_F(Verify, ATableWithoutSystemColumnsIsComparedAsABag) {
  Begin({{"table.datalake.iceberg.layout", "clean"}});
  AppendMany(0, 0, 20);
  AppendMany(1, 100, 20);
  Tier();
  VerifyReport report = Verified({.rows_in_memory_max = 7});
  EXPECT_TRUE(report.clean()) << ToJsonText(report, "t");
  EXPECT_EQ(report.compared_rows, 40);
  logs_.logs[Bucket(1)] = {};
  AppendMany(1, 100, 19);
  Append(1, {{119, "other"}});
  report = Verified();
  EXPECT_THAT(Kinds(report), ElementsAre(Kind::kUnexpected, Kind::kMissing))
      << ToJsonText(report, "t");
}

TEST_F(Verify, WhatHadExpiredBeforeTieringCameIsNotMissing) {
  for (const char* layout : {"fluss", "clean"}) {
    SCOPED_TRACE(layout);
    if (table_ != nullptr) {
      ASSERT_THAT(catalog_->DropTable({"fluss", "t"}, IfNotExists::kFail), IsOk());
      ASSERT_THAT(lake_->DropTable((*lake_->FindTiered(table_->id))->ident, iceberg::Purge::kNo),
                  IsOk());
      state_.Clear();
    }
    Begin({{"table.datalake.iceberg.layout", layout}});
    AppendMany(0, 0, 10);
    AppendMany(0, 10, 5);
    AppendMany(1, 100, 3);
    Expire(0, 1);
    Tier();
    AppendMany(0, 15, 2);
    VerifyReport report = Verified();
    EXPECT_TRUE(report.clean()) << ToJsonText(report, "t");
    EXPECT_EQ(report.expired_rows, 10);
    EXPECT_EQ(report.lake_rows, 8);
    EXPECT_EQ(report.compared_rows, 8);
    // What expires without ever having been in the lake is.
    Expire(0, 2);
    report = Verified();
    ASSERT_THAT(Kinds(report), ElementsAre(Kind::kMissing));
    EXPECT_THAT(report.findings[0].where, HasSubstr("[15,17)"));
    // A round that finds it goes on behind it.
    Tier();
    report = Verified();
    EXPECT_TRUE(report.clean()) << ToJsonText(report, "t");
    EXPECT_EQ(report.expired_rows, 12);
  }
}

TEST_F(Verify, APrimaryKeyTableLoadedFromItsStateIsClean) {
  Begin({}, {"id"});
  using enum ChangeType;
  Append(0, {{1, "a", kInsert}, {2, "b", kInsert}});
  Append(0, {{1, "a", kUpdateBefore}, {1, "A", kUpdateAfter}, {3, "c", kInsert}});
  Expire(0, 1);
  VerifyReport report = Verified();
  ASSERT_THAT(Kinds(report), testing::Contains(Kind::kMissing)) << "nothing is loaded yet";
  Tier();
  report = Verified();
  EXPECT_TRUE(report.clean()) << ToJsonText(report, "t");
  EXPECT_EQ(report.lake_rows, 3);
  Append(0, {{2, "b", kDelete}, {1, "A", kUpdateBefore}, {1, "AA", kUpdateAfter}});
  Tier();
  report = Verified();
  EXPECT_TRUE(report.clean()) << ToJsonText(report, "t");
  EXPECT_EQ(report.lake_rows, 2);
}

TEST_F(Verify, APrimaryKeyTableIsItsStateInEveryDeleteMode) {
  for (const char* mode : {"position", "deletion-vector", "copy-on-write"}) {
    SCOPED_TRACE(mode);
    if (table_ != nullptr) {
      ASSERT_THAT(catalog_->DropTable({"fluss", "t"}, IfNotExists::kFail), IsOk());
      ASSERT_THAT(lake_->DropTable((*lake_->FindTiered(table_->id))->ident, iceberg::Purge::kNo),
                  IsOk());
      state_.Clear();
    }
    Begin({{"table.datalake.iceberg.delete-mode", mode}}, {"id"});
    using enum ChangeType;
    Append(0, {{1, "a", kInsert}, {2, "b", kInsert}, {3, "c", kInsert}});
    Append(1, {{10, "x", kInsert}});
    Tier();
    Append(0, {{1, "a", kUpdateBefore}, {1, "A", kUpdateAfter}, {3, "c", kDelete}});
    Tier();
    Append(0, {{2, "b", kDelete}, {4, "d", kInsert}});
    VerifyReport report = Verified({.rows_in_memory_max = 1});
    EXPECT_TRUE(report.clean()) << ToJsonText(report, "t");
    EXPECT_EQ(report.lake_rows, 3);
    EXPECT_EQ(report.state_rows, 3);

    auto& rows = states_.rows[Bucket(0)];
    const auto kept = rows;
    rows.erase(1);
    report = Verified();
    ASSERT_THAT(Kinds(report), ElementsAre(Kind::kUnexpected));
    EXPECT_THAT(report.findings[0].where, HasSubstr("id=1"));
    rows = kept;
    const RowEncoder encoder(table_->config.kv_format, table_->schema().types());
    const Value altered[] = {Value::Int(4), Value::Bytes("other")};
    rows[4].clear();
    ASSERT_THAT(encoder.Encode(altered, rows[4]), IsOk());
    const Value extra[] = {Value::Int(5), Value::Bytes("e")};
    ASSERT_THAT(encoder.Encode(extra, rows[5]), IsOk());
    report = Verified();
    EXPECT_THAT(Kinds(report), testing::UnorderedElementsAre(Kind::kAltered, Kind::kMissing));
    rows = kept;
  }
}

TEST_F(Verify, TheReportIsOneLineOfJson) {
  Begin();
  AppendMany(0, 0, 1);
  EXPECT_THAT(ToJsonText(Verified(), "fluss.t"), HasSubstr(R"("table":"fluss.t","clean":true)"));
}

}  // namespace
}  // namespace weir
