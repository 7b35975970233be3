// The key index against what the files of the lake say, wherever somebody else takes the table.
#include "tiering/key_index.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <random>
#include <set>

#include "lake/table_reader.h"
#include "tiering/lake_rounds_for_test.h"

namespace weir {
namespace {

using testing::Contains;
using testing::Not;
using Place = std::pair<std::string, int64_t>;
using Places = std::map<int64_t, Place>;  // by the key `id`

class KeyIndexTest : public LakeRoundsTest {
 protected:
  KeyIndexTest() { io_->SetStore("file", store_); }

  void BeginWith(const char* mode) {
    Begin({{"table.datalake.iceberg.delete-mode", mode}}, {"id"});
  }

  /// The rows of a snapshot and where they are, by its files alone.
  Places RowsOf(const iceberg::TableMetadata& lake) {
    Places out;
    if (lake.current_snapshot() == nullptr) return out;
    const auto plan = PlanScan(*io_, lake, *lake.current_snapshot(), {});
    const auto schema = *WithRowPosition(lake.current_schema());
    iceberg::DeleteCache deletes(*io_, {});
    for (const iceberg::FileScanTask& task : plan->tasks) {
      auto reader = *iceberg::TableReader::Open(*io_, deletes, lake, task, schema);
      while (const auto batch = *reader->Next()) {
        const auto& ids = static_cast<const arrow::Int32Array&>(*batch->column(0));
        const auto& rows =
            static_cast<const arrow::Int64Array&>(*batch->column(batch->num_columns() - 1));
        for (int64_t i = 0; i < batch->num_rows(); ++i) {
          const Place place{task.data_file.file_path, rows.Value(i)};
          EXPECT_TRUE(out.emplace(ids.Value(i), place).second) << "twice: " << ids.Value(i);
        }
      }
    }
    return out;
  }

  /// Every key of the table is found where it is; no other key is found where a row of somebody else is.
  void ExpectRight(const KeyIndex& index, const iceberg::TableMetadata& lake) {
    constexpr int64_t kIds = 40;
    const Places rows = RowsOf(lake);
    std::set<Place> taken;
    for (const auto& [id, place] : rows) taken.insert(place);
    for (int64_t id = 0; id < kIds; ++id) {
      std::string key(4, '\0');
      for (int i = 0; i < 4; ++i) key[static_cast<size_t>(i)] = static_cast<char>(id >> 8 * i);
      const BytesView view = key;
      std::optional<Place> place;
      ASSERT_THAT(index.Find(std::span(&view, 1),
                             [&](const std::string& file, int64_t at) { place = {file, at}; }),
                  IsOk());
      const auto row = rows.find(id);
      if (row != rows.end()) {
        ASSERT_TRUE(place.has_value()) << "not found: " << id;
        EXPECT_EQ(*place, row->second) << id;
      } else if (place) {
        EXPECT_THAT(taken, Not(Contains(*place))) << "gone: " << id;
      }
    }
  }

  std::unique_ptr<KeyIndex> OpenIndex() { return *KeyIndex::Open(folder_ + "/an-index"); }
  Result<int64_t> Sync(KeyIndex& index, const iceberg::TableMetadata& lake) {
    return index.Sync(*io_, lake, *LakeKeys::Create(*table_, lake.current_schema()));
  }
  /// The table as if its main branch were at another of its snapshots.
  static iceberg::TableMetadata At(const iceberg::TableMetadata& lake, int64_t snapshot_id) {
    iceberg::TableMetadata out = lake;
    out.current_snapshot_id = snapshot_id;
    return out;
  }

