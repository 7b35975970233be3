// The key index against a plain map, without a lake.
#include "tiering/key_index.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <utility>

#include "base/matchers.h"
#include "lake/table_metadata.h"

namespace weir {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

using Place = std::pair<std::string, int64_t>;
using Places = std::map<std::string, Place>;

class KeyIndexPlacesTest : public testing::Test {
 protected:
  KeyIndexPlacesTest() : folder_(testing::TempDir() + "key-index-" + iceberg::NewUuid()) {
    Open(folder_);
  }
  ~KeyIndexPlacesTest() override {
    index_.reset();
    std::filesystem::remove_all(folder_);
    std::filesystem::remove_all(after_kill());
  }

  void Open(const std::string& folder) {
    index_.reset();
    auto opened = KeyIndex::Open(folder, limits_);
    ASSERT_THAT(opened, IsOk());
    index_ = std::move(*opened);
  }
  std::string after_kill() const { return folder_ + "-killed"; }
  /// What a kill -9 at this moment leaves on the disk.
  void OpenAsAfterKill() {
    std::filesystem::remove_all(after_kill());
    std::filesystem::copy(folder_, after_kill());
    Open(after_kill());
  }

  /// A commit with one file; a key without a row number is removed.
  void Commit(const std::string& file, const std::map<std::string, std::optional<int64_t>>& rows,
              const std::vector<std::string>& removed = {}) {
    KeyChanges changes;
    const int32_t number = changes.AddFile(file);
    for (const auto& [key, row] : rows) row ? changes.Put(key, number, *row) : changes.Remove(key);
    ASSERT_THAT(index_->Apply(changes, removed, ++snapshot_), IsOk());
  }

  Places Find(const std::vector<std::string>& keys) {
    const std::vector<BytesView> views(keys.begin(), keys.end());
    std::vector<Place> rows;
    Places out;
    // One by one for the names, and all at once; both must say the same.
    for (const BytesView key : views) {
      EXPECT_THAT(index_->Find(std::span(&key, 1),
                               [&](const std::string& file, int64_t row) {
                                 out[std::string(key)] = {file, row};
                               }),
                  IsOk());
    }
    EXPECT_THAT(index_->Find(views, [&](const std::string& file,
                                        int64_t row) { rows.emplace_back(file, row); }),
                IsOk());
    std::vector<std::pair<std::string, int64_t>> expected;
    for (const auto& [key, place] : out) expected.push_back(place);
    std::ranges::sort(rows);
    std::ranges::sort(expected);
    EXPECT_EQ(rows, expected);
    return out;
  }

