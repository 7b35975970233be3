// Whole tables for other readers: written into $WEIR_PEER_TABLES, where test/e2e/test_lake_tables.py looks at them
// with PyIceberg and fastavro. Without that variable a temporary folder serves and only our own reader looks.
#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/matchers.h"
#include "base/metrics.h"
#include "lake/arrow_types.h"
#include "lake/deletion_vector.h"
#include "lake/file_io.h"
#include "lake/parquet_writer.h"
#include "lake/position_deletes.h"
#include "lake/scan_planner.h"
#include "lake/snapshot_builder.h"
#include "lake/table_reader.h"

namespace weir::iceberg {
namespace {

class PeerTables : public testing::Test {
 protected:
  PeerTables() : io_({}, registry_) {
    const char* folder = std::getenv("WEIR_PEER_TABLES");
    root_ = folder != nullptr ? folder : testing::TempDir() + "peer-tables-" + NewUuid();
  }
  ~PeerTables() override {
    if (std::getenv("WEIR_PEER_TABLES") == nullptr) std::filesystem::remove_all(root_);
  }

  void Begin(int version, StringMap properties = {}) {
    properties["format-version"] = std::to_string(version);
    const auto schema =
        Schema::Make(0, {{.id = 1, .name = "id", .required = true, .type = Type::Of(TypeId::kLong)},
                         {.id = 2, .name = "name", .type = Type::Of(TypeId::kString)},
                         {.id = 3, .name = "region", .type = Type::Of(TypeId::kString)}});
    const PartitionSpec spec{
        .fields = {{.source_ids = {3}, .name = "region"},
                   {.source_ids = {1}, .name = "1 id bucket", .transform = Transform::Bucket(1)}}};
    auto made = MakeTableMetadata({.location = root_ + "/v" + std::to_string(version),
                                   .schema = *schema,
                                   .spec = spec,
                                   .properties = std::move(properties)},
                                  1'700'000'000'000);
    ASSERT_THAT(made, IsOk());
    table_ = *std::move(made);
  }

  std::string Place(std::string_view ending) {
    return table_.location + "/data/" + NewUuid() + std::string(ending);
  }

  /// Rows with ids [first, first + count), names "row-<id>", null for every tenth.
  DataFile Rows(int64_t first, int64_t count, const std::optional<std::string>& region) {
    arrow::Int64Builder ids;
    arrow::StringBuilder names;
    arrow::StringBuilder regions;
    for (int64_t id = first; id < first + count; ++id) {
      EXPECT_TRUE(ids.Append(id).ok());
      const auto name = "row-" + std::to_string(id);
      EXPECT_TRUE((id % 10 == 0 ? names.AppendNull() : names.Append(name)).ok());
      EXPECT_TRUE((region ? regions.Append(*region) : regions.AppendNull()).ok());
    }
    const auto schema = *ToArrow(table_.current_schema());
    const auto batch = arrow::RecordBatch::Make(
        schema, count, {*ids.Finish(), *names.Finish(), *regions.Finish()});
    auto writer = *ParquetWriter::Open(io_, Place(".parquet"), table_.current_schema());
    EXPECT_THAT(writer->Write(*batch), IsOk());
    DataFile file = *writer->Finish();
    file.partition = PartitionFor(region);
    return file;
  }

  static PartitionValues PartitionFor(const std::optional<std::string>& region) {
    return {region ? std::optional(Literal::String(*region)) : std::nullopt, Literal::Int(0)};
  }

  std::vector<DataFile> Deletes(const DataFile& about, std::vector<int64_t> positions) {
    DeletedRows rows;
    for (const int64_t position : positions) rows[about.file_path].Add(position);
    std::vector<DataFile> files;
    if (table_.format_version >= 3) {
      files = *WriteDeletionVectors(io_, Place(".puffin"), rows);
    } else {
      files = {*WritePositionDeletes(io_, Place("-deletes.parquet"), rows)};
    }
    for (DataFile& file : files) file.partition = about.partition;
    return files;
  }

  void Commit(SnapshotChange change) {
    change.timestamp_ms = ++now_ms_;
    const auto built = BuildSnapshot(io_, table_, change);
    ASSERT_THAT(built, IsOk());
    auto next = ApplyUpdates(table_, built->updates, now_ms_);
    ASSERT_THAT(next, IsOk());
    table_ = *std::move(next);
  }

  void Save() {
    ASSERT_THAT(io_.WriteNew(table_.location + "/metadata/v1.metadata.json", ToJsonText(table_)),
                IsOk());
  }

  int64_t LiveRows() {
    const auto plan = PlanScan(io_, table_, *table_.current_snapshot(), {});
    EXPECT_THAT(plan, IsOk());
    DeleteCache deletes(io_, {});
    int64_t rows = 0;
    for (const FileScanTask& task : plan->tasks) {
      auto reader = TableReader::Open(io_, deletes, table_, task, table_.current_schema());
      EXPECT_THAT(reader, IsOk());
      while (true) {
        const auto batch = (*reader)->Next();
        EXPECT_THAT(batch, IsOk());
        if (!batch.ok() || *batch == nullptr) break;
        rows += (*batch)->num_rows();
      }
    }
    return rows;
  }

  MetricRegistry registry_;
  FileIo io_;
  std::string root_;
  TableMetadata table_;
  int64_t now_ms_ = 1'700'000'001'000;
};

TEST_F(PeerTables, ATableOfAppendsDeletesRewritesAndMergedManifests) {
  for (const int version : {2, 3}) {
    ASSERT_NO_FATAL_FAILURE(Begin(version, {{"commit.manifest.min-count-to-merge", "3"}}));
    const DataFile eu = Rows(0, 100, "eu");
    const DataFile us = Rows(100, 100, "u/s=1");
    Commit({.added = {eu, us}});
    Commit({.added = {Rows(200, 50, std::nullopt)}, .summary = {{"commit-user", "peer"}}});
    Commit({.operation = SnapshotOperation::kDelete, .added = Deletes(eu, {0, 1, 99})});
    SnapshotChange delta{.operation = SnapshotOperation::kOverwrite};
    delta.added = Deletes(us, {5});
    delta.added.push_back(Rows(300, 5, "u/s=1"));
    Commit(std::move(delta));
    for (int64_t first = 400; first < 406; ++first) Commit({.added = {Rows(first, 1, "eu")}});
    // The deletes of "eu" are worked in: same rows, one file less to open.
    Commit({.operation = SnapshotOperation::kReplace,
            .added = {Rows(2, 97, "eu")},
            .removed = {KeyOf(eu)},
            .data_sequence_number = 3});
    Save();
    EXPECT_EQ(LiveRows(), 97 + 99 + 50 + 5 + 6);
    EXPECT_EQ(table_.current_snapshot()->summary.at("total-data-files"), "10");
  }
}

}  // namespace
}  // namespace weir::iceberg
