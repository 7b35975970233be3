// A table in memory whose log goes to a real lake in a folder, by real rounds; then the lake is damaged.
#include "tiering/verify.h"

#include <filesystem>
#include <fstream>

#include "base/matchers.h"
#include "io/faulty_file_system.h"
#include "lake/file_io.h"
#include "lake/manifest.h"
#include "lake/scan_planner.h"
#include "lake/snapshot_builder.h"
#include "meta/lake_snapshots.h"
#include "record/arrow_batch_writer.h"
#include "record/log_batch.h"
#include "record/row_format.h"
#include "tiering/tiering_round.h"

namespace weir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Kind = VerifyFinding::Kind;

/// Logs of all buckets; a test may cut their beginnings off.
class FakeLogs : public BucketLogs {
 public:
  struct Log {
    std::vector<std::string> batches;
    Offset start = 0;
    Offset end = 0;
  };
  std::map<TableBucket, Log> logs;

  Result<std::vector<Range>> Ranges(std::span<const TableBucket> buckets) override {
    std::vector<Range> out;
    for (const auto& bucket : buckets) out.push_back({logs[bucket].start, logs[bucket].end});
    return out;
  }
  Result<std::vector<std::optional<Offset>>> KnownEnds(
      std::span<const TableBucket> buckets) override {
    std::vector<std::optional<Offset>> out;
    for (const auto& bucket : buckets) out.emplace_back(logs[bucket].end);
    return out;
  }
  Result<SharedBytes> Read(const TableBucket& bucket, Offset from, int64_t) override {
    for (const std::string& batch : logs[bucket].batches) {
      if (LogBatchHeader::Parse(batch)->next_offset() > from) return SharedBytes::Of(batch);
    }
    return SharedBytes();
  }
  void Release(const TableBucket&, Offset) override {}
};

class FakeStates : public KvStates {
 public:
  std::map<TableBucket, std::map<int64_t, std::string>> rows;
  FakeLogs* logs = nullptr;

  Result<Offset> Scan(const TableBucket& bucket,
                      const std::function<Status(const StoredValue&)>& take) override {
    for (const auto& [id, row] : rows[bucket]) RETURN_IF_ERROR(take({SchemaId(1), row}));
    return logs->logs[bucket].end;
  }
};

class Verify : public testing::Test {
 protected:
  Verify()
      : clock_(1'731'326'400'000), folder_(testing::TempDir() + "verify-" + iceberg::NewUuid()) {
    states_.logs = &logs_;
    catalog_ = *Catalog::Open(files_, "/meta", CatalogOptions{}, clock_);
    io_ = std::make_unique<iceberg::FileIo>(FileIoOptions(), metrics_);
    lake_ = *iceberg::LakeCatalog::Open(catalog_->store(), *io_, {.warehouse = folder_ + "/lake"},
                                        clock_);
  }
  ~Verify() override { std::filesystem::remove_all(folder_); }

  static iceberg::FileIoOptions FileIoOptions() { return {}; }

  void Begin(Properties properties = {}, std::vector<std::string> primary_key = {}) {
    properties["table.datalake.enabled"] = "true";
    properties["table.datalake.format"] = "iceberg";
    Schema::Parts parts{.primary_key = std::move(primary_key)};
    const std::string type = parts.primary_key.empty() ? "INT" : "INT NOT NULL";
    const DataType row = *DataType::Parse("ROW<id " + type + ", name STRING>");
    for (const Field& field : row.fields()) {
      parts.columns.push_back({.name = field.name, .type = field.type});
    }
    TableDescriptor descriptor{.schema = *Schema::Make(std::move(parts)),
                               .bucket_count = 2,
                               .properties = std::move(properties)};
    const auto table = catalog_->CreateTable({"fluss", "t"}, descriptor, IfExists::kFail);
    ASSERT_THAT(table, IsOk());
    table_ = *table;
  }

  TableBucket Bucket(BucketId bucket) const { return {table_->id, std::nullopt, bucket}; }