  const std::string folder_;
  KeyIndexLimits limits_;
  std::unique_ptr<KeyIndex> index_;
  int64_t snapshot_ = 0;
};

TEST_F(KeyIndexPlacesTest, KeysAreWhereTheLastCommitPutThem) {
  EXPECT_THAT(Find({"a"}), IsEmpty());
  Commit("one", {{"a", 0}, {"b", 1}, {"c", 2}});
  Commit("two", {{"b", 0}, {"c", std::nullopt}});
  EXPECT_THAT(Find({"", "a", "aa", "b", "c", "d"}),
              ElementsAre(Pair("a", Pair("one", 0)), Pair("b", Pair("two", 0))));
  EXPECT_EQ(index_->snapshot_id(), 2);
}

TEST_F(KeyIndexPlacesTest, TheLastChangeOfAKeyInACommitCounts) {
  KeyChanges changes;
  const int32_t file = changes.AddFile("one");
  changes.Put("a", file, 1);
  changes.Put("b", file, 2);
  changes.Put("a", file, 3);
  changes.Remove("b");
  ASSERT_THAT(index_->Apply(changes, {}, 1), IsOk());
  EXPECT_THAT(Find({"a", "b"}), ElementsAre(Pair("a", Pair("one", 3))));
}

TEST_F(KeyIndexPlacesTest, RowsOfAFileThatIsGoneAreNotFoundAndItsNumberIsNotUsedAgain) {
  Commit("one", {{"a", 0}});
  Commit("two", {{"b", 0}}, {"one"});
  Commit("three", {}, {"two"});
  Commit("four", {}, {"three"});
  Open(folder_);
  Commit("five", {{"c", 0}}, {"four"});
  EXPECT_THAT(Find({"a", "b", "c"}), ElementsAre(Pair("c", Pair("five", 0))));
  Open(folder_);
  Commit("six", {}, {"five"});
  Open(folder_);
  Commit("seven", {{"d", 7}});
  EXPECT_THAT(Find({"a", "b", "c", "d"}), ElementsAre(Pair("d", Pair("seven", 7))));
}

TEST_F(KeyIndexPlacesTest, FilesAreNamedOncePerFind) {
  Commit("one", {{"a", 0}, {"b", 1}});
  const std::string* file = nullptr;
  const std::vector<BytesView> keys = {"b", "a"};
  ASSERT_THAT(index_->Find(keys,
                           [&](const std::string& found, int64_t) {
                             EXPECT_TRUE(file == nullptr || file == &found);
                             file = &found;
                           }),
              IsOk());
}

/// Keys of many kinds: long common prefixes, prefixes of each other, the empty one, all bytes.
std::vector<std::string> SomeKeys(std::mt19937& dice, size_t count) {
  std::vector<std::string> keys = {"", std::string(1, '\0'), "\xff", "\xff\xff"};
  while (keys.size() < count) {
    switch (dice() % 4) {
      case 0:
        keys.push_back(fmt::format("key-{:09}", dice() % 100'000));
        break;
      case 1:
        keys.push_back(std::string(dice() % 5, 'k') + std::string(dice() % 3, '\0'));
        break;
      case 2:
        keys.push_back(std::string(dice() % 3000, 'l'));
        break;
      default:
        keys.emplace_back();
        for (size_t i = dice() % 9; i > 0; --i) keys.back().push_back(static_cast<char>(dice()));
    }
  }
  std::ranges::sort(keys);
  keys.erase(std::ranges::unique(keys).begin(), keys.end());
  return keys;
}

// Rounds of few and of many changes, so that some stay loose and some rewrite pages, against a plain map; now and then
// the index is closed and opened, or what a kill leaves is.
TEST_F(KeyIndexPlacesTest, AgreesWithAPlainMapOverRandomCommits) {
  std::mt19937 dice(11);
  const std::vector<std::string> keys = SomeKeys(dice, 6000);
  Places expected;
  for (int round = 0; round < 120; ++round) {
    const std::string file = fmt::format("file-{}", round);
    std::map<std::string, std::optional<int64_t>> rows;
    const size_t count = dice() % 3 == 0 ? dice() % 4000 : dice() % 60;
    const size_t begin =
        dice() % 2 == 0 ? 0 : dice() % keys.size();  // all over, or near each other
    for (size_t i = 0; i < count; ++i) {
      const std::string& key = keys[(begin == 0 ? dice() : begin + i) % keys.size()];
      if (dice() % 5 != 0) {
        rows[key] = static_cast<int64_t>(dice());
        expected[key] = {file, *rows[key]};
      } else {
        rows[key] = std::nullopt;
        expected.erase(key);
      }
    }
    Commit(file, rows);
    if (dice() % 10 == 0) Open(folder_);
    if (round % 20 == 19) {
      ASSERT_EQ(Find(keys), expected) << "round " << round;
    }
  }
}

// Limits so small that commits of all sizes leave loose entries, fold a few of them, or fold all; many keys are changed
// again and again, and files go away with their rows, as in a compaction.
TEST_F(KeyIndexPlacesTest, AgreesWithAPlainMapWhateverTheLimits) {
  for (uint32_t seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 dice(seed);
    const auto below = [&](size_t n) { return static_cast<size_t>(dice()) % n; };
    index_.reset();
    std::filesystem::remove_all(folder_);
    limits_ = {.folded_per_page = static_cast<int64_t>(1 + below(200)),
               .loose_per_page = static_cast<int64_t>(below(200)),
               .folded_min = static_cast<int64_t>(1 + below(200)),
               .batch_bytes_max = below(20'000)};
    Open(folder_);
    const std::vector<std::string> keys = SomeKeys(dice, 50 + below(3000));
    Places expected;
    std::vector<std::string> files;
    for (int round = 0; round < 60; ++round) {
      files.push_back(fmt::format("file-{}", round));
      std::map<std::string, std::optional<int64_t>> rows;
      const size_t some = 1 + below(keys.size());  // the keys that change: now a few, now all
      for (size_t i = below(3) == 0 ? below(2 * keys.size()) : below(100); i > 0; --i) {
        const std::string& key = keys[below(some)];
        rows[key] = below(5) == 0 ? std::nullopt : std::optional(static_cast<int64_t>(dice()));
      }
      std::vector<std::string> removed;
      if (below(6) == 0) {
        // The live rows of a file move to the new one.
        const size_t at = below(files.size());
        if (files[at] != files.back()) {
          removed.push_back(files[at]);
          for (const auto& [key, place] : expected) {
            if (place.first == removed[0]) rows.try_emplace(key, static_cast<int64_t>(dice()));
          }
        }
      }
      for (const auto& [key, row] : rows) {
        expected.erase(key);
        if (row) expected[key] = {files.back(), *row};
      }
      Commit(files.back(), rows, removed);
      if (below(8) == 0) Open(folder_);
      if (below(6) == 0) ASSERT_EQ(Find(keys), expected) << "round " << round;
    }
    ASSERT_EQ(Find(keys), expected);
    Open(folder_);
    ASSERT_EQ(Find(keys), expected);
  }
}

class KeyIndexDamageTest : public KeyIndexPlacesTest {
 protected:
  /// Change the map of the closed index.
  void Change(const std::function<void(KeyMap&, KeyMap::Batch&)>& change) {
    index_.reset();
    const auto map = *KeyMap::Open(folder_);
    KeyMap::Batch batch;
    change(*map, batch);
    ASSERT_THAT(map->Apply(batch), IsOk());
  }
  Status FindOne(BytesView key) {
    return index_->Find(std::span(&key, 1), [](const std::string&, int64_t) {});
  }
  void ExpectEmpty() {
    EXPECT_EQ(index_->snapshot_id(), std::nullopt);
    EXPECT_THAT(Find({"a", "b"}), IsEmpty());
    Commit("next", {{"b", 7}});
    EXPECT_THAT(Find({"a", "b"}), ElementsAre(Pair("b", Pair("next", 7))));
  }
};

TEST_F(KeyIndexDamageTest, AnIndexOfAnotherVersionIsBegunAnew) {
  for (const std::string head : {"", "1 2 0 1", "3 2 1 0"}) {
    SCOPED_TRACE(head);
    Change([&](KeyMap& map, KeyMap::Batch& batch) {
      ASSERT_THAT(map.Clear(), IsOk());
      if (!head.empty()) batch.Put("h", head);
      // As version 1 had it.
      batch.Put("n", "2");
      batch.Put("m", "5");
      batch.Put(BytesView("f\0\0\0\0\0\0\0\1", 9), "old");
      batch.Put("ra", "\1\1");
    });
    Open(folder_);
    ExpectEmpty();
  }
}

TEST_F(KeyIndexDamageTest, AServerOfVersionOneFindsNoRecordOfNumbersAndBeginsAnew) {
  Commit("one", {{"a", 0}});
  Change([](KeyMap& map, KeyMap::Batch&) { EXPECT_EQ(*map.Get("n"), std::nullopt); });
}

TEST_F(KeyIndexDamageTest, AnIndexWithADamagedEntryIsBegunAnewWhenItIsOpened) {
  const std::pair<const char*, const char*> entries[] = {
      {"h", ""},       {"h", "x"},  {"h", "2 1"}, {"h", "2 1 1 1 1"},
      {"h", "2 1 1 "}, {"m", "1x"}, {"m", ""},    {"t", "-"}};
  for (const auto& [key, value] : entries) {
    SCOPED_TRACE(testing::Message() << key << " -> " << value);
    Open(folder_);
    Commit("one", {{"a", 0}});
    Change([&](KeyMap&, KeyMap::Batch& batch) { batch.Put(key, value); });
    Open(folder_);
    ExpectEmpty();
  }
}

TEST_F(KeyIndexDamageTest, DamageThatIsMetLaterFailsAndIsGoneWhenTheIndexIsOpenedAgain) {
  const std::pair<const char*, const char*> entries[] = {{"q", "\x05\x01x"}, {"ra", "\x80"}};
  for (const auto& [key, value] : entries) {
    SCOPED_TRACE(key);
    Open(folder_);
    Commit("one", {{"a", 0}});
    Change([&](KeyMap&, KeyMap::Batch& batch) {
      batch.Put(key, value);
      batch.Put("h", "2 9 1 1");
    });
    Open(folder_);
    EXPECT_FALSE(index_->has_failed());
    EXPECT_THAT(FindOne("a"), IsError(ErrorCode::kKvStorage));
    EXPECT_TRUE(index_->has_failed());
    Open(folder_);
    EXPECT_FALSE(index_->has_failed());
    ExpectEmpty();
  }
}

TEST_F(KeyIndexDamageTest, AFoldThatMeetsDamageFailsAndTheIndexIsBegunAnew) {
  Commit("one", {{"a", 0}});
  Change([&](KeyMap&, KeyMap::Batch& batch) { batch.Put("q", "\x05\x01x"); });
  Open(folder_);
  KeyChanges changes;
  for (int i = 0; i < 10; ++i)
    changes.Put(std::to_string(i), i == 0 ? changes.AddFile("two") : 0, i);
  EXPECT_THAT(index_->Apply(changes, {}, 2), IsError(ErrorCode::kKvStorage));
  EXPECT_TRUE(index_->has_failed());
  Open(folder_);
  ExpectEmpty();
}

// Any byte of its files: what is found is right, or damage is said and the index made again.
TEST_F(KeyIndexDamageTest, AFlippedByteIsNeverTakenForAPlace) {
  std::map<std::string, std::optional<int64_t>> rows;
  std::vector<std::string> keys;
  for (int i = 0; i < 1500; ++i) keys.push_back(fmt::format("key-{:06}", i));
  for (size_t i = 0; i < keys.size(); ++i) rows[keys[i]] = static_cast<int64_t>(i);
  const std::vector<BytesView> views(keys.begin(), keys.end());
  std::mt19937 dice(5);
  int said = 0;
  for (int turn = 0; turn < 80; ++turn) {
    SCOPED_TRACE(turn);
    index_.reset();
    std::filesystem::remove_all(folder_);
    Open(folder_);
    snapshot_ = 0;
    Commit("one", rows);
    Commit("two", {{keys[5], 1}, {keys[1000], std::nullopt}});
    index_.reset();
    for (const auto& file : std::filesystem::directory_iterator(folder_)) {
      if (file.path().extension() != ".sst") continue;
      std::fstream bytes(file.path(), std::ios::in | std::ios::out | std::ios::binary);
      const auto at = static_cast<std::streamoff>(dice() % file.file_size());
      bytes.seekg(at);
      const auto byte = static_cast<char>(bytes.get());
      bytes.seekp(at);
      bytes.put(static_cast<char>(byte ^ static_cast<char>(1 << dice() % 8)));
    }
    Open(folder_);
    std::map<std::pair<std::string, int64_t>, int> found;
    const Status status =
        index_->Find(views, [&](const std::string& file, int64_t row) { ++found[{file, row}]; });
    if (!status.ok() || index_->snapshot_id() != 2) {
      ++said;
      Open(folder_);
      EXPECT_EQ(index_->snapshot_id(), std::nullopt);
      continue;
    }
    EXPECT_EQ(found.size(), keys.size() - 1);
    for (size_t i = 0; i < keys.size(); ++i) {
      const Place place = i == 5 ? Place("two", 1) : Place("one", static_cast<int64_t>(i));
      EXPECT_EQ(found[place], i == 1000 ? 0 : 1) << keys[i];
    }
  }
  EXPECT_GT(said, 20);
}

// What a batch has room for is applied at once.
TEST_F(KeyIndexPlacesTest, AKillLeavesASmallCommitOrTakesIt) {
  std::vector<std::string> keys;
  for (int i = 0; i < 20'000; ++i) keys.push_back(fmt::format("key-{:06}", i));
  std::map<std::string, std::optional<int64_t>> rows;
  for (const std::string& key : keys) rows[key] = 1;
  Commit("one", rows);
  Open(folder_);
  for (auto& [key, row] : rows) row = 2;
  Commit("two", rows);
  OpenAsAfterKill();
  const Places found = Find(keys);
  EXPECT_EQ(found.size(), keys.size());
  const std::string file = index_->snapshot_id() == 2 ? "two" : "one";
  for (const auto& [key, place] : found) ASSERT_EQ(place.first, file);
}

}  // namespace
}  // namespace weir
