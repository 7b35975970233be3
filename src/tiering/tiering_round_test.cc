// Rounds that fail at every step, meet other writers, or find columns that came meanwhile.
#include "tiering/tiering_round.h"

#include "tiering/expired_rows.h"
#include "tiering/lake_rounds_for_test.h"
#include "tiering/table_compaction.h"

namespace weir {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class TieringRoundTest : public LakeRoundsTest, public testing::WithParamInterface<const char*> {
 protected:
  TieringRoundTest() { io_->SetStore("file", store_); }

  void BeginWith(const char* mode) {
    if (std::string_view(mode) == "log") return Begin();
    Begin({{"table.datalake.iceberg.delete-mode", mode}}, {"id"});
  }

  /// Two rounds' worth of changes; what the table is after each.
  Rows First() {
    Append(0, {{1, "a", Insert()}, {2, "b", Insert()}});
    Append(1, {{10, "x", Insert()}});
    return {{1, "a"}, {2, "b"}, {10, "x"}};
  }
  Rows Second() {
    if (!table_->has_primary_key()) {
      Append(0, {{3, "c"}, {4, "d"}});
      return {{1, "a"}, {2, "b"}, {3, "c"}, {4, "d"}, {10, "x"}};
    }
    using enum ChangeType;
    Append(0, {{1, "a", kUpdateBefore}, {1, "A", kUpdateAfter}, {2, "b", kDelete}});
    Append(1, {{11, "y", kInsert}, {11, "y", kDelete}, {12, "z", kInsert}});
    return {{1, "A"}, {10, "x"}, {12, "z"}};
  }
  ChangeType Insert() const {
    return table_->has_primary_key() ? ChangeType::kInsert : ChangeType::kAppendOnly;
  }

  /// Rounds until nothing is left.
  void TierAll() {
    for (int rounds = 0; rounds < 20; ++rounds) {
      const auto round = Round();
      ASSERT_THAT(round, IsOk());
      if (!round->more && !round->snapshot_id) return;
    }
    FAIL() << "there is always more";
  }
  std::vector<Offset> Covered() {
    return {catalog_->lake_snapshots().TieredOffset(Bucket(0)),
            catalog_->lake_snapshots().TieredOffset(Bucket(1))};
  }
  void StartAgain() {
    if (table_ != nullptr) {
      ASSERT_THAT(catalog_->DropTable({"fluss", "t"}, IfNotExists::kFail), IsOk());
      const auto old = *lake_->FindTiered(table_->id);
      ASSERT_THAT(lake_->DropTable(old->ident, iceberg::Purge::kNo), IsOk());
      state_.Clear();
      logs_.logs.clear();
      states_.rows.clear();
    }
    BeginWith(GetParam());
  }

