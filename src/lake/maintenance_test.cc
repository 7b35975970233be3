#include "lake/compaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/matchers.h"
#include "lake/arrow_rows_for_test.h"
#include "lake/deletion_vector.h"
#include "lake/expire_snapshots.h"
#include "lake/file_io.h"
#include "lake/manifest.h"
#include "lake/orphan_files.h"
#include "lake/peer_for_test.h"
#include "lake/position_deletes.h"
#include "lake/rewrite_manifests.h"
#include "lake/table_reader.h"

namespace weir::iceberg {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// A table of (id, place), partitioned by place, committed to by the test itself. The parameter: its format version.
class MaintenanceTest : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    std::string test = testing::UnitTest::GetInstance()->current_test_info()->name();
    std::replace(test.begin(), test.end(), '/', '_');
    folder_ = testing::TempDir() + "maintenance_" + test;
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    const Schema schema =
        Schema::Make(0, {{.id = 1, .name = "id", .type = Type::Of(TypeId::kInt)},
                         {.id = 2, .name = "place", .type = Type::Of(TypeId::kString)}})
            .value();
    NewTable made{.location = folder_, .schema = schema};
    made.spec.fields = {
        {.source_ids = {2}, .field_id = 1000, .name = "place", .transform = Transform::Identity()}};
    made.properties["format-version"] = std::to_string(GetParam());
    table_ = MakeTableMetadata(made, now_).value();
    options_.small_files_min = 4;
    options_.delete_files_min = 3;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string NewName() { return fmt::format("{}/data/{:05}", folder_, ++names_); }

  void Commit(SnapshotChange change) {
    change.timestamp_ms = now_ += 1000;
    auto built = BuildSnapshot(io_, table_, change);
    ASSERT_THAT(built, IsOk());
    Apply(built->requirements, built->updates);
  }
  void Apply(const std::vector<TableRequirement>& requirements,
             const std::vector<TableUpdate>& updates) {
    for (const TableRequirement& one : requirements) {
      ASSERT_THAT(CheckRequirement(one, &table_), IsOk());
    }
    auto next = ApplyUpdates(table_, updates, now_);
    ASSERT_THAT(next, IsOk());
    table_ = *std::move(next);
  }

  /// Rows [first, first + count) in a file of their own; its path.
  std::string Append(const std::string& place, int first, int count) {
    std::string ids;
    std::string places;
    for (int i = first; i < first + count; ++i) {
      ids += fmt::format("{}{}", ids.empty() ? "" : ",", i);
      places += fmt::format("{}\"{}\"", places.empty() ? "" : ",", place);
    }
    const Schema& schema = table_.current_schema();
    auto writer = ParquetWriter::Open(io_, NewName() + ".parquet", schema).value();
    EXPECT_THAT(writer->Write(*RowsOf(schema, {"[" + ids + "]", "[" + places + "]"})), IsOk());
    DataFile file = writer->Finish().value();
    file.partition = {Literal::String(place)};
    const std::string path = file.file_path;
    SnapshotChange change{.operation = SnapshotOperation::kAppend};
    change.added.push_back(std::move(file));
    Commit(std::move(change));
    return path;
  }

  /// In v3 the file's only vector.
  void Delete(const std::string& place, const std::string& path, int64_t begin, int64_t end) {
    DeletedRows rows;
    rows[path].AddRange(begin, end);
    SnapshotChange change{.operation = SnapshotOperation::kDelete};
    if (GetParam() >= 3) {
      change.added = WriteDeletionVectors(io_, NewName() + ".puffin", rows).value();
    } else {
      // About a second file too, as a file of the whole partition is.
      rows["elsewhere.parquet"].Add(0);
      change.added = {WritePositionDeletes(io_, NewName() + ".parquet", rows).value()};
    }
    change.added[0].partition = {Literal::String(place)};
    Commit(std::move(change));
  }

  std::vector<FileScanTask> Tasks() {
    return PlanScan(io_, table_, *table_.current_snapshot(), {}).value().tasks;
  }

