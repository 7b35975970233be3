#include "lake/snapshot_builder.h"

#include <set>

#include "base/matchers.h"
#include "lake/golden_tables_for_test.h"
#include "lake/manifest.h"
#include "lake/scan_planner.h"

namespace weir::iceberg {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

/// An empty table of the golden tables' shape that is written with our builder.
class SnapshotBuilder : public testing::Test {
 protected:
  void Begin(int version, StringMap properties = {}) {
    const TableMetadata like = golden_.table(version == 1 ? 1 : version);
    properties["format-version"] = std::to_string(version);
    auto made = MakeTableMetadata({.location = "mem:///ours",
                                   .schema = like.current_schema(),
                                   .spec = like.default_spec(),
                                   .properties = std::move(properties)},
                                  1000);
    ASSERT_THAT(made, IsOk());
    table_ = *std::move(made);
  }

  Result<NewSnapshot> Build(SnapshotChange change) {
    change.timestamp_ms = ++now_ms_;
    return BuildSnapshot(golden_.io(), table_, change);
  }

  void Commit(SnapshotChange change) {
    auto built = Build(std::move(change));
    ASSERT_THAT(built, IsOk());
    for (const TableRequirement& requirement : built->requirements) {
      ASSERT_THAT(CheckRequirement(requirement, &table_), IsOk());
    }
    auto next = ApplyUpdates(table_, built->updates, now_ms_);
    ASSERT_THAT(next, IsOk());
    table_ = *std::move(next);
  }

  static DataFile Data(const std::string& name, int64_t records, const std::string& region = "eu") {
    DataFile file{.file_path = "mem:///ours/data/" + name, .record_count = records};
    file.file_size_bytes = 1000 + records;
    file.partition = {Literal::String(region), Literal::Int(1), Literal::Date(19844),
                      Literal::Decimal(100, 12, 2)};
    return file;
  }
  static DataFile DeletesOf(const DataFile& about, int64_t records, int64_t offset = -1) {
    DataFile file = about;
    file.content = FileContent::kPositionDeletes;
    file.file_path = "mem:///ours/data/deletes-" + std::to_string(records);
    file.referenced_data_file = about.file_path;
    file.record_count = records;
    file.file_size_bytes = offset < 0 ? 300 : 900;
    if (offset >= 0) {
      file.format = FileFormat::kPuffin;
      file.file_path = "mem:///ours/data/vectors";
      file.content_offset = offset;
      file.content_size_bytes = 40;
    }
    return file;
  }

  std::vector<FileScanTask> Tasks() {
    auto plan = PlanScan(golden_.io(), table_, *table_.current_snapshot(), {});
    EXPECT_THAT(plan, IsOk());
    return plan->tasks;
  }
  std::set<std::string> LivePaths() {
    std::set<std::string> paths;
    for (const FileScanTask& task : Tasks()) {
      EXPECT_TRUE(paths.insert(task.data_file.file_path.substr(17)).second);
    }
    return paths;
  }
  std::vector<ManifestFile> Manifests() {
    return *ManifestsOf(golden_.io(), *table_.current_snapshot());
  }