  const std::shared_ptr<FailingStore> store_ = std::make_shared<FailingStore>();
};

INSTANTIATE_TEST_SUITE_P(Modes, TieringRoundTest,
                         testing::Values("log", "position", "deletion-vector", "copy-on-write"),
                         [](const auto& mode) {
                           std::string name = mode.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(TieringRoundTest, ThatFailsAtAnyFileIsMadeUpForAndSwept) {
  for (const auto when : {FailingStore::When::kBefore, FailingStore::When::kAfter}) {
    bool failed = true;
    for (int64_t call = 1; failed; ++call) {
      SCOPED_TRACE(call);
      StartAgain();
      First();
      Tier();
      const Rows after = Second();
      store_->when = when;
      store_->calls = 0;
      store_->fail_call = call;
      failed = !Round().ok();
      store_->fail_call = 0;
      Tier();
      EXPECT_EQ(LakeRows(), after);
      EXPECT_THAT(Orphans(), IsEmpty());
      ASSERT_LT(call, 200);
    }
  }
}

TEST_P(TieringRoundTest, ThatIsCutOffIsSweptByTheNextOneOfTheTable) {
  BeginWith(GetParam());
  First();
  Tier();
  const Rows after = Second();
  // As if the process had died: files stay, and the name of the round.
  Transaction copy;
  const auto before = catalog_->store().Scan("lake-round/");
  EXPECT_THAT(before, IsEmpty());
  std::vector<std::pair<std::string, std::string>> name;
  store_->calls = 0;
  EXPECT_FALSE(Round([&]() -> Status {
                 name = catalog_->store().Scan("lake-round/");
                 return Fail(ErrorCode::kCancelled, "stopped");
               }).ok());
  ASSERT_THAT(name, SizeIs(1));
  copy.Put(name[0].first, name[0].second);
  ASSERT_THAT(catalog_->store().Commit(copy), IsOk());
  const size_t at = name[0].second.find("\"round\":\"") + 9;
  const std::string round = name[0].second.substr(at, 32);
  ASSERT_THAT(io_->WriteNew(Lake()->location + "/data/" + round + "-00007.parquet", "x"), IsOk());
  ASSERT_THAT(io_->WriteNew(Lake()->location + "/data/somebody-elses.parquet", "x"), IsOk());
  Tier();
  EXPECT_EQ(LakeRows(), after);
  EXPECT_THAT(Orphans(), SizeIs(1)) << "only our own";
}

TEST_P(TieringRoundTest, ThatMeetsAnotherCommitStartsAgainFromIt) {
  BeginWith(GetParam());
  First();
  Tier();
  const Rows after = Second();
  bool once = false;
  const auto round = Round([&]() -> Status {
    if (std::exchange(once, true)) return {};
    // Somebody compacts all into files of theirs: here, the same files under a new snapshot.
    Commit({.operation = iceberg::SnapshotOperation::kReplace, .summary = {{"by", "another"}}});
    return {};
  });
  // New rows fit whoever was faster; deletes may not.
  EXPECT_EQ(round.code(),
            table_->has_primary_key() ? ErrorCode::kCommitConflict : ErrorCode::kNone);
  EXPECT_THAT(Orphans(), IsEmpty());
  Tier();
  EXPECT_EQ(LakeRows(), after);
}

TEST_P(TieringRoundTest, ThatLosesItsTableLeavesNothing) {
  BeginWith(GetParam());
  First();
  Tier();
  Second();
  const std::string location = Lake()->location;
  const size_t files = io_->List(location + "/data")->size();
  const auto round = Round([&]() -> Status {
    if (lake_->FindTieredIdent(table_->id))
      EXPECT_THAT(lake_->DropTable(*lake_->FindTieredIdent(table_->id), iceberg::Purge::kNo),
                  IsOk());
    return {};
  });
  EXPECT_FALSE(round.ok());
  EXPECT_THAT(*io_->List(location + "/data"), SizeIs(files));
}

TEST_P(TieringRoundTest, TheKeyIndexIsMadeAgainWhenItIsLost) {
  BeginWith(GetParam());
  First();
  Tier();
  state_.Clear();
  std::filesystem::remove_all(folder_ + "/index");
  const Rows after = Second();
  Tier();
  EXPECT_EQ(LakeRows(), after);
}

TEST_P(TieringRoundTest, AKeyIndexThatCannotFollowACommitIsOpenedAgain) {
  if (std::string_view(GetParam()) == "log") return;
  BeginWith(GetParam());
  First();
  Tier();
  auto index = state_.index();
  std::filesystem::remove_all(folder_ + "/index");
  // Until the store wants to write a file, and takes nothing more.
  for (int i = 0; i < 1000; ++i) {
    KeyChanges filler;  // always the same keys, so that it is one batch each time
    for (int row = 0; row < 200; ++row)
      filler.Put(std::to_string(row) + std::string(1000, 'x'),
                 row == 0 ? filler.AddFile("filler-" + std::to_string(i)) : 0, row);
    if (!index->Apply(filler, {}, *index->snapshot_id()).ok()) break;
    ASSERT_LT(i, 999) << "takes everything";
  }
  const std::weak_ptr<KeyIndex> failed = index;
  index.reset();
  const Rows after = Second();
  Tier();
  EXPECT_EQ(LakeRows(), after);
  EXPECT_TRUE(failed.expired());
  Append(1, {{12, "z", ChangeType::kUpdateBefore}, {12, "Z", ChangeType::kUpdateAfter}});
  Tier();
  Rows last = after;
  last[12] = "Z";
  EXPECT_EQ(LakeRows(), last);
}

TEST_P(TieringRoundTest, AKeyIndexWithADamagedPageIsMadeAgainFromTheLake) {
  if (std::string_view(GetParam()) == "log") return;
  BeginWith(GetParam());
  First();
  Tier();
  state_.Clear();
  {
    const auto map = *KeyMap::Open(IndexFolderOf(Environment(), table_->id));
    KeyMap::Batch batch;
    batch.Put("q", "\x05\x01x");
    ASSERT_THAT(map->Apply(batch), IsOk());
  }
  const Rows before = LakeRows();
  const Rows after = Second();
  EXPECT_EQ(Round().code(), ErrorCode::kKvStorage);
  EXPECT_EQ(LakeRows(), before);
  Tier();
  EXPECT_EQ(LakeRows(), after);
  EXPECT_THAT(Orphans(), IsEmpty());
}

TEST_P(TieringRoundTest, ARowThatSomebodyElseTookAwayIsNoReasonToTakeAnother) {
  if (std::string_view(GetParam()) == "log") return;
  BeginWith(GetParam());
  First();
  Tier();
  Append(0, {{3, "c", Insert()}});
  Tier();
  for (const iceberg::FileScanTask& task : Tasks()) {
    if (task.data_file.record_count == 1 &&
        task.data_file.partition == Tasks()[0].data_file.partition)
      Commit({.operation = iceberg::SnapshotOperation::kDelete,
              .removed = {iceberg::KeyOf(task.data_file)}});
  }
  // A round that adds no file meets it, and the next begins with an index just opened.
  Append(1, {{10, "x", ChangeType::kDelete}});
  Tier();
  state_.Clear();
  Append(0, {{4, "d", Insert()}});
  Tier();
  Append(0, {{3, "c", ChangeType::kUpdateBefore}, {3, "C", ChangeType::kUpdateAfter}});
  Tier();
  EXPECT_EQ(LakeRows(), (Rows{{1, "a"}, {2, "b"}, {3, "C"}, {4, "d"}}));
}

TEST_P(TieringRoundTest, MemoryBoundsARoundAndTheNextGoesOn) {
  BeginWith(GetParam());
  options_.memory_bytes_max = 300;  // one batch at a time
  options_.file_bytes_target = 1;
  First();
  const Rows after = Second();
  int rounds = 0;
  for (bool more = true; more; ++rounds) {
    const auto round = Round();
    ASSERT_THAT(round, IsOk());
    more = round->more;
    ASSERT_LT(rounds, 20);
  }
  EXPECT_EQ(LakeRows(), after);
  EXPECT_GT(rounds, 1);
}

TEST_P(TieringRoundTest, ALogThatForgotItsBeginningIsTakenFromTheStateOrFromWhereItBegins) {
  BeginWith(GetParam());
  Append(0, {{1, "a", Insert()}});
  Append(0, {{2, "b", Insert()}});
  Append(1, {{10, "x", Insert()}});
  Expire(0, 1);
  TierAll();
  Rows expected{{2, "b"}, {10, "x"}};
  if (table_->has_primary_key()) expected[1] = "a";
  EXPECT_EQ(LakeRows(), expected);
  EXPECT_EQ(Covered(), (std::vector<Offset>{2, 1}));
  EXPECT_EQ(FindExpiredRows(catalog_->store(), table_->id),
            table_->has_primary_key() ? std::vector<ExpiredRows>()
                                      : (std::vector<ExpiredRows>{{Bucket(0), 0, 1}}));
  // What follows changes loaded rows as it does others.
  Second();
  TierAll();
  if (table_->has_primary_key()) {
    expected = {{1, "A"}, {10, "x"}, {12, "z"}};
  } else {
    expected[3] = "c";
    expected[4] = "d";
  }
  EXPECT_EQ(LakeRows(), expected);
  EXPECT_THAT(Orphans(), IsEmpty());
}

TEST_P(TieringRoundTest, ChangesThatExpireWhileTieringIsOffAreMadeUpForByTheState) {
  BeginWith(GetParam());
  First();
  Tier();
  Rows expected = Second();
  Append(0, {{5, "e", Insert()}});
  Expire(0, 2);
  TierAll();
  if (table_->has_primary_key()) {
    expected[5] = "e";
  } else {
    expected = {{1, "a"}, {2, "b"}, {5, "e"}, {10, "x"}};
    EXPECT_EQ(FindExpiredRows(catalog_->store(), table_->id),
              (std::vector<ExpiredRows>{{Bucket(0), 2, 4}}));
  }
  EXPECT_EQ(LakeRows(), expected);
  EXPECT_THAT(Orphans(), IsEmpty());
}

TEST_P(TieringRoundTest, ALoadThatFailsAtAnyFileIsMadeUpForAndSwept) {
  if (std::string_view(GetParam()) == "log") return;
  for (const auto when : {FailingStore::When::kBefore, FailingStore::When::kAfter}) {
    bool failed = true;
    for (int64_t call = 1; failed; ++call) {
      SCOPED_TRACE(call);
      StartAgain();
      First();
      Tier();
      Rows after = Second();
      Append(0, {{5, "e", Insert()}});
      after[5] = "e";
      Expire(0, 2);
      store_->when = when;
      store_->calls = 0;
      store_->fail_call = call;
      failed = !Round().ok();
      store_->fail_call = 0;
      TierAll();
      EXPECT_EQ(LakeRows(), after);
      EXPECT_THAT(Orphans(), IsEmpty());
      ASSERT_LT(call, 200);
    }
  }
}

TEST_P(TieringRoundTest, ALoadReplacesTheWholePartitionOfTheLake) {
  if (std::string_view(GetParam()) == "log") return;
  // The layout without system columns has both buckets in one.
  Begin({{"table.datalake.iceberg.delete-mode", GetParam()},
         {"table.datalake.iceberg.layout", "clean"}},
        {"id"});
  First();
  Tier();
  Rows expected = Second();
  Append(0, {{5, "e", Insert()}});
  expected[5] = "e";
  Expire(0, 2);
  TierAll();
  EXPECT_EQ(LakeRows(), expected);
  EXPECT_EQ(Covered(), (std::vector<Offset>{6, 4}));
}

TEST_P(TieringRoundTest, AStateWhoseLogIsEmptyIsLoaded) {
  if (std::string_view(GetParam()) == "log") return;
  BeginWith(GetParam());
  const Rows expected = First();
  Expire(0, 1);
  Expire(1, 1);
  TierAll();
  EXPECT_EQ(LakeRows(), expected);
  EXPECT_EQ(Covered(), (std::vector<Offset>{2, 1}));
}

TEST_P(TieringRoundTest, MemoryBoundsALoadByBuckets) {
  if (std::string_view(GetParam()) == "log") return;
  BeginWith(GetParam());
  options_.memory_bytes_max = 300;
  options_.file_bytes_target = 1;
  const Rows expected = First();
  Expire(0, 1);
  Expire(1, 1);
  const auto round = Round();
  ASSERT_THAT(round, IsOk());
  EXPECT_TRUE(round->more);
  TierAll();
  EXPECT_EQ(LakeRows(), expected);
}

TEST_P(TieringRoundTest, BucketsThatShareAFileLoseTheirRowsOfItTogether) {
  if (std::string_view(GetParam()) == "log") return;
  Begin({{"table.datalake.iceberg.delete-mode", GetParam()},
         {"table.datalake.iceberg.layout", "clean"}},
        {"id"});
  Append(0, {{1, "a", Insert()}, {2, "b", Insert()}});
  Append(1, {{10, "x", Insert()}, {11, "y", Insert()}});
  Tier();
  const RoundEnvironment environment = Environment();
  TableCompaction step(environment, *lake_->FindTieredIdent(table_->id), table_->id,
                       {.small_files_min = 2}, [] { return Status(); });
  ASSERT_THAT(step.Write(), IsOk());
  ASSERT_THAT(step.Commit(&state_), IsOk());
  ASSERT_THAT(Tasks(), SizeIs(1));
  using enum ChangeType;
  for (const std::string version : {"2", "3"}) {
    Append(0, {{1, "a", kUpdateBefore}, {1, "a" + version, kUpdateAfter}});
    Append(1, {{10, "x", kUpdateBefore}, {10, "x" + version, kUpdateAfter}});
    Tier();
    EXPECT_EQ(LakeRows(), (Rows{{1, "a" + version}, {2, "b"}, {10, "x" + version}, {11, "y"}}));
  }
}

TEST_P(TieringRoundTest, WhatTheLakeCoversIsOnTheDisk) {
  BeginWith(GetParam());
  const Rows first = First();
  logs_.cannot_sync = true;
  EXPECT_FALSE(Round().ok());
  EXPECT_THAT(LakeRows(), IsEmpty());
  logs_.cannot_sync = false;
  Tier();
  EXPECT_EQ(LakeRows(), first);
  EXPECT_EQ((std::vector<Offset>{logs_.durable[Bucket(0)], logs_.durable[Bucket(1)]}), Covered());
}

TEST_P(TieringRoundTest, ALogThatLostWhatTheLakeCoversIsNotTiered) {
  BeginWith(GetParam());
  First();
  Second();
  Tier();
  const Rows rows = LakeRows();
  const std::vector<Offset> covered = Covered();
  for (const bool restarted : {false, true}) {
    if (restarted) state_.Clear();
    auto& log = logs_.logs[Bucket(0)];
    log.batches.pop_back();
    log.end = log.batches.empty() ? 0 : LogBatchHeader::Parse(log.batches.back())->next_offset();
    EXPECT_EQ(Round().code(), ErrorCode::kLogOffsetOutOfRange);
    EXPECT_EQ(LakeRows(), rows);
    EXPECT_EQ(Covered(), covered);
  }
}

TEST_P(TieringRoundTest, TheMainBranchOfItsTableGoesForwardOnly) {
  BeginWith(GetParam());
  First();
  Tier();
  const int64_t older = *Lake()->current_snapshot_id;
  const Rows rows = Second();
  Tier();
  const int64_t newer = *Lake()->current_snapshot_id;
  const iceberg::Ident ident = *lake_->FindTieredIdent(table_->id);
  const std::string main(iceberg::kMainBranch);
  const auto refused = [&](iceberg::TableUpdate update) {
    return lake_->Commit({ident, {}, {std::move(update)}}).code() == ErrorCode::kAuthorization;
  };
  EXPECT_TRUE(refused(iceberg::SetSnapshotRef{main, {.snapshot_id = older}}));
  EXPECT_TRUE(refused(iceberg::RemoveSnapshotRef{main}));
  EXPECT_TRUE(refused(iceberg::RemoveSnapshots{{newer}}));
  EXPECT_THAT(lake_->Commit({ident, {}, {iceberg::SetSnapshotRef{"old", {.snapshot_id = older}}}}),
              IsOk());
  Commit({.operation = iceberg::SnapshotOperation::kReplace});
  EXPECT_EQ(LakeRows(), rows);
  // What is tiered no more is whose it is.
  ASSERT_THAT(lake_->ReleaseTiered(table_->id), IsOk());
  EXPECT_THAT(lake_->Commit({ident, {}, {iceberg::SetSnapshotRef{main, {.snapshot_id = older}}}}),
              IsOk());
}

class TieringRoundOfLogTest : public TieringRoundTest {};

TEST_F(TieringRoundOfLogTest, ThatMeetsOtherCommitsBringsTheSameFilesOnTopOfThem) {
  Begin();
  First();
  Tier();
  const Rows after = Second();
  int others = 0;
  store_->on_call = [&](FailingStore::Call call, const std::string& location) {
    // The first commit comes while the round writes its data file, the next ones between its own tries.
    if (call != FailingStore::Call::kWrite) return;
    if (!location.ends_with(".parquet") && location.find("/snap-") == location.npos) return;
    if (++others > 3) return;
    Commit({.operation = iceberg::SnapshotOperation::kReplace, .summary = {{"by", "another"}}});
  };
  const auto round = Round();
  ASSERT_THAT(round, IsOk());
  EXPECT_TRUE(round->snapshot_id.has_value());
  EXPECT_GE(others, 3);
  EXPECT_EQ(LakeRows(), after);
  EXPECT_THAT(Orphans(), IsEmpty());
  EXPECT_EQ(Lake()->snapshots.size(), 5U);
  EXPECT_FALSE(Round()->snapshot_id.has_value()) << "nothing is left";
}

TEST_F(TieringRoundOfLogTest, IsNotDisturbedBySomebodyWhoWantsTheTableBack) {
  Begin();
  First();
  Tier();
  const int64_t first = *Lake()->current_snapshot_id;
  Append(0, {{7, "g"}});
  Tier();
  Append(0, {{8, "h"}});
  const auto round = Round([&]() -> Status {
    EXPECT_THAT(lake_->Commit({*lake_->FindTieredIdent(table_->id),
                               {},
                               {iceberg::SetSnapshotRef{"main", {.snapshot_id = first}}}}),
                IsError(ErrorCode::kAuthorization));
    return {};
  });
  EXPECT_THAT(round, IsOk());
  EXPECT_EQ(LakeRows(), (Rows{{1, "a"}, {2, "b"}, {7, "g"}, {8, "h"}, {10, "x"}}));
}

TEST_F(TieringRoundOfLogTest, WithoutNewRowsTouchesNoFile) {
  Begin();
  First();
  Tier();
  store_->calls = 0;
  const auto round = Round();
  ASSERT_THAT(round, IsOk());
  EXPECT_FALSE(round->snapshot_id.has_value());
  EXPECT_EQ(store_->calls, 0);
}

TEST_F(TieringRoundOfLogTest, TakesColumnsThatCameMeanwhile) {
  Begin();
  Append(0, {{1, "a"}});
  ASSERT_THAT(
      catalog_->AlterTable(
          {"fluss", "t"}, {.added_columns = {{.name = "more", .type = *DataType::Parse("BIGINT")}}},
          IfNotExists::kFail),
      IsOk());
  const TableRef old = table_;
  table_ = catalog_->FindTable(TablePath{"fluss", "t"});
  auto writer = *ArrowBatchWriter::Create(table_->schema(), table_->schema_id,
                                          {LogCompressionType::kNone, 1});
  const Value row[] = {Value::Int(2), Value::Bytes("b"), Value::Int(7)};
  ASSERT_THAT(writer->Append(row, ChangeType::kAppendOnly), IsOk());
  auto& log = logs_.logs[Bucket(0)];
  std::string batch;
  ASSERT_THAT(writer->Finish({}, batch), IsOk());
  StampLogBatch(batch.data(), {.base_offset = log.end++, .commit_timestamp = clock_.NowMs()});
  log.batches.push_back(batch);

  table_ = old;
  const auto first = Round();
  ASSERT_THAT(first, IsOk());
  EXPECT_TRUE(first->more) << "stops before the batch that it does not know";
  EXPECT_EQ(LakeRows(), (Rows{{1, "a"}}));
  table_ = catalog_->FindTable(TablePath{"fluss", "t"});
  Tier();
  EXPECT_EQ(LakeRows(), (Rows{{1, "a"}, {2, "b"}}));
  EXPECT_NE(Lake()->current_schema().FindField("more"), nullptr);
}

TEST_F(TieringRoundOfLogTest, VectorsTakeOverThePositionDeletesOfATableThatWasUpgraded) {
  BeginWith("position");
  using enum ChangeType;
  Append(0, {{1, "a", kInsert}, {2, "b", kInsert}, {3, "c", kInsert}});
  Tier();
  Append(0, {{1, "a", kUpdateBefore}, {1, "A", kUpdateAfter}, {4, "d", kInsert}});
  Tier();
  // Somebody else deletes rows 2 and 4 by one file about both data files.
  iceberg::DeletedRows both;
  for (const iceberg::FileScanTask& task : Tasks()) both[task.data_file.file_path].Add(1);
  ASSERT_THAT(both, SizeIs(2));
  auto file = *iceberg::WritePositionDeletes(*io_, Lake()->location + "/data/theirs.parquet", both);
  file.spec_id = Lake()->default_spec_id;
  file.partition = Tasks()[0].data_file.partition;
  Commit({.operation = iceberg::SnapshotOperation::kDelete, .added = {file}});
  ASSERT_EQ(LakeRows(), (Rows{{1, "A"}, {3, "c"}}));

  ASSERT_THAT(lake_->Commit({*lake_->FindTieredIdent(table_->id),
                             {},
                             {iceberg::UpgradeFormatVersion{.format_version = 3}}}),
              IsOk());
  ASSERT_THAT(
      catalog_->AlterTable(
          {"fluss", "t"},
          {.configs = {{.key = "table.datalake.iceberg.delete-mode", .value = "deletion-vector"}}},
          IfNotExists::kFail),
      IsOk());
  table_ = catalog_->FindTable(TablePath{"fluss", "t"});
  Append(0, {{3, "c", kUpdateBefore}, {3, "C", kUpdateAfter}});
  Tier();
  EXPECT_EQ(LakeRows(), (Rows{{1, "A"}, {3, "C"}}));
  Append(0, {{1, "A", kUpdateBefore}, {1, "AA", kUpdateAfter}});
  Tier();
  EXPECT_EQ(LakeRows(), (Rows{{1, "AA"}, {3, "C"}}));
}

TEST_F(TieringRoundOfLogTest, OfANewTableWithTheNameOfAnotherIsRefused) {
  Begin();
  Tier();
  ASSERT_THAT(lake_->ReleaseTiered(table_->id), IsOk());
  state_.Clear();
  EXPECT_EQ(Round().code(), ErrorCode::kLakeTableAlreadyExist);
}

}  // namespace
}  // namespace weir
