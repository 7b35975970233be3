// Compaction while the table goes on: rounds of tiering and other writers commit between the two halves of a step.
#include "tiering/table_compaction.h"

#include <algorithm>
#include <random>

#include "lake/arrow_rows_for_test.h"
#include "lake/deletion_vector.h"
#include "lake/manifest.h"
#include "lake/position_deletes.h"
#include "meta/store.h"
#include "tiering/earlier_rounds.h"
#include "tiering/lake_rounds_for_test.h"
#include "tiering/verify.h"

namespace weir {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using enum ChangeType;

class TableCompactionTest : public LakeRoundsTest, public testing::WithParamInterface<const char*> {
 protected:
  TableCompactionTest() { compaction_ = {.small_files_min = 2, .delete_files_min = 2}; }

  bool keyed() const { return std::string_view(GetParam()) != "log"; }
  bool copies() const { return std::string_view(GetParam()) == "copy-on-write"; }

  void BeginTable() {
    if (!keyed()) return Begin();
    Begin({{"table.datalake.iceberg.delete-mode", GetParam()}}, {"id"});
  }

  // Changes of the table and of the model beside it; bucket 0 has the even ids.

  void Put(int64_t id, const std::string& name) {
    const bool there = keyed() && model_.contains(id);
    auto& batch = batches_[id % 2];
    if (there) batch.push_back({id, model_[id], kUpdateBefore});
    batch.push_back({id, name, there ? kUpdateAfter : keyed() ? kInsert : kAppendOnly});
    model_[id] = name;
  }
  void Remove(int64_t id) {
    batches_[id % 2].push_back({id, model_.at(id), kDelete});
    model_.erase(id);
  }
  void PutAll(int64_t begin, int64_t end, const std::string& name) {
    for (int64_t id = begin; id < end; ++id) Put(id, name + std::to_string(id));
  }
  /// One round with all changes since the last.
  void TierChanges() {
    for (auto& [bucket, batch] : batches_) {
      if (!batch.empty()) Append(static_cast<BucketId>(bucket), batch);
    }
    batches_.clear();
    Tier();
  }
  void TierEach(int64_t begin, int64_t end) {
    for (int64_t id = begin; id < end; id += 2) {
      PutAll(id, id + 2, "n");
      TierChanges();
    }
  }

  std::unique_ptr<TableCompaction> Step(std::function<Status()> alive = [] { return Status(); }) {
    environment_.emplace(Environment());
    return std::make_unique<TableCompaction>(*environment_, (*lake_->FindTiered(table_->id))->ident,
                                             table_->id, compaction_, std::move(alive));
  }
  std::unique_ptr<TableCompaction> Written() {
    auto step = Step();
    EXPECT_THAT(step->Write(), IsOk());
    EXPECT_TRUE(step->has_work());
    return step;
  }
  CompactionResult Committed(std::unique_ptr<TableCompaction> step) {
    auto result = step->Commit(&state_);
    EXPECT_THAT(result, IsOk());
    return result.value_or(CompactionResult());
  }

  // What must hold at any time.

  void Check() {
    EXPECT_EQ(LakeRows(), model_);
    const LakeSnapshot latest = *catalog_->lake_snapshots().Latest(table_->id);
    EXPECT_EQ(latest.snapshot_id, Lake()->current_snapshot_id);
    EXPECT_EQ(Lake()->current_snapshot()->summary.at("fluss-offsets"), latest.tiered_path);
    for (const BucketId bucket : {0, 1})
      EXPECT_EQ(latest.tiered.at(Bucket(bucket)), logs_.logs[Bucket(bucket)].end);
    const VerifyReport report = Verified();
    EXPECT_TRUE(report.clean()) << ToJsonText(report, "t");
    CheckIndex();
  }
  static std::optional<std::pair<std::string, int64_t>> PlaceOf(const KeyIndex& index,
                                                                BytesView key) {
    std::optional<std::pair<std::string, int64_t>> place;
    EXPECT_THAT(index.Find(std::span(&key, 1),
                           [&](const std::string& file, int64_t row) { place = {file, row}; }),
                IsOk());
    return place;
  }