  struct Change {
    int64_t id;
    std::string name;
    ChangeType type = ChangeType::kAppendOnly;
  };
  void Append(BucketId bucket, const std::vector<Change>& changes) {
    auto writer =
        *ArrowBatchWriter::Create(table_->schema(), SchemaId(1), {LogCompressionType::kNone, 1});
    auto& log = logs_.logs[Bucket(bucket)];
    const RowEncoder encoder(table_->config.kv_format, table_->schema().types());
    for (const Change& change : changes) {
      const Value row[] = {Value::Int(change.id), Value::Bytes(change.name)};
      ASSERT_THAT(writer->Append(row, change.type), IsOk());
      if (change.type == ChangeType::kDelete) {
        states_.rows[Bucket(bucket)].erase(change.id);
      } else if (change.type != ChangeType::kUpdateBefore) {
        std::string& stored = states_.rows[Bucket(bucket)][change.id];
        stored.clear();
        ASSERT_THAT(encoder.Encode(row, stored), IsOk());
      }
    }
    std::string batch;
    ASSERT_THAT(writer->Finish({}, batch), IsOk());
    StampLogBatch(batch.data(), {.base_offset = log.end, .commit_timestamp = clock_.NowMs()});
    log.batches.push_back(std::move(batch));
    log.end += static_cast<Offset>(changes.size());
  }
  void AppendMany(BucketId bucket, int64_t first, int64_t count) {
    std::vector<Change> rows;
    for (int64_t id = first; id < first + count; ++id) {
      rows.push_back({id, "row-" + std::to_string(id)});
    }
    Append(bucket, rows);
  }

  void Tier() {
    const RoundEnvironment environment{.catalog = *catalog_,
                                       .lake = *lake_,
                                       .io = *io_,
                                       .logs = logs_,
                                       .clock = clock_,
                                       .options = options_,
                                       .index_folder = folder_ + "/index"};
    const auto round = RunTieringRound(environment, table_, state_, [] { return Status(); });
    ASSERT_THAT(round, IsOk());
  }

  VerifyReport Check(VerifyLimits limits = {}) {
    auto report = VerifyTable({.table = table_,
                               .catalog = lake_.get(),
                               .snapshots = &catalog_->lake_snapshots(),
                               .logs = &logs_,
                               .states = &states_,
                               .limits = limits});
    EXPECT_THAT(report, IsOk());
    return report.value_or(VerifyReport());
  }

  std::shared_ptr<const iceberg::TableMetadata> Lake() {
    return (*lake_->FindTiered(table_->id))->metadata;
  }
  std::vector<iceberg::FileScanTask> Tasks() {
    const auto lake = Lake();
    return PlanScan(*io_, *lake, *lake->current_snapshot(), {.with_statistics = true})->tasks;
  }
  /// Another writer's commit.
  void Commit(iceberg::SnapshotChange change) {
    change.timestamp_ms = clock_.NowMs();
    const auto built = BuildSnapshot(*io_, *Lake(), change);
    ASSERT_THAT(built, IsOk());
    ASSERT_THAT(lake_->Commit(
                    {(*lake_->FindTiered(table_->id))->ident, built->requirements, built->updates}),
                IsOk());
  }

  ManualClock clock_;
  const std::string folder_;
  FaultyFileSystem files_;
  MetricRegistry metrics_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<iceberg::FileIo> io_;
  std::unique_ptr<iceberg::LakeCatalog> lake_;
  FakeLogs logs_;
  FakeStates states_;
  TieringOptions options_;
  RoundState state_;
  TableRef table_;
};

std::vector<Kind> Kinds(const VerifyReport& report) {
  std::vector<Kind> kinds;
  for (const VerifyFinding& finding : report.findings) kinds.push_back(finding.kind);
  return kinds;
}