  const std::shared_ptr<FailingStore> store_ = std::make_shared<FailingStore>();
};

TEST_F(KeyIndexTest, GivesTheNumberOfAFileThatIsGoneToNoOther) {
  BeginWith("position");
  Append(0, {{1, "a", ChangeType::kInsert}});
  Tier();
  ASSERT_THAT(Sync(*OpenIndex(), *Lake()), IsOk());
  Append(0, {{2, "b", ChangeType::kInsert}});
  Tier();
  const auto with = Lake();
  const std::string newest = RowsOf(*with).at(2).first;
  for (const iceberg::FileScanTask& task : Tasks()) {
    if (task.data_file.file_path == newest) Commit({.removed = {iceberg::KeyOf(task.data_file)}});
  }
  const auto without = Lake();
  Append(0, {{3, "c", ChangeType::kInsert}});
  Tier();
  ASSERT_THAT(Sync(*OpenIndex(), *with), IsOk());
  ASSERT_THAT(Sync(*OpenIndex(), *without), IsOk());
  const auto index = OpenIndex();
  ASSERT_THAT(Sync(*index, *Lake()), IsOk());
  ExpectRight(*index, *Lake());
}

TEST_F(KeyIndexTest, FindsRowsThatCameBackWithAnOlderSnapshot) {
  BeginWith("position");
  Append(0, {{1, "a", ChangeType::kInsert}});
  Tier();
  const auto before = Lake();
  Append(0, {{1, "a", ChangeType::kUpdateBefore}, {1, "A", ChangeType::kUpdateAfter}});
  Tier();
  const auto index = OpenIndex();
  ASSERT_THAT(Sync(*index, *Lake()), IsOk());
  ASSERT_THAT(Sync(*index, *before), IsOk());
  ExpectRight(*index, *before);
}

TEST_F(KeyIndexTest, ThatStoppedHalfWayToASnapshotDoesNotTakeItsRowsForThoseOfAnother) {
  BeginWith("position");
  Append(0, {{1, "a", ChangeType::kInsert}, {2, "b", ChangeType::kInsert}});
  Tier();
  const auto before = Lake();
  ASSERT_THAT(Sync(*OpenIndex(), *before), IsOk());
  Append(0, {{1, "a", ChangeType::kUpdateBefore}, {1, "A", ChangeType::kUpdateAfter}});
  Tier();
  Append(0, {{2, "b", ChangeType::kUpdateBefore}, {2, "B", ChangeType::kUpdateAfter}});
  Tier();
  bool failed = true;
  for (int64_t call = 1; failed; ++call) {
    SCOPED_TRACE(call);
    ASSERT_LT(call, 100);
    ASSERT_THAT(Sync(*OpenIndex(), *before), IsOk());
    store_->calls = 0;
    store_->fail_call = call;
    failed = !Sync(*OpenIndex(), *Lake()).ok();
    store_->fail_call = 0;
    const auto index = OpenIndex();
    ASSERT_THAT(Sync(*index, *before), IsOk());
    ExpectRight(*index, *before);
  }
}

TEST_F(KeyIndexTest, OfAnEarlierFormatIsMadeAgainFromTheLake) {
  BeginWith("position");
  Append(0, {{1, "a", ChangeType::kInsert}, {2, "b", ChangeType::kInsert}});
  Tier();
  const std::string file = RowsOf(*Lake()).at(1).first;
  {
    const auto map = *KeyMap::Open(folder_ + "/an-index");
    KeyMap::Batch batch;
    batch.Put("n", "2");
    batch.Put("m", std::to_string(*Lake()->current_snapshot_id));
    batch.Put(BytesView("f\0\0\0\0\0\0\0\1", 9), file);
    batch.Put(BytesView("r\1\0\0\0", 5), BytesView("\1\7", 2));  // a row that the file has not
    ASSERT_THAT(map->Apply(batch), IsOk());
  }
  const auto index = OpenIndex();
  ASSERT_THAT(Sync(*index, *Lake()), IsOk());
  ExpectRight(*index, *Lake());
}

// What a kill between two batches of a fold leaves: a part of the commit's changes in the pages.
TEST_F(KeyIndexTest, ThatWasKilledWithinAFoldIsRightAgain) {
  BeginWith("position");
  std::vector<Change> rows;
  for (int64_t id = 0; id < 20; ++id) rows.push_back({id, "a", ChangeType::kInsert});
  Append(0, rows);
  Tier();
  const auto before = Lake();
  std::vector<Change> changes;
  for (int64_t id = 0; id < 14; ++id) {
    if (id % 3 == 0) changes.push_back({id, "a", ChangeType::kDelete});
    if (id % 3 == 1) changes.push_back({id, "a", ChangeType::kUpdateBefore});
    if (id % 3 == 1) changes.push_back({id, "b", ChangeType::kUpdateAfter});
    if (id % 3 == 2) changes.push_back({id + 20, "b", ChangeType::kInsert});
  }
  Append(0, changes);
  Tier();
  const auto after = Lake();
  Append(0, {{19, "a", ChangeType::kUpdateBefore}, {19, "c", ChangeType::kUpdateAfter}});
  Tier();
  const auto later = Lake();
  const Places places = RowsOf(*after);
  std::map<std::string, std::optional<KeyPlace>> by_key;
  for (int64_t id = 0; id < 40; ++id) {
    const auto place = places.find(id);
    if (RowsOf(*before).contains(id) == (place != places.end()) &&
        (place == places.end() || place->second == RowsOf(*before).at(id)))
      continue;
    std::string key(4, '\0');
    key[0] = static_cast<char>(id);
    by_key[key] = std::nullopt;
    if (place != places.end())
      by_key[key] = KeyPlace{100, static_cast<uint64_t>(place->second.second)};
  }
  ASSERT_EQ(by_key.size(), 14);
  for (size_t taken = 0; taken <= by_key.size(); ++taken) {
    SCOPED_TRACE(taken);
    for (const auto& there : {before, after, later}) {
      std::filesystem::remove_all(folder_ + "/an-index");
      ASSERT_THAT(Sync(*OpenIndex(), *before), IsOk());
      {
        const auto map = *KeyMap::Open(folder_ + "/an-index");
        KeyMap::Batch batch;
        batch.Put("t", std::to_string(*after->current_snapshot_id));
        batch.Put("h", "2 101 1 0");
        int64_t pages = 1;
        KeyFold fold(*map, batch, pages, 0);
        auto change = by_key.begin();
        const auto end = std::next(change, static_cast<ptrdiff_t>(taken));
        ASSERT_THAT(fold.Run([&]() -> std::optional<KeyChange> {
          if (change == end) return std::nullopt;
          const auto at = change++;
          return KeyChange{at->first, at->second};
        }),
                    IsOk());
        ASSERT_THAT(map->Apply(batch), IsOk());
      }
      const auto index = OpenIndex();
      EXPECT_EQ(index->snapshot_id(), std::nullopt);
      ASSERT_THAT(Sync(*index, *there), IsOk());
      ExpectRight(*index, *there);
    }
  }
}

class KeyIndexModesTest : public KeyIndexTest, public testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(Modes, KeyIndexModesTest,
                         testing::Values("position", "deletion-vector", "copy-on-write"),
                         [](const auto& mode) {
                           std::string name = mode.param;
                           std::erase(name, '-');
                           return name;
                         });

// A history of rounds and of files that somebody else took away, walked to and fro, with failures and restarts.
TEST_P(KeyIndexModesTest, IsRightAtEverySnapshotWhateverItDescribedBefore) {
  std::mt19937 dice(20'261'123);
  const auto below = [&](size_t n) { return static_cast<int64_t>(dice() % n); };
  BeginWith(GetParam());
  std::map<int64_t, std::string> state;
  for (int round = 0; round < 16; ++round) {
    std::vector<Change> changes;
    for (int64_t n = 1 + below(4); n > 0; --n) {
      const int64_t id = below(40);
      const std::string name = "r" + std::to_string(round);
      const auto found = state.find(id);
      if (found == state.end()) {
        changes.push_back({id, name, ChangeType::kInsert});
        state[id] = name;
      } else if (below(3) == 0) {
        changes.push_back({id, found->second, ChangeType::kDelete});
        state.erase(found);
      } else {
        changes.push_back({id, found->second, ChangeType::kUpdateBefore});
        changes.push_back({id, name, ChangeType::kUpdateAfter});
        found->second = name;
      }
    }
    Append(0, changes);
    Tier();
    if (below(3) == 0) {
      const auto tasks = Tasks();
      const auto& task = tasks[static_cast<size_t>(below(tasks.size()))];
      Commit({.operation = iceberg::SnapshotOperation::kDelete,
              .removed = {iceberg::KeyOf(task.data_file)}});
    }
    if (below(4) == 0) state_.Clear();  // the rounds' own index is opened again
  }
  const auto lake = Lake();
  auto index = OpenIndex();
  for (int step = 0; step < 200; ++step) {
    SCOPED_TRACE(step);
    const auto& snapshots = lake->snapshots;
    const auto there =
        At(*lake, snapshots[static_cast<size_t>(below(snapshots.size()))].snapshot_id);
    store_->calls = 0;
    store_->fail_call = below(2) == 0 ? 1 + below(30) : 0;
    const auto synced = Sync(*index, there);
    store_->fail_call = 0;
    if (synced.ok()) ExpectRight(*index, there);
    if (testing::Test::HasFailure()) return;
    if (!synced.ok() || below(3) == 0) {
      index.reset();
      index = OpenIndex();
    }
  }
}

}  // namespace
}  // namespace weir
