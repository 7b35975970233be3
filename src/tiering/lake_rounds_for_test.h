// For tests: a table whose log is in memory goes to a real lake in a folder, by real rounds.
#pragma once

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/matchers.h"
#include "io/faulty_file_system.h"
#include "lake/file_io.h"
#include "lake/lake_catalog.h"
#include "lake/local_store.h"
#include "lake/scan_planner.h"
#include "lake/snapshot_builder.h"
#include "lake/table_reader.h"
#include "record/arrow_batch_writer.h"
#include "record/log_batch.h"
#include "record/row_format.h"
#include "tiering/tiering_round.h"
#include "tiering/verify.h"

namespace weir {

/// Logs of all buckets; a test may cut their beginnings off.
class FakeLogs : public BucketLogs {
 public:
  struct Log {
    std::vector<std::string> batches;
    Offset start = 0;
    Offset end = 0;
  };
  std::map<TableBucket, Log> logs;
  std::map<TableBucket, Offset> durable;
  bool cannot_sync = false;

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
  Status MakeDurable(std::span<const TableBucket> buckets) override {
    if (cannot_sync) return Fail(ErrorCode::kStorage, "broken for the test");
    for (const auto& bucket : buckets) durable[bucket] = logs[bucket].end;
    return {};
  }
  void Release(const TableBucket&, Offset) override {}
};

/// The rows of key-value states, by their key `id`.
class FakeStates : public KvStates {
 public:
  explicit FakeStates(FakeLogs& logs) : logs_(logs) {}
  std::map<TableBucket, std::map<int64_t, std::string>> rows;

  Result<Offset> Scan(const TableBucket& bucket,
                      const std::function<Status(const StoredValue&)>& take) override {
    for (const auto& [id, row] : rows[bucket]) RETURN_IF_ERROR(take({SchemaId(1), row}));
    return logs_.logs[bucket].end;
  }

 private:
  FakeLogs& logs_;
};

/// The local disk, but the call with a number fails, before or after it did its work.
class FailingStore : public iceberg::FileStore {
 public:
  enum class When { kBefore, kAfter };
  int64_t fail_call = 0;  // counted from 1; 0: none
  When when = When::kBefore;
  int64_t calls = 0;
  /// Told of each call before it happens, but not of calls that it makes itself.
  enum class Call { kRead, kWrite };
  std::function<void(Call, const std::string&)> on_call;

  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenInput(
      const std::string& location, std::optional<int64_t> bytes) override {
    Tell(Call::kRead, location);
    if (++calls == fail_call) return Broken(location);
    return disk_->OpenInput(location, bytes);
  }
  Result<std::unique_ptr<iceberg::OutputFile>> OpenOutput(const std::string& location) override {
    Tell(Call::kWrite, location);
    if (++calls == fail_call) return Broken(location);
    return disk_->OpenOutput(location);
  }
  Status WriteNew(const std::string& location, BytesView bytes) override {
    Tell(Call::kWrite, location);
    const bool fails = ++calls == fail_call;
    if (fails && when == When::kBefore) return Broken(location);
    RETURN_IF_ERROR(disk_->WriteNew(location, bytes));
    return fails ? Status(Broken(location)) : Status();
  }
  Status Delete(const std::string& location) override { return disk_->Delete(location); }
  Result<std::vector<iceberg::FileStat>> List(const std::string& location) override {
    return disk_->List(location);
  }
  Result<std::optional<iceberg::FileStat>> Stat(const std::string& location) override {
    return disk_->Stat(location);
  }

 private:
  void Tell(Call call, const std::string& location) {
    thread_local bool telling = false;
    if (telling || !on_call) return;
    telling = true;
    const std::shared_ptr<void> end(nullptr, [](void*) { telling = false; });
    on_call(call, location);
  }
  static Failure Broken(const std::string& location) {
    return Fail(ErrorCode::kAuthorization, "broken for the test: {}", location);
  }
  const std::shared_ptr<iceberg::FileStore> disk_ = iceberg::MakeLocalStore();
};

class LakeRoundsTest : public testing::Test {
 protected:
  LakeRoundsTest()
      : clock_(1'731'326'400'000), folder_(testing::TempDir() + "lake-" + iceberg::NewUuid()) {
    catalog_ = *Catalog::Open(files_, "/meta", CatalogOptions{}, clock_);
    io_ = std::make_unique<iceberg::FileIo>(FileIoOptions(), metrics_);
    lake_ = *iceberg::LakeCatalog::Open(catalog_->store(), *io_, {.warehouse = folder_ + "/lake"},
                                        clock_);
  }
  ~LakeRoundsTest() override { std::filesystem::remove_all(folder_); }

  static iceberg::FileIoOptions FileIoOptions() { return {}; }

