// How a server with rows to write back stops when the disk refused the last ones.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <random>

#include "base/log.h"
#include "io/faulty_file_system.h"
#include "meta/table_info.h"
#include "record/kv_batch.h"
#include "tablet/kv_environment.h"
#include "tablet/kv_tablet.h"
#include "tablet/tablets.h"

namespace weir {
namespace {

/// A primary-key bucket: its log in memory, where it fails as told; its rows in a real folder, as RocksDB wants it.
class TabletsStopTest : public ::testing::Test {
 protected:
  TabletsStopTest() {
    SetLogLevel(static_cast<LogLevel>(static_cast<int>(LogLevel::kError) + 1));
    std::filesystem::remove_all(folder_);
    EXPECT_TRUE(files_.CreateDirectories("/data").ok() && files_.SyncDirectory("/").ok());
    const auto schema = std::make_shared<const Schema>(
        *Schema::Make({.columns = {{.name = "id", .type = DataType::Of(TypeKind::kInt)},
                                   {.name = "name", .type = DataType::Of(TypeKind::kString)}},
                       .primary_key = {"id"}}));
    auto table =
        std::make_shared<TableInfo>(TableInfo{.id = TableId(5),
                                              .path = {"db", "t"},
                                              .descriptor = {.schema = *schema, .bucket_count = 1},
                                              .config = *ParseTableConfig({})});
    table->schemas[table->schema_id] = schema;
    table_ = std::move(table);
  }
  ~TabletsStopTest() override {
    std::filesystem::remove_all(folder_);
    SetLogLevel(LogLevel::kInfo);
  }

  void Start() {
    auto opened = Tablets::Open(
        {.data_directory = "/data",
         .journal = {.file_bytes = 4 * MiB, .first_file_bytes = 1 * MiB},
         .sync_interval = std::chrono::hours(1),
         .space_reserve_bytes = 1000},
        {.shards = shards_,
         .pool = pool_,
         .files = files_,
         .clock = SystemClock(),
         .metrics = metrics_,
         .find_table = [this](const TableBucket&) { return table_; },
         .open_kv = [this](Tablet& tablet,
                           const std::string& directory) -> Result<std::shared_ptr<KvTablet>> {
           ASSIGN_OR_RETURN(auto kv, KvTablet::Open(*tablet.log, tablet.table, tablet.bucket,
                                                    folder_.string() + directory, kv_,
                                                    [this](std::function<void()> f) {
                                                      shards_.at(0).Post(std::move(f));
                                                    }));
           return std::shared_ptr<KvTablet>(std::move(kv));
         },
         .tables_end = TableId(10)});
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    tablets_ = std::move(*opened);
    shards_.Start();
    tablets_->Start();
  }

  /// Put a row of 150,000 bytes and say whether it was acknowledged.
  Status Put(int32_t id) {
    const auto rules = *kv_.RulesOf(table_);
    std::string name(150'000, ' ');  // as no compression makes it smaller
    for (char& c : name) c = static_cast<char>('!' + random_() % 90);
    const std::vector<Value> row = {Value::Int(id), Value::Bytes(name)};
    std::string key, encoded;
    EXPECT_TRUE(rules->key_encoder().Encode(row, key).ok());
    EXPECT_TRUE(rules->row_encoder().Encode(row, encoded).ok());
    KvBatchBuilder batch(table_->schema_id);
    batch.Upsert(key, encoded);
    std::promise<Status> acknowledged;
    shards_.at(0).Post([&, bytes = batch.Finish()] {
      const auto tablet = tablets_->Open({.table = TableId(5), .bucket = 0});
      if (!tablet.ok()) return acknowledged.set_value(Forward(tablet));
      const auto put = (*tablet)->kv->Put(bytes, {});
      if (!put.ok()) return acknowledged.set_value(Forward(put));
      (*tablet)->log->WhenHighWatermark(
          (*tablet)->log->end_offset(),
          [&acknowledged](const Status& status) { acknowledged.set_value(status); });
    });
    return acknowledged.get_future().get();
  }

  void Stop() {
    tablets_->Stop();
    pool_.Stop();
    shards_.Stop();
    tablets_.reset();
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / fmt::format("weir-stop-{}", getpid());
  std::mt19937 random_{1};
  FaultyFileSystem files_;
  MetricRegistry metrics_;
  Shards shards_{1};
  BlockingPool pool_{1};
  KvEnvironment kv_{KvOptions{}, RealFileSystem(), metrics_,
                    [this](std::function<void()> work) { pool_.Post(std::move(work)); },
                    [](TableId, int64_t) -> Result<IdRange> { return IdRange{}; }};
  std::shared_ptr<const TableInfo> table_;
  std::unique_ptr<Tablets> tablets_;
};

TEST_F(TabletsStopTest, RowsThatTheJournalRefusedAreSyncedInTheirSegmentAndWrittenBack) {
  Start();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Put(i).ok());
  files_.FailCall(FaultyFileSystem::Call::kSync, 1, ErrorCode::kStorage,
                  FaultyFileSystem::Until::kForEver);
  EXPECT_FALSE(Put(3).ok());
  files_.ClearFaults();
  Stop();
  EXPECT_TRUE(std::filesystem::exists(folder_.string() + "/data/data/db/t-5/kv-0/CHECKPOINT"));
}

TEST_F(TabletsStopTest, RowsThatCannotBeSyncedAreLeftToTheNextStart) {
  Start();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Put(i).ok());
  files_.FailCall(FaultyFileSystem::Call::kSync, 1, ErrorCode::kStorage,
                  FaultyFileSystem::Until::kForEver);
  EXPECT_FALSE(Put(3).ok());
  Stop();
  EXPECT_FALSE(std::filesystem::exists(folder_.string() + "/data/data/db/t-5/kv-0/CHECKPOINT"));
}

}  // namespace
}  // namespace weir
