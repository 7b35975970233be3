// What a library throws in the background: an error of the table it was about, and the others go on.
#include "tiering/tiering_runner.h"

#include <atomic>
#include <new>

#include "tiering/lake_maintenance.h"
#include "tiering/lake_rounds_for_test.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

class TieringRunnerTest : public LakeRoundsTest {
 protected:
  TieringRunnerTest() {
    store_->on_call = [this](FailingStore::Call, const std::string&) {
      if (memory_is_out_) throw std::bad_alloc();
    };
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

  std::atomic<bool> memory_is_out_ = false;
  std::shared_ptr<FailingStore> store_ = std::make_shared<FailingStore>();
};

TEST_F(TieringRunnerTest, ARoundThatThrowsIsAnErrorOfItsTableAndTheNextOneGoesOn) {
  Begin({}, {"id"});
  const auto runner = MakeRunner();
  runner->Start();
  Append(0, {{1, "a", ChangeType::kInsert}});
  ASSERT_THAT(runner->TierNow(table_->id, std::chrono::minutes(1)), IsOk());

  memory_is_out_ = true;
  Append(0, {{2, "b", ChangeType::kInsert}});
  runner->schedule().Hurry(table_->id);
  while (runner->Statuses().at(0).failures == 0) std::this_thread::yield();
  EXPECT_THAT(runner->Statuses().at(0).error, HasSubstr("bad_alloc"));

  memory_is_out_ = false;
  ASSERT_THAT(runner->TierNow(table_->id, std::chrono::minutes(1)), IsOk());
  EXPECT_EQ(runner->Statuses().at(0).error, "");
  int64_t rows = 0;
  for (const auto& task : Tasks()) rows += task.data_file.record_count;
  EXPECT_EQ(rows, 2);
}

TEST_F(TieringRunnerTest, AStartDropsTheEmptyNamespacesThatACrashLeft) {
  Begin({}, {"id"});
  ASSERT_THAT(lake_->EnsureNamespace({table_->path.database}), IsOk());
  ASSERT_THAT(lake_->EnsureNamespace({"gone"}), IsOk());
  ASSERT_THAT(lake_->CreateNamespace({"theirs"}), IsOk());
  const auto runner = MakeRunner();
  runner->Start();
  EXPECT_TRUE(lake_->NamespaceExists({table_->path.database}));
  EXPECT_FALSE(lake_->NamespaceExists({"gone"}));
  EXPECT_TRUE(lake_->NamespaceExists({"theirs"}));
}

TEST_F(TieringRunnerTest, ALookThatThrowsIsAnErrorOfItsTable) {
  Begin();
  const auto runner = MakeRunner();
  runner->Start();
  Append(0, {{1, "a"}});
  ASSERT_THAT(runner->TierNow(table_->id, std::chrono::minutes(1)), IsOk());

  memory_is_out_ = true;
  LakeMaintenance maintenance({.interval = milliseconds(1)}, *runner, metrics_);
  maintenance.Start();
  while (runner->Statuses().at(0).maintenance_error.empty()) std::this_thread::yield();
  EXPECT_THAT(runner->Statuses().at(0).maintenance_error, HasSubstr("bad_alloc"));
  memory_is_out_ = false;
  while (!runner->Statuses().at(0).maintenance_error.empty()) std::this_thread::yield();
}

TEST_F(TieringRunnerTest, OldMetadataFilesGoOnlyWhereTheyAreTheTables) {
  Begin();
  const auto runner = MakeRunner();
  runner->Start();
  Append(0, {{1, "a"}});
  ASSERT_THAT(runner->TierNow(table_->id, std::chrono::minutes(1)), IsOk());
  const std::string folder = Lake()->location + "/metadata/";
  const auto put_old = [&](const std::string& name) {
    EXPECT_THAT(io_->WriteNew(folder + name, "{}"), IsOk());
    std::filesystem::last_write_time(
        folder + name, std::filesystem::file_time_type::clock::now() - std::chrono::hours(100));
  };
  const std::vector<std::string> kOld = {"00000-old.metadata.json", "deeper/00000-x.metadata.json"};
  for (const std::string& name : kOld) put_old(name);
  const auto found = [&] {
    std::vector<std::string> names;
    for (const std::string& name : kOld) {
      if (std::filesystem::exists(folder + name)) names.push_back(name);
    }
    return names;
  };
  const auto look = [&](const char* gc) {
    const iceberg::Ident ident = *lake_->FindTieredIdent(table_->id);
    ASSERT_THAT(lake_->Commit({ident, {}, {iceberg::SetProperties{{{"gc.enabled", gc}}}}}), IsOk());
    // Orphans are younger than that.
    LakeMaintenance maintenance({.metadata_versions = 1, .orphan_age = std::chrono::hours(1000)},
                                *runner, metrics_);
    ASSERT_THAT(maintenance.Maintain(ident), IsOk());
  };
  look("false");
  EXPECT_EQ(found(), kOld);
  look("true");
  EXPECT_THAT(found(), testing::ElementsAre(kOld[1]));
}

TEST_F(TieringRunnerTest, ATableThatIsHeldBetweenRoundsHoldsUpNoOther) {
  Begin();
  Append(0, {{1, "a"}});
  const TableRef held = table_;
  const auto made = catalog_->CreateTable({"fluss", "other"}, held->descriptor, IfExists::kFail);
  ASSERT_THAT(made, IsOk());
  table_ = *made;
  Append(0, {{2, "b"}});
  for (const TableId id : {held->id, table_->id}) {
    for (const BucketId bucket : {0, 1}) logs_.logs[{id, std::nullopt, bucket}];
  }
  options_.threads = 1;
  const auto runner = MakeRunner();
  runner->Start();
  ASSERT_THAT(runner->BetweenRounds(held->id,
                                    [&](RoundState&) {
                                      runner->schedule().Hurry(held->id);
                                      return runner->TierNow(table_->id, std::chrono::minutes(1));
                                    }),
              IsOk());
  EXPECT_FALSE(catalog_->lake_snapshots().Latest(held->id).has_value());
  EXPECT_THAT(runner->TierNow(held->id, std::chrono::minutes(1)), IsOk());
  runner->Stop();
}

}  // namespace
}  // namespace weir
