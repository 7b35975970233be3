// Primary-key tablets behind the door: what happens to write-backs when their table goes away.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "meta/table_info.h"
#include "record/kv_batch.h"
#include "tablet/kv_environment.h"
#include "tablet/kv_tablet.h"
#include "tablet/tablets.h"

namespace weir {
namespace {

/// What the future holds. Who waits for ever here would do so in the server: the process ends.
template <class T>
T Await(std::future<T> future) {
  WEIR_CHECK(future.wait_for(std::chrono::seconds(60)) == std::future_status::ready);
  return future.get();
}

/// One shard, a pool with one thread, and a primary-key table (id INT, name STRING) of two buckets.
class TabletsKvTest : public ::testing::Test {
 protected:
  TabletsKvTest() {
    SetLogLevel(LogLevel::kError);
    const std::filesystem::path memory = "/dev/shm";
    directory_ =
        (std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path()) /
        fmt::format("weir-tablets-kv-{}", getpid());
    std::filesystem::remove_all(directory_);
    auto schema =
        *Schema::Make({.columns = {{.name = "id", .type = DataType::Of(TypeKind::kInt)},
                                   {.name = "name", .type = DataType::Of(TypeKind::kString)}},
                       .primary_key = {"id"}});
    auto table =
        std::make_shared<TableInfo>(TableInfo{.id = TableId(5),
                                              .path = {"db", "t"},
                                              .descriptor = {.schema = schema, .bucket_count = 2},
                                              .config = *ParseTableConfig({})});
    table->schemas[table->schema_id] = std::make_shared<const Schema>(std::move(schema));
    table_ = std::move(table);
    Start();
  }
  ~TabletsKvTest() override {
    tablets_->Stop();
    pool_.Stop();
    shards_.Stop();
    tablets_.reset();
    environment_.reset();
    std::filesystem::remove_all(directory_);
    SetLogLevel(LogLevel::kInfo);
  }

  void Start() {
    environment_ = std::make_unique<KvEnvironment>(
        KvOptions(), RealFileSystem(), metrics_,
        [this](std::function<void()> work) { pool_.Post(std::move(work)); },
        [](TableId, int64_t) -> Result<IdRange> {
          return Fail(ErrorCode::kInvalidTable, "no numbers in this test");
        });
    auto opened = Tablets::Open(
        {.data_directory = directory_.string(), .sync_interval = std::chrono::hours(1)},
        {.shards = shards_,
         .pool = pool_,
         .files = RealFileSystem(),
         .clock = SystemClock(),
         .metrics = metrics_,
         .find_table = [this](const TableBucket&) { return table_; },
         .open_kv = [this](Tablet& tablet,
                           const std::string& folder) -> Result<std::shared_ptr<KvTablet>> {
           ASSIGN_OR_RETURN(std::unique_ptr<KvTablet> kv,
                            KvTablet::Open(*tablet.log, tablet.table, tablet.bucket, folder,
                                           *environment_, [this](std::function<void()> work) {
                                             before_home_();
                                             shards_.at(0).Post(std::move(work));
                                           }));
           return std::shared_ptr<KvTablet>(std::move(kv));
         }});
    WEIR_CHECK(opened.ok());
    tablets_ = std::move(*opened);
    shards_.Start();
    tablets_->Start();
  }

  /// Call `f(Tablet&)` -> Status on the shard.
  template <class F>
  std::future<Status> OnShard(int bucket, F f) {
    auto promise = std::make_shared<std::promise<Status>>();
    shards_.at(0).Post([this, promise, bucket, f = std::move(f)] {
      auto tablet = tablets_->Open(Bucket(bucket));
      promise->set_value(tablet.ok() ? f(**tablet) : Status(Failure(tablet.error())));
    });
    return promise->get_future();
  }

  /// A row, durable.
  void PutRow(int bucket) {
    std::promise<Status> durable;
    auto acknowledged = durable.get_future();
    const Status put = Await(OnShard(bucket, [&](Tablet& tablet) -> Status {
      ASSIGN_OR_RETURN(const auto rules, environment_->RulesOf(table_));
      const Value row[] = {Value::Int(7), Value::Bytes("x")};
      std::string key, bytes;
      RETURN_IF_ERROR(rules->key_encoder().Encode(row, key));
      RETURN_IF_ERROR(rules->row_encoder().Encode(row, bytes));
      KvBatchBuilder batch(rules->schema_id());
      batch.Upsert(key, bytes);
      ASSIGN_OR_RETURN(const PutResult result, tablet.kv->Put(batch.Finish()));
      tablet.log->WhenHighWatermark(result.end_offset,
                                    [&](const Status& status) { durable.set_value(status); });
      return {};
    }));
    ASSERT_TRUE(put.ok()) << put.error().message;
    ASSERT_TRUE(Await(std::move(acknowledged)).ok());
  }

  static TableBucket Bucket(int bucket) { return {.table = TableId(5), .bucket = bucket}; }

  std::filesystem::path directory_;
  MetricRegistry metrics_;
  std::shared_ptr<const TableInfo> table_;
  std::function<void()> before_home_ = [] {};  // on the thread that wrote back
  Shards shards_{1};
  BlockingPool pool_{1};
  std::unique_ptr<KvEnvironment> environment_;
  std::unique_ptr<Tablets> tablets_;
};

TEST_F(TabletsKvTest, ATableIsDroppedThoughNoThreadIsFreeForItsWriteBacks) {
  PutRow(0);
  std::promise<Status> written;
  std::promise<void> dropped;
  // As DROP_TABLE does it, on the only thread there is.
  pool_.Post([&] {
    (void)Await(OnShard(0, [&](Tablet& tablet) -> Status {
      tablet.kv->StartWriteBack([&](const Status& status) { written.set_value(status); });
      return {};
    }));
    tablets_->TableDropped(table_);
    dropped.set_value();
  });
  Await(dropped.get_future());
  EXPECT_EQ(Await(written.get_future()).code(), ErrorCode::kUnknownTableOrBucket);
  EXPECT_FALSE(std::filesystem::exists(directory_ / TableDirectory(*table_)));
}

TEST_F(TabletsKvTest, TheShardGoesOnWhileADropWaitsForAThreadThatWritesBack) {
  PutRow(0);
  std::promise<void> writing, abandoned, go_on;
  before_home_ = [&, end = go_on.get_future().share()] {
    writing.set_value();
    end.wait();
  };
  ASSERT_TRUE(Await(OnShard(0, [&](Tablet& tablet) -> Status {
                tablet.kv->StartWriteBack({});
                tablet.log->WhenHighWatermark(1000, [&](const Status&) { abandoned.set_value(); });
                return {};
              })).ok());
  Await(writing.get_future());
  auto dropped = std::async(std::launch::async, [&] { tablets_->TableDropped(table_); });
  Await(abandoned.get_future());
  std::promise<void> answered;
  shards_.at(0).Post([&] { answered.set_value(); });
  Await(answered.get_future());
  // A thread still writes there.
  EXPECT_TRUE(std::filesystem::exists(directory_ / TableDirectory(*table_)));
  go_on.set_value();
  Await(std::move(dropped));
  EXPECT_FALSE(std::filesystem::exists(directory_ / TableDirectory(*table_)));
}

}  // namespace
}  // namespace weir
