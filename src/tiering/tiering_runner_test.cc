// What a library throws in the background: an error of the table it was about, and the others go on.
#include "tiering/tiering_runner.h"

#include <new>

#include "lake/local_store.h"
#include "tiering/lake_maintenance.h"
#include "tiering/lake_rounds_for_test.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

/// The local disk, until memory runs out.
class HungryStore : public iceberg::FileStore {
 public:
  std::atomic<bool> throws = false;

  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenInput(
      const std::string& location, std::optional<int64_t> bytes) override {
    return Disk().OpenInput(location, bytes);
  }
  Result<std::unique_ptr<iceberg::OutputFile>> OpenOutput(const std::string& location) override {
    return Disk().OpenOutput(location);
  }
  Status WriteNew(const std::string& location, BytesView bytes) override {
    return Disk().WriteNew(location, bytes);
  }
  Status Delete(const std::string& location) override { return Disk().Delete(location); }
  Result<std::vector<iceberg::FileStat>> List(const std::string& location) override {
    return Disk().List(location);
  }
  Result<std::optional<iceberg::FileStat>> Stat(const std::string& location) override {
    return Disk().Stat(location);
  }

 private:
  iceberg::FileStore& Disk() {
    if (throws) throw std::bad_alloc();
    return *disk_;
  }
  const std::shared_ptr<iceberg::FileStore> disk_ = iceberg::MakeLocalStore();
};

class TieringRunnerTest : public LakeRoundsTest {
 protected:
  TieringRunnerTest() {
    io_->SetStore("file", store_);
    options_.backoff_min = options_.backoff_max = milliseconds(1);
  }
  std::unique_ptr<TieringRunner> MakeRunner() {
    return std::make_unique<TieringRunner>(
        options_, TieringMode::kInternal,
        TieringRunner::Environment{.catalog = *catalog_,
                                   .lake = *lake_,
                                   .io = *io_,
                                   .logs = logs_,
                                   .states = states_,
                                   .clock = SystemClock(),
                                   .metrics = metrics_,
                                   .index_folder = folder_ + "/index"});
  }

  std::shared_ptr<HungryStore> store_ = std::make_shared<HungryStore>();
};

TEST_F(TieringRunnerTest, ARoundThatThrowsIsAnErrorOfItsTableAndTheNextOneGoesOn) {
  Begin({}, {"id"});
  const auto runner = MakeRunner();
  runner->Start();
  Append(0, {{1, "a", ChangeType::kInsert}});
  ASSERT_THAT(runner->TierNow(table_->id, std::chrono::minutes(1)), IsOk());

  store_->throws = true;
  Append(0, {{2, "b", ChangeType::kInsert}});
  runner->schedule().Hurry(table_->id);
  while (runner->Statuses().at(0).failures == 0) std::this_thread::yield();
  EXPECT_THAT(runner->Statuses().at(0).error, HasSubstr("bad_alloc"));

  store_->throws = false;
  ASSERT_THAT(runner->TierNow(table_->id, std::chrono::minutes(1)), IsOk());
  EXPECT_EQ(runner->Statuses().at(0).error, "");
  int64_t rows = 0;
  for (const auto& task : Tasks()) rows += task.data_file.record_count;
  EXPECT_EQ(rows, 2);
}

TEST_F(TieringRunnerTest, ALookThatThrowsIsAnErrorOfItsTable) {
  Begin();
  const auto runner = MakeRunner();
  runner->Start();
  Append(0, {{1, "a"}});
  ASSERT_THAT(runner->TierNow(table_->id, std::chrono::minutes(1)), IsOk());

  store_->throws = true;
  LakeMaintenance maintenance({.interval = milliseconds(1)}, *runner, metrics_);
  maintenance.Start();
  while (runner->Statuses().at(0).maintenance_error.empty()) std::this_thread::yield();
  EXPECT_THAT(runner->Statuses().at(0).maintenance_error, HasSubstr("bad_alloc"));
  store_->throws = false;
  while (!runner->Statuses().at(0).maintenance_error.empty()) std::this_thread::yield();
}

}  // namespace
}  // namespace weir