TEST_F(Verify, ALogTableIsCleanBeforeDuringAndAfterTiering) {
  Begin();
  AppendMany(0, 0, 50);
  AppendMany(1, 100, 30);
  VerifyReport report = Check();
  EXPECT_TRUE(report.clean()) << ToText(report, "t");
  EXPECT_EQ(report.lake_rows, 0);
  EXPECT_EQ(report.log_rows, 80);
  const uint64_t all = report.log_hash;
  Tier();
  AppendMany(0, 200, 5);
  report = Check({.rows_in_memory_max = 7});
  EXPECT_TRUE(report.clean()) << ToText(report, "t");
  EXPECT_EQ(report.lake_rows, 80);
  EXPECT_EQ(report.lake_hash, all);
  EXPECT_EQ(report.compared_rows, 80);
  EXPECT_EQ(report.log_rows, 5);
  // The log may forget what is in the lake.
  auto& log = logs_.logs[Bucket(0)];
  log.batches.erase(log.batches.begin());
  log.start = 50;
  report = Check();
  EXPECT_TRUE(report.clean()) << ToText(report, "t");
  EXPECT_EQ(report.compared_rows, 30);
  log.start = 55;
  log.batches.clear();
  EXPECT_THAT(Kinds(Check()), ElementsAre(Kind::kMissing));
}

TEST_F(Verify, ADeletedFileIsNamed) {
  Begin();
  AppendMany(0, 0, 50);
  AppendMany(1, 0, 50);
  Tier();
  std::filesystem::remove(Tasks().front().data_file.file_path);
  const VerifyReport report = Check();
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
  VerifyReport report = Check();
  EXPECT_THAT(Kinds(report), ElementsAre(Kind::kDuplicated, Kind::kDuplicated));
  EXPECT_EQ(report.findings[0].where, "offset 3");
  EXPECT_EQ(report.findings[0].bucket, 0);
  Commit({.operation = iceberg::SnapshotOperation::kDelete,
          .removed = {KeyOf(copy), KeyOf(young->data_file)}});
  report = Check();
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
  const VerifyReport report = Check();
  ASSERT_THAT(Kinds(report), ElementsAre(Kind::kAltered));
  EXPECT_EQ(report.findings[0].where, "offset 1");
  EXPECT_THAT(report.findings[0].detail, HasSubstr("TWO"));
}

TEST_F(Verify, ATableWithoutSystemColumnsIsComparedAsABag) {
  Begin({{"table.datalake.iceberg.layout", "clean"}});
  AppendMany(0, 0, 20);
  AppendMany(1, 100, 20);
  Tier();
  VerifyReport report = Check({.rows_in_memory_max = 7});
  EXPECT_TRUE(report.clean()) << ToText(report, "t");
  EXPECT_EQ(report.compared_rows, 40);
  logs_.logs[Bucket(1)] = {};
  AppendMany(1, 100, 19);
  Append(1, {{119, "other"}});
  report = Check();
  EXPECT_THAT(Kinds(report), ElementsAre(Kind::kUnexpected, Kind::kMissing)) << ToText(report, "t");
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
    VerifyReport report = Check({.rows_in_memory_max = 1});
    EXPECT_TRUE(report.clean()) << ToText(report, "t");
    EXPECT_EQ(report.lake_rows, 3);
    EXPECT_EQ(report.state_rows, 3);

    auto& rows = states_.rows[Bucket(0)];
    const auto kept = rows;
    rows.erase(1);
    report = Check();
    ASSERT_THAT(Kinds(report), ElementsAre(Kind::kUnexpected));
    EXPECT_THAT(report.findings[0].where, HasSubstr("id=1"));
    rows = kept;
    const RowEncoder encoder(table_->config.kv_format, table_->schema().types());
    const Value altered[] = {Value::Int(4), Value::Bytes("other")};
    rows[4].clear();
    ASSERT_THAT(encoder.Encode(altered, rows[4]), IsOk());
    const Value extra[] = {Value::Int(5), Value::Bytes("e")};
    ASSERT_THAT(encoder.Encode(extra, rows[5]), IsOk());
    report = Check();
    EXPECT_THAT(Kinds(report), testing::UnorderedElementsAre(Kind::kAltered, Kind::kMissing));
    rows = kept;
  }
}

TEST_F(Verify, TheReportIsOneLineOfJson) {
  Begin();
  AppendMany(0, 0, 1);
  EXPECT_THAT(ToJsonText(Check(), "fluss.t"), HasSubstr(R"("table":"fluss.t","clean":true)"));
}

}  // namespace
}  // namespace weir