  /// Each live row is where the index says, and no other key has a place.
  void CheckIndex() {
    const auto index = state_.index();
    if (!keyed() || index == nullptr || index->snapshot_id() != Lake()->current_snapshot_id) return;
    const auto lake = Lake();
    const LakeKeys keys = *LakeKeys::Create(*table_, lake->current_schema());
    const auto projection = *WithRowPosition(lake->current_schema());
    iceberg::DeleteCache deletes(*io_, {});
    size_t found = 0;
    for (const iceberg::FileScanTask& task : Tasks()) {
      auto reader = *iceberg::TableReader::Open(*io_, deletes, *lake, task, projection);
      while (const auto batch = *reader->Next()) {
        const KeyList list = *keys.Encode(*batch);
        const auto& rows = static_cast<const arrow::Int64Array&>(*batch->column(5));
        for (size_t i = 0; i < list.size(); ++i, ++found) {
          const BytesView key = list[i];
          const auto place = PlaceOf(*index, key);
          ASSERT_TRUE(place.has_value());
          EXPECT_EQ(place->first, task.data_file.file_path);
          EXPECT_EQ(place->second, rows.Value(static_cast<int64_t>(i)));
        }
      }
    }
    EXPECT_EQ(found, model_.size());
    for (int32_t id = 0; id < 100; ++id) {
      if (model_.contains(id)) continue;
      const BytesView key(reinterpret_cast<const char*>(&id), sizeof id);
      EXPECT_FALSE(PlaceOf(*index, key).has_value()) << id;
    }
  }
  void CheckNothingIsLeft() {
    EXPECT_THAT(Orphans(), IsEmpty());
    EXPECT_THAT(catalog_->store().Scan("lake-compaction/"), IsEmpty());
    EXPECT_THAT(catalog_->store().Scan("lake-round/"), IsEmpty());
  }