  void Begin(Properties properties = {}, std::vector<std::string> primary_key = {},
             const TablePath& path = {"fluss", "t"}) {
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
    const auto table = catalog_->CreateTable(path, descriptor, IfExists::kFail);
    ASSERT_THAT(table, IsOk());
    table_ = *table;
  }

  /// What `weir verify` says of the table. `logs`: other ones than its own.
  VerifyReport Verified(VerifyLimits limits = {}, BucketLogs* logs = nullptr) {
    auto report = VerifyTable({.table = table_,
                               .catalog = lake_.get(),
                               .snapshots = &catalog_->lake_snapshots(),
                               .store = &catalog_->store(),
                               .logs = logs == nullptr ? &logs_ : logs,
                               .states = &states_,
                               .limits = limits});
    EXPECT_THAT(report, IsOk());
    return report.value_or(VerifyReport());
  }

  TableBucket Bucket(BucketId bucket) const { return {table_->id, std::nullopt, bucket}; }

  struct Change {
    int64_t id;
    std::string name;
    ChangeType type = ChangeType::kAppendOnly;
  };
  /// What a row does to the state.
  void Apply(BucketId bucket, const Change& change, std::span<const Value> row) {
    auto& rows = states_.rows[Bucket(bucket)];
    if (change.type == ChangeType::kDelete) {
      rows.erase(change.id);
    } else if (change.type != ChangeType::kUpdateBefore) {
      const RowEncoder encoder(table_->config.kv_format, table_->schema().types());
      std::string& stored = rows[change.id];
      stored.clear();
      ASSERT_THAT(encoder.Encode(row, stored), IsOk());
    }
  }
  /// Let the first `batches` of a log expire.
  void Expire(BucketId bucket, size_t batches) {
    auto& log = logs_.logs[Bucket(bucket)];
    const auto kept = log.batches.begin() + static_cast<ptrdiff_t>(batches);
    log.start = LogBatchHeader::Parse(*std::prev(kept))->next_offset();
    log.batches.erase(log.batches.begin(), kept);
  }
  void Append(BucketId bucket, const std::vector<Change>& changes) {
    auto writer =
        *ArrowBatchWriter::Create(table_->schema(), SchemaId(1), {LogCompressionType::kNone, 1});
    auto& log = logs_.logs[Bucket(bucket)];
    for (const Change& change : changes) {
      const Value row[] = {Value::Int(change.id), Value::Bytes(change.name)};
      ASSERT_THAT(writer->Append(row, change.type), IsOk());
      Apply(bucket, change, row);
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

  RoundEnvironment Environment() {
    return {.catalog = *catalog_,
            .lake = *lake_,
            .io = *io_,
            .logs = logs_,
            .states = states_,
            .clock = clock_,
            .options = options_,
            .index_folder = folder_ + "/index"};
  }
  Result<RoundResult> Round(const std::function<Status()>& alive = [] { return Status(); }) {
    return RunTieringRound(Environment(), table_, state_, alive);
  }
  void Tier() { ASSERT_THAT(Round(), IsOk()); }

  std::shared_ptr<const iceberg::TableMetadata> Lake() {
    return (*lake_->FindTiered(table_->id))->metadata;
  }
  using Rows = std::map<int64_t, std::string>;
  /// The rows of the lake table; a key that is there twice fails the test.
  Rows LakeRows() {
    const auto lake = Lake();
    Rows rows;
    if (lake->current_snapshot() == nullptr) return rows;
    iceberg::DeleteCache deletes(*io_, {});
    for (const iceberg::FileScanTask& task : Tasks()) {
      auto reader = *iceberg::TableReader::Open(*io_, deletes, *lake, task, lake->current_schema());
      while (const auto batch = *reader->Next()) {
        const auto& ids = static_cast<const arrow::Int32Array&>(*batch->column(0));
        const auto& names = static_cast<const arrow::StringArray&>(*batch->column(1));
        for (int64_t i = 0; i < batch->num_rows(); ++i)
          EXPECT_TRUE(rows.emplace(ids.Value(i), names.GetString(i)).second) << ids.Value(i);
      }
    }
    return rows;
  }

  /// Data files on the disk that no snapshot names.
  std::set<std::string> Orphans() {
    std::set<std::string> files;
    const auto found = io_->List(Lake()->location + "/data");
    for (const iceberg::FileStat& file : *found) files.insert(file.location);
    const auto lake = Lake();
    for (const iceberg::Snapshot& snapshot : lake->snapshots) {
      const auto plan = iceberg::PlanScan(*io_, *lake, snapshot, {});
      for (const iceberg::FileScanTask& task : plan->tasks) {
        files.erase(task.data_file.file_path);
        for (const auto& one : task.deletes) files.erase(one->file.file_path);
      }
    }
    return files;
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
  FakeStates states_{logs_};
  TieringOptions options_;
  RoundState state_;
  TableRef table_;
};

}  // namespace weir
