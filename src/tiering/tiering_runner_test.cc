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
      if (calls_left_ > 0 && --calls_left_ == 0) DropNow();
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

  void FollowDrops(TieringRunner& runner) {
    catalog_->SetHooks({.table_dropped = [&](const TableRef& table) { runner.TableDropped(table); },
                        .database_dropped = [&] { runner.DropUnusedNamespaces(); }});
  }
  void DropNow() {
    if (drop_table_only_) {
      EXPECT_THAT(catalog_->DropTable({"db", "t"}, IfNotExists::kFail), IsOk());
      return;
    }
    EXPECT_THAT(catalog_->DropDatabase("db", DropTables::kCascade, IfNotExists::kFail), IsOk());
  }
  /// A table `db`.`t` of its own database.
  void BeginInDatabase(const std::vector<std::string>& primary_key) {
    ASSERT_THAT(catalog_->CreateDatabase("db", {}, IfExists::kFail), IsOk());
    Begin({}, primary_key, {"db", "t"});
  }
  /// What the disk has below a folder, and what the store has of a table.
  std::vector<std::string> Left(TableId table) {
    std::vector<std::string> found;
    const std::string id = fmt::format("{:020}", table.value);
    for (const auto& [key, value] : catalog_->store().Scan(""))
      if (key.find(id) != key.npos || key.starts_with("lake/table/")) found.push_back(key);
    if (std::filesystem::exists(fmt::format("{}/index/{}", folder_, table.value)))
      found.push_back("index");
    const auto purges = lake_->PurgeRequests();
    const auto files = io_->List(folder_ + "/lake");
    for (const iceberg::FileStat& file : *files) {
      // Of a table that was there before: its files go together, in their own time.
      const bool waits = std::ranges::any_of(purges, [&](const iceberg::PurgeRequest& one) {
        return file.location.starts_with(one.root + "/");
      });
      if (!waits) found.push_back(file.location);
    }
    return found;
  }

  bool drop_table_only_ = false;
  std::atomic<int> calls_left_ = 0;
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

TEST_F(TieringRunnerTest, ATableThatIsDroppedAtAnyStepOfARoundDoesNotComeBack) {
  for (const bool keys : {false, true}) {
    int drops = 0;
    for (int at = 1;; ++at) {
      SCOPED_TRACE(fmt::format("keys={} call={}", keys, at));
      BeginInDatabase(keys ? std::vector<std::string>{"id"} : std::vector<std::string>{});
      const TableId id = table_->id;
      drop_table_only_ = !keys;
      const auto runner = MakeRunner();
      FollowDrops(*runner);
      Append(0, {{1, "a", keys ? ChangeType::kInsert : ChangeType::kAppendOnly}});
      Append(1, {{2, "b", keys ? ChangeType::kInsert : ChangeType::kAppendOnly}});
      calls_left_ = at;
      runner->Start();
      (void)runner->TierNow(id, std::chrono::minutes(1));
      runner->Stop();
      // It was dropped on the round's own thread, or the round came to its end before that.
      const bool done = catalog_->FindTable(id) != nullptr;
      if (done) DropNow();
      drops += done ? 0 : 1;
      EXPECT_FALSE(lake_->FindTieredIdent(id).has_value());
      EXPECT_THAT(Left(id), testing::IsEmpty());
      if (std::exchange(drop_table_only_, false)) DropNow();
      EXPECT_EQ(catalog_->FindTable(id), nullptr);
      EXPECT_FALSE(lake_->NamespaceExists({"db"}));
      EXPECT_TRUE(catalog_->lake_snapshots().Tables().empty());
      EXPECT_TRUE(runner->Statuses().empty());
      catalog_->SetHooks({});
      if (done || HasFailure()) break;
    }
    EXPECT_GT(drops, 5) << "the calls of a round";
  }
}

TEST_F(TieringRunnerTest, ATableThatIsDroppedWhileItIsMadeLeavesNothing) {
  BeginInDatabase({});
  const TableRef table = table_;
  const auto runner = MakeRunner();
  FollowDrops(*runner);
  DropNow();
  runner->TableCreated(table);  // the hook comes after the lock of the change
  EXPECT_THAT(Left(table->id), testing::IsEmpty());
  EXPECT_FALSE(lake_->NamespaceExists({"db"}));
  EXPECT_FALSE(runner->schedule().Find(table->id).has_value());
  catalog_->SetHooks({});
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