  const std::shared_ptr<FailingStore> store_ = std::make_shared<FailingStore>();
  iceberg::CompactionOptions compaction_;
  std::optional<RoundEnvironment> environment_;
  std::map<int64_t, std::vector<Change>> batches_;  // by bucket, not yet in the log
  Rows model_;
};

INSTANTIATE_TEST_SUITE_P(Modes, TableCompactionTest,
                         testing::Values("log", "position", "deletion-vector", "copy-on-write"),
                         [](const auto& mode) {
                           std::string name = mode.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(TableCompactionTest, RowsThatComeMeanwhileStandBesideTheNewFiles) {
  BeginTable();
  TierEach(0, 8);
  auto step = Written();
  TierEach(8, 14);
  const CompactionResult result = Committed(std::move(step));
  EXPECT_EQ(result.files_before, 8);
  EXPECT_EQ(result.files_after, 2) << "one for each bucket";
  EXPECT_EQ(result.deletes_followed, 0);
  Check();
  EXPECT_THAT(Tasks(), SizeIs(8));
  CheckNothingIsLeft();
  if (!keyed()) return;
  for (int64_t id = 0; id < 14; ++id) Put(id, "again");
  TierChanges();
  Check();
}

TEST_P(TableCompactionTest, RowsThatWereReplacedOrDeletedMeanwhileDoNotComeBack) {
  if (!keyed() || copies()) return;
  BeginTable();
  TierEach(0, 20);
  Remove(4);  // left out of the new files
  Put(6, "before");
  TierChanges();
  auto step = Written();
  Put(8, "replaced");
  Remove(10);
  Put(6, "twice");
  TierChanges();
  Put(10, "back");  // deleted in one round, inserted in another
  Remove(12);
  Put(12, "deleted and inserted in one round");
  Put(14, "and gone");
  Remove(14);
  Put(4, "an old key");
  Remove(1);
  Put(8, "replaced twice");
  TierChanges();
  const CompactionResult result = Committed(std::move(step));
  EXPECT_EQ(result.deletes_followed, 5 + 1) << "8, 10, 12, 14, 1, and 6 as it was rewritten";
  ASSERT_NE(state_.index(), nullptr);
  EXPECT_EQ(state_.index()->snapshot_id(), Lake()->current_snapshot_id) << "followed in memory";
  Check();
  CheckNothingIsLeft();
  // Every row is found again, wherever it went.
  for (int64_t id = 0; id < 20; ++id) Put(id, "again");
  TierChanges();
  Check();
  for (int64_t id = 0; id < 20; ++id) Remove(id);
  TierChanges();
  Check();
}

TEST_P(TableCompactionTest, AllRowsMayBeGoneBeforeTheirNewFilesAreCommitted) {
  if (!keyed() || copies()) return;
  BeginTable();
  TierEach(0, 8);
  auto step = Written();
  for (int64_t id = 0; id < 8; ++id) Remove(id);
  TierChanges();
  EXPECT_EQ(Committed(std::move(step)).deletes_followed, 8);
  Check();
  EXPECT_THAT(LakeRows(), IsEmpty());
  TierEach(0, 4);
  Check();
  Committed(Written());  // which leaves the deleted rows out
  Check();
}

TEST_P(TableCompactionTest, WithoutMemoryForKeysTheNextRoundReadsThem) {
  if (!keyed() || copies()) return;
  BeginTable();
  TierEach(0, 12);
  options_.memory_bytes_max = 4 * 16;
  auto step = Written();
  options_ = {};
  Put(2, "replaced");
  Remove(3);
  TierChanges();
  Committed(std::move(step));
  EXPECT_NE(state_.index()->snapshot_id(), Lake()->current_snapshot_id);
  for (int64_t id = 0; id < 6; ++id) Put(id, "again");
  TierChanges();
  EXPECT_EQ(state_.index()->snapshot_id(), Lake()->current_snapshot_id);
  Check();
}

TEST_P(TableCompactionTest, AnIndexThatIsBehindOrClosedReadsTheNewFilesLater) {
  if (!keyed() || copies()) return;
  for (const bool closed : {false, true}) {
    if (table_ == nullptr) BeginTable();
    TierEach(0, 12);
    auto step = Written();
    Remove(2);
    Put(3, "replaced");
    TierChanges();
    if (closed) {
      state_.Clear();
    } else {
      Commit({.operation = iceberg::SnapshotOperation::kReplace, .summary = {{"by", "another"}}});
    }
    Committed(std::move(step));
    Put(2, "back");
    Put(3, "replaced again");
    Put(4, "replaced");
    TierChanges();
    Check();
  }
}

/// Histories of changes, rounds and steps that no one thought of, against a map.
TEST_P(TableCompactionTest, AnyHistoryGivesTheRowsOfTheModel) {
  for (uint32_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 dice(seed);
    const auto roll = [&](int sides) { return static_cast<int>(dice() % sides); };
    if (table_ != nullptr) {
      const auto old = (*lake_->FindTiered(table_->id))->ident;
      ASSERT_THAT(catalog_->DropTable({"fluss", "t"}, IfNotExists::kFail), IsOk());
      ASSERT_THAT(lake_->DropTable(old, iceberg::Purge::kNo), IsOk());
      state_.Clear();
      logs_.logs.clear();
      states_.rows.clear();
      model_.clear();
    }
    BeginTable();
    compaction_.file_bytes_target = roll(2) == 0 ? 3000 : 128 * MiB;
    compaction_.deleted_share_min = roll(2) == 0 ? 0.3 : 2;
    int64_t next = 0;
    int names = 0;
    const auto change = [&] {
      for (int i = roll(12); i >= 0; --i) {
        if (!keyed()) {
          Put(next++, "n");
          continue;
        }
        const int64_t id = roll(40);
        if (roll(3) == 0 && model_.contains(id)) {
          Remove(id);
        } else {
          Put(id, fmt::format("n{}", ++names));
        }
      }
      TierChanges();
    };
    TierEach(0, 2);
    next = 2;
    int steps = 0;
    for (int turn = 0; turn < 12; ++turn) {
      change();
      auto step = Step();
      ASSERT_THAT(step->Write(), IsOk());
      if (!step->has_work()) continue;
      for (int rounds = roll(4); rounds > 0; --rounds) change();
      const auto done = step->Commit(&state_);
      if (!done.ok()) {
        EXPECT_TRUE(copies() && done.code() == ErrorCode::kCommitConflict);
      }
      steps += done.ok() ? 1 : 0;
      step.reset();
      Check();
      CheckNothingIsLeft();
      if (HasFailure()) return;
    }
    change();
    Check();
    EXPECT_GT(steps, copies() ? 0 : 3);
  }
}

TEST_P(TableCompactionTest, WhoCommitsAtTheSameMomentIsFollowed) {
  io_->SetStore("file", store_);
  BeginTable();
  TierEach(0, 8);
  auto step = Written();
  int times = 0;
  store_->on_call = [&](FailingStore::Call call, const std::string& location) {
    if (call != FailingStore::Call::kWrite || location.find("/snap-") == location.npos ||
        ++times > 2)
      return;
    Commit({.operation = iceberg::SnapshotOperation::kReplace, .summary = {{"by", "another"}}});
  };
  Committed(std::move(step));
  store_->on_call = nullptr;
  EXPECT_EQ(times, 3);
  EXPECT_EQ(LakeRows(), model_);
  EXPECT_THAT(Tasks(), SizeIs(2));
  CheckNothingIsLeft();
}

TEST_P(TableCompactionTest, AFileThatSomebodyRewroteMeanwhileIsGivenUpFor) {
  BeginTable();
  TierEach(0, 8);
  auto step = Written();
  const iceberg::DataFile victim = Tasks()[1].data_file;
  iceberg::DataFile copy = victim;
  copy.file_path += ".copy.parquet";
  ASSERT_THAT(io_->WriteNew(copy.file_path, *io_->ReadAll(victim.file_path, 1 * MiB)), IsOk());
  Commit({.operation = iceberg::SnapshotOperation::kReplace,
          .added = {copy},
          .removed = {iceberg::KeyOf(victim)}});
  EXPECT_EQ(step->Commit(&state_).code(), ErrorCode::kCommitConflict);
  step.reset();
  EXPECT_EQ(LakeRows(), model_);
  CheckNothingIsLeft();
  if (copies()) return;
  if (keyed()) Put(1, "again");
  TierChanges();
  Committed(Written());
  EXPECT_EQ(LakeRows(), model_);
}

TEST_P(TableCompactionTest, DeletesOfOthersAreCarriedOver) {
  BeginTable();
  TierEach(0, 8);
  auto step = Written();
  // Of ids 0 and 1, which somebody takes out of the lake alone.
  for (const iceberg::FileScanTask& task : Tasks()) {
    if (task.sequence_number > 1) continue;
    iceberg::SnapshotChange change{.operation = iceberg::SnapshotOperation::kDelete};
    iceberg::DeletedRows rows;
    rows[task.data_file.file_path].Add(0);
    const std::string path = Lake()->location + "/data/" + iceberg::NewUuid();
    if (Lake()->format_version < 3) {
      change.added = {*iceberg::WritePositionDeletes(*io_, path + ".parquet", rows)};
    } else {
      change.added = *iceberg::WriteDeletionVectors(*io_, path + ".puffin", rows);
    }
    change.added[0].spec_id = task.data_file.spec_id;
    change.added[0].partition = task.data_file.partition;
    Commit(std::move(change));
  }
  model_.erase(0);
  model_.erase(1);
  EXPECT_EQ(Committed(std::move(step)).deletes_followed, 2);
  EXPECT_EQ(LakeRows(), model_);
  CheckNothingIsLeft();
}

TEST_P(TableCompactionTest, DeletesByValueGoOnToApply) {
  if (copies()) return;
  BeginTable();
  TierEach(0, 8);
  auto step = Written();
  const auto lake = Lake();
  const auto columns = *iceberg::Schema::Make(0, {*lake->current_schema().FindField("id")});
  for (const iceberg::FileScanTask& task : Tasks()) {
    if (task.sequence_number > 1) continue;
    const std::string path = lake->location + "/data/" + iceberg::NewUuid() + ".parquet";
    auto writer = *iceberg::ParquetWriter::Open(*io_, path, columns);
    ASSERT_THAT(writer->Write(*iceberg::RowsOf(columns, {"[2, 3]"})), IsOk());
    iceberg::DataFile file = *writer->Finish();
    file.content = iceberg::FileContent::kEqualityDeletes;
    file.equality_ids = {columns.fields()[0].id};
    file.spec_id = task.data_file.spec_id;
    file.partition = task.data_file.partition;
    Commit({.operation = iceberg::SnapshotOperation::kDelete, .added = {file}});
  }
  model_.erase(2);
  model_.erase(3);
  ASSERT_EQ(LakeRows(), model_);
  if (keyed()) {
    // The round brings the index to the foreign snapshots, and gives one of the keys a new place.
    Append(0, {{2, "back", kInsert}});
    model_[2] = "back";
    Tier();
  }
  Committed(std::move(step));
  EXPECT_EQ(LakeRows(), model_);
  if (keyed()) {
    Put(2, "again");
    TierChanges();
    EXPECT_EQ(LakeRows(), model_);
  }
  Committed(Written());  // takes them out
  EXPECT_EQ(LakeRows(), model_);
  for (const auto& task : Tasks()) {
    for (const auto& one : task.deletes)
      EXPECT_NE(one->file.content, iceberg::FileContent::kEqualityDeletes);
  }
}

TEST_P(TableCompactionTest, ATableThatIsDroppedAndMadeAgainMeanwhileIsLeftAlone) {
  BeginTable();
  TierEach(0, 8);
  auto step = Written();
  const std::string location = Lake()->location;
  const TableId old = table_->id;
  ASSERT_THAT(catalog_->DropTable({"fluss", "t"}, IfNotExists::kFail), IsOk());
  ASSERT_THAT(lake_->DropTiered(old), IsOk());
  state_.Clear();
  logs_.logs.clear();
  states_.rows.clear();
  model_.clear();
  BeginTable();
  TierEach(0, 4);
  EXPECT_EQ(step->Commit(&state_).code(), ErrorCode::kTableNotExist);
  step.reset();
  Check();
  CheckNothingIsLeft();
  EXPECT_THAT(*io_->List(location + "/data"), SizeIs(8)) << "the files of the rounds alone";
}

TEST_P(TableCompactionTest, ATableThatGetsAnotherNameOrColumnsMeanwhileIsFollowed) {
  BeginTable();
  TierEach(0, 8);
  auto step = Written();
  clock_.AdvanceMs(1);
  ASSERT_THAT(
      catalog_->AlterTable(
          {"fluss", "t"}, {.added_columns = {{.name = "more", .type = *DataType::Parse("BIGINT")}}},
          IfNotExists::kFail),
      IsOk());
  table_ = catalog_->FindTable(TablePath{"fluss", "t"});
  ASSERT_THAT(Round(), IsOk());
  ASSERT_NE(Lake()->current_schema().FindField("more"), nullptr);
  const iceberg::Ident ident = (*lake_->FindTiered(table_->id))->ident;
  ASSERT_THAT(lake_->RenameTable(ident, {ident.levels, "other"}), IsOk());
  Committed(std::move(step));
  EXPECT_EQ(LakeRows(), model_);
  EXPECT_THAT(Tasks(), SizeIs(2));
  CheckNothingIsLeft();
}

TEST_P(TableCompactionTest, AStepThatIsCutOffIsSweptByName) {
  BeginTable();
  TierEach(0, 8);
  for (const bool dropped : {false, true}) {
    // As if the process had died: the files are there, and the name.
    auto names = catalog_->store().Scan("lake-compaction/");
    EXPECT_THAT(names, IsEmpty());
    std::map<std::string, std::string> files;
    {
      auto step = Written();
      names = catalog_->store().Scan("lake-compaction/");
      for (const std::string& path : Orphans()) files[path] = *io_->ReadAll(path, 1 * MiB);
      TierEach(8, 10);  // does not take them for its own
    }
    ASSERT_THAT(names, SizeIs(1));
    ASSERT_THAT(files, SizeIs(2));
    CheckNothingIsLeft();
    Transaction again;
    again.Put(names[0].first, names[0].second);
    ASSERT_THAT(catalog_->store().Commit(again), IsOk());
    for (const auto& [path, bytes] : files) ASSERT_THAT(io_->WriteNew(path, bytes), IsOk());
    const std::string location = Lake()->location;
    const size_t count = io_->List(location)->size();
    if (dropped) {
      ASSERT_THAT(catalog_->DropTable({"fluss", "t"}, IfNotExists::kFail), IsOk());
      ASSERT_THAT(lake_->DropTiered(table_->id), IsOk());
    } else {
      auto step = Step();
      ASSERT_THAT(step->Write(), IsOk());
      EXPECT_FALSE(step->has_work()) << "what ended without a known outcome comes first";
    }
    ASSERT_THAT(SettleEarlierCompactions(Environment()), IsOk());
    EXPECT_THAT(catalog_->store().Scan("lake-compaction/"), IsEmpty());
    EXPECT_THAT(*io_->List(location), SizeIs(count - files.size()));
    if (!dropped) Check();
  }
}

TEST_P(TableCompactionTest, ManyManifestsAreMergedBetweenRounds) {
  if (keyed()) return;
  BeginTable();
  compaction_.small_files_min = 1000;
  for (int64_t id = 0; id < 66; ++id) {
    Put(id, "n");
    TierChanges();
  }
  auto step = Written();
  PutAll(70, 72, "n");
  TierChanges();
  EXPECT_TRUE(Committed(std::move(step)).did_nothing());
  Check();
  EXPECT_THAT(*iceberg::ManifestsOf(*io_, *Lake()->current_snapshot()), SizeIs(1));
  EXPECT_FALSE(Step()->has_work());
}

}  // namespace
}  // namespace weir