  /// Every live row as a line, sorted; in v3 with its row id.
  std::vector<std::string> Rows() {
    std::vector<Field> fields(table_.current_schema().fields().begin(),
                              table_.current_schema().fields().end());
    if (GetParam() >= 3) {
      fields.push_back({.id = kRowIdColumnId, .name = "_row_id", .type = Type::Of(TypeId::kLong)});
      fields.push_back({.id = kLastUpdatedSequenceNumberColumnId,
                        .name = "_last_updated_sequence_number",
                        .type = Type::Of(TypeId::kLong)});
    }
    const Schema schema = Schema::Make(0, std::move(fields)).value();
    DeleteCache deletes(io_, {});
    std::vector<std::string> lines;
    for (const FileScanTask& task : Tasks()) {
      auto reader = TableReader::Open(io_, deletes, table_, task, schema).value();
      std::istringstream text(TextOf(*reader));
      for (std::string line; std::getline(text, line);) lines.push_back(line);
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  CompactionPlan Plan() { return PlanCompaction(io_, table_, options_).value(); }

  Compacted Compact() {
    const CompactionPlan plan = Plan();
    std::vector<std::string> written;
    const CompactionRequest request{.io = io_,
                                    .table = table_,
                                    .folder = folder_ + "/data",
                                    .new_name = [this] { return fmt::format("c{}", ++names_); },
                                    .options = options_};
    Compacted compacted = WriteCompaction(request, plan, written).value();
    Commit(compacted.change);
    return compacted;
  }

  /// How many rows PyIceberg finds in the table as it is now.
  std::string PeerCount() {
    std::ofstream(folder_ + "/table.metadata.json") << ToJsonText(table_);
    return RunPeer(R"(
import sys
from pyiceberg.table import StaticTable
table = StaticTable.from_metadata(sys.argv[1] + "/table.metadata.json")
print(len(table.scan().to_arrow()))
)",
                   folder_);
  }

  MetricRegistry registry_;
  FileIo io_{FileIoOptions{}, registry_};
  std::string folder_;
  int64_t now_ = 1'700'000'000'000;
  int names_ = 0;
  TableMetadata table_;
  CompactionOptions options_;
};

INSTANTIATE_TEST_SUITE_P(FormatVersions, MaintenanceTest, ::testing::Values(2, 3));

TEST_P(MaintenanceTest, SmallFilesOfAPartitionBecomeOneWithTheSameRows) {
  for (int i = 0; i < 5; ++i) Append("here", i * 10, 10);
  for (int i = 0; i < 3; ++i) Append("there", 100 + i, 1);
  const auto before = Rows();
  const Compacted compacted = Compact();
  EXPECT_EQ(compacted.rows, 50) << "three files in the other partition are not worth it";
  EXPECT_EQ(Rows(), before)
      << "in v3 also the row ids and the sequence numbers of their last change";
  EXPECT_THAT(Tasks(), SizeIs(4));
  EXPECT_EQ(table_.current_snapshot()->operation(), "replace");
  EXPECT_EQ(table_.current_snapshot()->summary.at("total-records"), "53");
  EXPECT_TRUE(Plan().empty()) << "what was done is not done again";
  if (HasPeer()) EXPECT_EQ(PeerCount(), "53");
}

TEST_P(MaintenanceTest, ALargeFileIsNotRewrittenForAFewSmallOnes) {
  options_.file_bytes_target = 1 * GiB;
  Append("here", 0, 2'000'000);
  for (int i = 0; i < 4; ++i) Append("here", 3'000'000 + i, 1);
  int64_t largest = 0;
  for (const FileScanTask& task : Tasks()) {
    largest = std::max(largest, task.data_file.file_size_bytes);
  }
  ASSERT_GT(largest, 1 * MiB);
  EXPECT_EQ(Compact().rows, 4);
}

TEST_P(MaintenanceTest, RowsThatDeletesTookAreLeftOutAndTheDeletesGo) {
  const std::string path = Append("here", 0, 10);
  for (int i = 1; i < 4; ++i) Append("here", i * 10, 10);
  Delete("here", path, 0, 4);
  const auto before = Rows();
  ASSERT_THAT(before, SizeIs(36));
  Compact();
  EXPECT_EQ(Rows(), before);
  ASSERT_THAT(Tasks(), SizeIs(1));
  EXPECT_THAT(Tasks()[0].deletes, IsEmpty());
  EXPECT_EQ(table_.current_snapshot()->summary.at("total-delete-files"), "0");
  if (HasPeer()) EXPECT_EQ(PeerCount(), "36");
}

TEST_P(MaintenanceTest, ManyPositionDeleteFilesBecomeOneForEachDataFile) {
  if (GetParam() >= 3) GTEST_SKIP() << "a data file has one deletion vector at most";
  const std::string path = Append("here", 0, 1000);
  for (int i = 0; i < 5; ++i) Delete("here", path, i * 10, i * 10 + 3);
  const auto before = Rows();
  ASSERT_THAT(before, SizeIs(985));
  Compact();
  EXPECT_EQ(Rows(), before);
  ASSERT_THAT(Tasks(), SizeIs(1));
  ASSERT_THAT(Tasks()[0].deletes, SizeIs(1));
  EXPECT_EQ(Tasks()[0].deletes[0]->file.referenced_data_file, path);
  EXPECT_EQ(Tasks()[0].deletes[0]->file.record_count, 15);
  EXPECT_TRUE(Plan().empty());
  Delete("here", path, 500, 900);
  Delete("here", path, 900, 901);
  Compact();  // merged again, and now it is known how much the file lost
  EXPECT_THAT(Rows(), SizeIs(584));
  Compact();
  EXPECT_THAT(Tasks()[0].deletes, IsEmpty());
  EXPECT_THAT(Rows(), SizeIs(584));
  if (HasPeer()) EXPECT_EQ(PeerCount(), "584");
}

TEST_P(MaintenanceTest, ADeleteCommittedWhileFilesWereRewrittenIsAConflict) {
  const std::string path = Append("here", 0, 10);
  for (int i = 1; i < 4; ++i) Append("here", i * 10, 10);
  std::vector<std::string> written;
  const CompactionRequest request{.io = io_,
                                  .table = table_,
                                  .folder = folder_ + "/data",
                                  .new_name = [] { return "late"; },
                                  .options = options_};
  const TableMetadata base = table_;
  const CompactionRequest of_base{.io = io_,
                                  .table = base,
                                  .folder = request.folder,
                                  .new_name = request.new_name,
                                  .options = options_};
  Compacted compacted = WriteCompaction(of_base, Plan(), written).value();
  const NewSnapshot built = BuildSnapshot(io_, base, compacted.change).value();
  Delete("here", path, 0, 1);
  bool holds = true;
  for (const TableRequirement& one : built.requirements) {
    holds &= CheckRequirement(one, &table_).ok();
  }
  EXPECT_FALSE(holds);
}

TEST_P(MaintenanceTest, ManifestsAreMergedWithoutTouchingFiles) {
  for (int i = 0; i < 6; ++i) Append("here", i * 10, 10);
  const auto before = Rows();
  SnapshotChange change{.operation = SnapshotOperation::kReplace, .timestamp_ms = now_ += 1000};
  EXPECT_FALSE(RewriteManifests(io_, table_, 7, change).value().has_value());
  const auto built = RewriteManifests(io_, table_, 6, change).value();
  ASSERT_TRUE(built.has_value());
  Apply(built->requirements, built->updates);
  EXPECT_THAT(ManifestsOf(io_, *table_.current_snapshot()).value(), SizeIs(1));
  EXPECT_EQ(Rows(), before);
  if (HasPeer()) EXPECT_EQ(PeerCount(), "60");
}

TEST_P(MaintenanceTest, ExpiryKeepsWhatBranchesTagsAndAgesSay) {
  for (int i = 0; i < 6; ++i) Append("here", i, 1);
  const auto& all = table_.snapshots;
  const int64_t tagged = all[1].snapshot_id;
  Apply({}, {SetSnapshotRef{"keep", {.snapshot_id = tagged, .type = RefType::kTag}}});
  const auto plan = [&](ExpireOptions options) { return PlanExpiry(table_, options, now_); };
  EXPECT_TRUE(plan({.snapshot_age_ms = 1'000'000, .reader_grace_ms = 0}).empty());
  EXPECT_THAT(plan({.snapshot_age_ms = 2500, .reader_grace_ms = 0}).snapshots,
              ElementsAre(all[0].snapshot_id, all[2].snapshot_id));
  EXPECT_THAT(plan({.snapshot_age_ms = 0, .snapshots_min = 3, .reader_grace_ms = 0}).snapshots,
              ElementsAre(all[0].snapshot_id, all[2].snapshot_id));
  EXPECT_THAT(
      plan({.snapshot_age_ms = 0, .reader_grace_ms = 0, .pinned = {all[2].snapshot_id}}).snapshots,
      ElementsAre(all[0].snapshot_id, all[3].snapshot_id, all[4].snapshot_id));
  EXPECT_THAT(
      plan({.snapshot_age_ms = 1'000'000, .snapshots_max = 2, .reader_grace_ms = 1500}).snapshots,
      ElementsAre(all[0].snapshot_id, all[2].snapshot_id));
  table_.properties["history.expire.min-snapshots-to-keep"] = "5";
  EXPECT_THAT(plan({.snapshot_age_ms = 0, .reader_grace_ms = 0}).snapshots,
              ElementsAre(all[0].snapshot_id));
  table_.properties["history.expire.max-snapshot-age-ms"] = "tomorrow";
  EXPECT_TRUE(plan({.snapshot_age_ms = 0, .reader_grace_ms = 0}).empty())
      << "who cannot be understood loses nothing";
}

TEST_P(MaintenanceTest, WhatWasCurrentAMomentAgoStaysHoweverOldItIs) {
  Append("here", 0, 1);
  Append("here", 1, 1);
  now_ += 1'000'000;
  Append("here", 2, 1);
  const std::vector<Snapshot> all = table_.snapshots;
  const auto plan = [&](int64_t later_ms) {
    return PlanExpiry(table_, {.snapshot_age_ms = 5000, .reader_grace_ms = 3000}, now_ + later_ms)
        .snapshots;
  };
  EXPECT_THAT(plan(0), ElementsAre(all[0].snapshot_id));
  EXPECT_THAT(plan(2999), ElementsAre(all[0].snapshot_id));
  EXPECT_THAT(plan(3000), ElementsAre(all[0].snapshot_id, all[1].snapshot_id));
  Apply({}, {SetSnapshotRef{"main", {.snapshot_id = all[0].snapshot_id}}});  // a rollback
  const int64_t rolled_back_ms = table_.snapshot_log.back().timestamp_ms;
  const auto after =
      PlanExpiry(table_, {.snapshot_age_ms = 0, .reader_grace_ms = 3000}, rolled_back_ms + 2000);
  EXPECT_EQ(std::ranges::count(after.snapshots, all[2].snapshot_id), 0);
}

TEST_P(MaintenanceTest, ExpiredFilesGoAndFilesOfRetainedSnapshotsStay) {
  for (int i = 0; i < 5; ++i) Append("here", i * 10, 10);
  Compact();
  Append("here", 100, 1);
  const auto rows = Rows();
  const ExpirePlan plan =
      PlanExpiry(table_, {.snapshot_age_ms = 0, .reader_grace_ms = 0}, now_ + 1);
  ASSERT_THAT(plan.snapshots, SizeIs(6));
  const TableMetadata before = table_;
  Apply(plan.requirements, plan.updates);
  EXPECT_THAT(table_.snapshots, SizeIs(1));
  const auto deleted = DeleteExpiredFiles(io_, before, table_);
  ASSERT_THAT(deleted, IsOk());
  // Five data files, their manifests (one each) and the lists of six snapshots; the compaction's and the last
  // append's files are still needed, and a manifest of the compaction may be too.
  EXPECT_GE(*deleted, 16);
  EXPECT_EQ(Rows(), rows);
  size_t parquet = 0;
  const auto left = io_.List(folder_ + "/data").value();
  for (const FileStat& file : left) {
    parquet += file.location.ends_with(".parquet");
  }
  EXPECT_EQ(parquet, 2u);
  if (HasPeer()) EXPECT_EQ(PeerCount(), "51");
}

TEST_P(MaintenanceTest, NothingIsDeletedWhenAManifestCannotBeRead) {
  for (int i = 0; i < 3; ++i) Append("here", i, 1);
  const ExpirePlan plan =
      PlanExpiry(table_, {.snapshot_age_ms = 0, .reader_grace_ms = 0}, now_ + 1);
  const TableMetadata before = table_;
  Apply(plan.requirements, plan.updates);
  const auto manifests = ManifestsOf(io_, *table_.current_snapshot()).value();
  std::ofstream(manifests[0].manifest_path, std::ios::trunc) << "not a manifest";
  const size_t files = io_.List(folder_).value().size();
  EXPECT_FALSE(DeleteExpiredFiles(io_, before, table_).ok());
  EXPECT_EQ(io_.List(folder_).value().size(), files);
}

TEST_P(MaintenanceTest, OrphansAreOldFilesThatNothingLeadsTo) {
  for (int i = 0; i < 3; ++i) Append("here", i, 1);
  Append("here", 7, 1);
  const std::string orphan = folder_ + "/data/lost.parquet";
  ASSERT_THAT(io_.WriteNew(orphan, "x"), IsOk());
  const std::string metadata = folder_ + "/metadata/00001-a.metadata.json";
  ASSERT_THAT(io_.WriteNew(metadata, ToJsonText(table_)), IsOk());
  OrphanRequest request{.root = folder_, .before_ms = INT64_MAX};
  request.load = [&]() -> Result<CurrentTable> {
    return CurrentTable{std::make_shared<const TableMetadata>(table_), metadata};
  };
  EXPECT_THAT(FindOrphans(io_, request).value(), ElementsAre(orphan));
  request.before_ms = 1;
  EXPECT_THAT(FindOrphans(io_, request).value(), IsEmpty()) << "too young";
  request.before_ms = INT64_MAX;
  request.keep = {orphan};
  EXPECT_THAT(FindOrphans(io_, request).value(), IsEmpty());
  request.load = []() -> Result<CurrentTable> {
    return Fail(ErrorCode::kStorage, "the catalog does not answer");
  };
  EXPECT_FALSE(FindOrphans(io_, request).ok());
}

}  // namespace
}  // namespace weir::iceberg