  GoldenTables golden_;
  TableMetadata table_;
  int64_t now_ms_ = 2000;
};

/// The counters of a summary, without what only one of the writers adds.
Summary Counters(Summary summary) {
  for (const char* key : {"iceberg-version", "manifests-created", "manifests-kept",
                          "manifests-replaced", "entries-processed"}) {
    summary.erase(key);
  }
  return summary;
}

TEST_F(SnapshotBuilder, CountsInTheSummaryWhatJavaCountsForTheSameChanges) {
  for (const int version : {2, 3}) {
    ASSERT_NO_FATAL_FAILURE(Begin(version));
    const DataFile a = Data("a", 10);
    const DataFile b = Data("b", 20, "us");
    const DataFile c = Data("c", 5, "fr");
    const DataFile d = Data("d", 1, "de");
    const DataFile e = Data("e", 1, "es");
    const auto del = [&](const DataFile& about, int64_t records, int64_t offset) {
      return DeletesOf(about, records, version == 3 ? offset : -1);
    };
    Commit({.added = {a, b}});
    Commit({.added = {c}, .summary = {{"commit-user", "golden"}}});
    Commit({.operation = SnapshotOperation::kOverwrite, .added = {d, del(a, 3, 4), del(b, 2, 60)}});
    Commit({.operation = SnapshotOperation::kDelete, .removed = {KeyOf(c)}});
    Commit({.operation = SnapshotOperation::kReplace, .added = {e}, .removed = {KeyOf(d)}});
    const TableMetadata java = golden_.table(version);
    ASSERT_EQ(table_.snapshots.size(), java.snapshots.size());
    for (size_t i = 0; i < java.snapshots.size(); ++i) {
      EXPECT_EQ(Counters(table_.snapshots[i].summary), Counters(java.snapshots[i].summary));
      EXPECT_EQ(table_.snapshots[i].first_row_id, java.snapshots[i].first_row_id);
      EXPECT_EQ(table_.snapshots[i].added_rows, java.snapshots[i].added_rows);
      EXPECT_EQ(table_.snapshots[i].sequence_number, java.snapshots[i].sequence_number);
    }
    EXPECT_EQ(table_.next_row_id, java.next_row_id);
    EXPECT_EQ(LivePaths(), (std::set<std::string>{"a", "b", "e"}));
    for (const FileScanTask& task : Tasks()) {
      const bool touched = !task.data_file.file_path.ends_with("e");
      EXPECT_EQ(task.deletes.size(), touched ? 1U : 0U) << task.data_file.file_path;
    }
  }
}

TEST_F(SnapshotBuilder, ManyManifestsBecomeOneAndNothingIsLost) {
  for (const int version : {2, 3}) {
    ASSERT_NO_FATAL_FAILURE(Begin(version, {{"commit.manifest.min-count-to-merge", "4"}}));
    std::map<std::string, int64_t> row_ids;
    for (int i = 0; i < 10; ++i) {
      Commit({.added = {Data(std::to_string(version * 100 + i), 3)}});
      const auto tasks = Tasks();
      EXPECT_EQ(tasks.size(), static_cast<size_t>(i + 1));
      for (const FileScanTask& task : tasks) {
        const int64_t number = std::stoll(task.data_file.file_path.substr(17)) - version * 100;
        EXPECT_EQ(task.sequence_number, number + 1);
        EXPECT_EQ(task.data_file.first_row_id.has_value(), version == 3);
        // What a row id was once, it stays.
        const int64_t row_id = task.data_file.first_row_id.value_or(0);
        EXPECT_EQ(row_ids.emplace(task.data_file.file_path, row_id).first->second, row_id);
      }
    }
    EXPECT_LT(Manifests().size(), 4U);
    std::set<int64_t> ids;
    for (const auto& [path, first] : row_ids) {
      for (int64_t row = first; row < first + 3; ++row) ids.insert(row);
    }
    EXPECT_EQ(ids.size(), version == 3 ? 30U : 3U);
    if (version == 3) EXPECT_LT(*ids.rbegin(), table_.next_row_id);
  }
}

TEST_F(SnapshotBuilder, AnUntouchedManifestIsKeptAsItIs) {
  Begin(2);
  Commit({.added = {Data("a", 1)}});
  Commit({.added = {Data("b", 1)}});
  const auto before = Manifests();
  Commit({.operation = SnapshotOperation::kDelete, .removed = {{.path = "mem:///ours/data/b"}}});
  const auto after = Manifests();
  ASSERT_EQ(after.size(), 2U);
  EXPECT_EQ(after[1], before[1]);
  EXPECT_EQ(after[0].deleted_files_count, 1);
  EXPECT_EQ(after[0].existing_files_count, 0);
  // With the next snapshot the manifest without live files is gone.
  Commit({.added = {Data("c", 1)}});
  EXPECT_EQ(Manifests().size(), 2U);
  EXPECT_EQ(LivePaths(), (std::set<std::string>{"a", "c"}));
}

TEST_F(SnapshotBuilder, DeletesLeaveWithTheDataFileTheyAreAbout) {
  Begin(3);
  const DataFile a = Data("a", 10);
  const DataFile b = Data("b", 10);
  Commit({.added = {a, b}});
  Commit({.operation = SnapshotOperation::kDelete,
          .added = {DeletesOf(a, 1, 4), DeletesOf(b, 1, 60)}});
  Commit({.operation = SnapshotOperation::kReplace,
          .added = {Data("c", 9)},
          .removed = {KeyOf(a)},
          .data_sequence_number = 1});
  EXPECT_EQ(table_.current_snapshot()->summary.at("removed-dvs"), "1");
  EXPECT_EQ(table_.current_snapshot()->summary.at("total-delete-files"), "1");
  for (const FileScanTask& task : Tasks()) {
    if (task.data_file.file_path.ends_with("c")) EXPECT_EQ(task.sequence_number, 1);
    EXPECT_EQ(task.deletes.size(), task.data_file.file_path.ends_with("b") ? 1U : 0U);
  }
  // The vector of b is replaced: one of two blobs of the same path leaves.
  Commit({.operation = SnapshotOperation::kDelete,
          .added = {DeletesOf(b, 2, 100)},
          .removed = {{.path = "mem:///ours/data/vectors", .content_offset = 60}}});
  const auto tasks = Tasks();
  for (const FileScanTask& task : tasks) {
    if (!task.data_file.file_path.ends_with("b")) continue;
    ASSERT_EQ(task.deletes.size(), 1U);
    EXPECT_EQ(task.deletes[0]->file.content_offset, 100);
  }
}

TEST_F(SnapshotBuilder, WhatDoesNotFitIsRefusedAndLeavesNoFile) {
  Begin(2);
  Commit({.added = {Data("a", 1)}});
  const size_t files = golden_.store().files.size();
  EXPECT_THAT(Build({.operation = SnapshotOperation::kDelete, .removed = {{.path = "none"}}}),
              IsError(ErrorCode::kInvalidTable));
  EXPECT_THAT(Build({.added = {Data("b", 1), Data("b", 1)}}), IsError(ErrorCode::kInvalidTable));
  DataFile narrow = Data("c", 1);
  narrow.partition.pop_back();
  EXPECT_THAT(Build({.added = {narrow}}), IsError(ErrorCode::kInvalidTable));
  EXPECT_THAT(
      Build({.operation = SnapshotOperation::kOverwrite, .added = {DeletesOf(Data("a", 1), 1, 4)}}),
      IsError(ErrorCode::kInvalidTable));
  golden_.store().broken_name = "snap-";
  EXPECT_THAT(Build({.added = {Data("d", 1)}}), IsError(ErrorCode::kStorage));
  EXPECT_EQ(golden_.store().files.size(), files);
}

TEST_F(SnapshotBuilder, AJavaTableIsContinued) {
  for (const int version : {2, 3}) {
    table_ = golden_.table(version);
    const int64_t next_row_id = table_.next_row_id;
    table_.location = "mem:///continued" + std::to_string(version);
    Commit({.operation = SnapshotOperation::kOverwrite,
            .added = {Data("new", 4)},
            .removed = {{.path = "mem:///golden/data/a.parquet"}}});
    std::set<std::string> paths;
    for (const FileScanTask& task : Tasks()) paths.insert(task.data_file.file_path);
    EXPECT_THAT(paths, ElementsAre("mem:///golden/data/b.parquet", "mem:///golden/data/e.parquet",
                                   "mem:///ours/data/new"));
    const Summary& summary = table_.current_snapshot()->summary;
    EXPECT_EQ(summary.at("total-records"), "25");
    EXPECT_EQ(summary.at("total-delete-files"), "1");
    // The specification counts the 20 kept rows of a rewritten manifest, too.
    if (version == 3) EXPECT_EQ(table_.next_row_id, next_row_id + 4 + 20);
  }
}

}  // namespace
}  // namespace weir::iceberg
