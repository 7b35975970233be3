#include "storage/kv/hot_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>

namespace weir {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class HotIndexTest : public testing::Test {
 protected:
  void Put(const std::string& key, const std::string& value, Offset offset = 0) {
    std::memcpy(index_.Put(key, HotIndex::Hash(key), value.size(), offset), value.data(),
                value.size());
  }
  void Delete(const std::string& key, Offset offset = 0) {
    index_.Delete(key, HotIndex::Hash(key), offset);
  }
  std::string Get(const std::string& key) {
    const HotRow* row = index_.Find(key);
    return row == nullptr ? "unknown" : row->deleted() ? "deleted" : std::string(row->value());
  }
  static std::vector<std::string> Keys(const std::vector<const HotRow*>& rows) {
    std::vector<std::string> keys;
    for (const HotRow* row : rows) keys.emplace_back(row->key());
    return keys;
  }
  std::vector<std::string> Ordered(const std::string& from) {
    std::vector<std::string> keys;
    for (HotIndex::OrderedCursor at(index_, from); at.row() != nullptr; at.Next()) {
      keys.push_back(std::string(at.row()->key()) + "=" +
                     (at.row()->deleted() ? "-" : std::string(at.row()->value())));
    }
    return keys;
  }

  HotMemory memory_{64 * MiB};
  HotIndex index_{memory_, HotIndex::Order::kByKey};
};

TEST_F(HotIndexTest, KnowsWhatWasPutAndDeleted) {
  Put("a", "1", 7);
  Delete("b", 8);
  EXPECT_EQ(Get("a"), "1");
  EXPECT_EQ(Get("b"), "deleted");
  EXPECT_EQ(Get("c"), "unknown");
  EXPECT_EQ(index_.Find("a")->offset, 7);
  EXPECT_EQ(index_.Find("b")->offset, 8);
}

TEST_F(HotIndexTest, RollbackUndoesEveryChangeSinceTheLastCommit) {
  Put("a", "1");
  Put("b", "1");
  index_.Commit();
  Put("a", "2");
  Put("a", "3");
  Delete("b");
  Put("c", "1");
  index_.Rollback();
  EXPECT_EQ(Get("a"), "1");
  EXPECT_EQ(Get("b"), "1");
  EXPECT_EQ(Get("c"), "unknown");
  EXPECT_EQ(index_.changed_rows(), 2);
  EXPECT_THAT(Ordered(""), ElementsAre("a=1", "b=1"));
}

TEST_F(HotIndexTest, RowsFoundBeforeAChangeStayReadableUntilItIsFinal) {
  Put("a", "old");
  index_.Commit();
  const HotRow* before = index_.Find("a");
  Put("a", "new");
  EXPECT_EQ(before->value(), "old");
}

TEST_F(HotIndexTest, AFlushHandsOutEachChangedRowOnce) {
  Put("a", "1");
  Put("b", "1");
  index_.Commit();
  EXPECT_THAT(Keys(index_.StartFlush()), UnorderedElementsAre("a", "b"));
  Put("a", "2");
  index_.Commit();
  index_.FinishFlush(true);
  EXPECT_EQ(index_.changed_rows(), 1);
  EXPECT_THAT(Keys(index_.StartFlush()), ElementsAre("a"));
  index_.FinishFlush(true);
  EXPECT_THAT(Keys(index_.StartFlush()), IsEmpty());
  index_.FinishFlush(true);
  EXPECT_EQ(Get("a"), "2");
  EXPECT_EQ(Get("b"), "1");
}

TEST_F(HotIndexTest, FlushedRowsStayReadableWhileTheyAreOverwritten) {
  Put("a", "1");
  index_.Commit();
  const auto rows = index_.StartFlush();
  for (int i = 0; i < 100; ++i) {
    Put("a", "x");
    index_.Commit();
  }
  EXPECT_EQ(rows[0]->value(), "1");
  EXPECT_GT(index_.pinned_bytes(), 0);
  index_.FinishFlush(true);
  EXPECT_EQ(index_.pinned_bytes(), 0);
}

TEST_F(HotIndexTest, AFailedFlushLeavesItsRowsChanged) {
  Put("a", "1");
  Put("b", "1");
  index_.Commit();
  index_.StartFlush();
  Put("a", "2");
  index_.Commit();
  index_.FinishFlush(false);
  EXPECT_EQ(index_.changed_rows(), 2);
  EXPECT_THAT(Ordered(""), ElementsAre("a=2", "b=1"));
  EXPECT_THAT(Keys(index_.StartFlush()), UnorderedElementsAre("a", "b"));
  index_.FinishFlush(true);
}

TEST_F(HotIndexTest, DeletedRowsAreForgottenOnceWritten) {
  Put("a", "1");
  Delete("a");
  index_.Commit();
  index_.StartFlush();
  EXPECT_EQ(Get("a"), "deleted");
  index_.FinishFlush(true);
  EXPECT_EQ(Get("a"), "unknown");
  EXPECT_TRUE(index_.complete());
}

TEST_F(HotIndexTest, OnlyWrittenRowsAreEvicted) {
  Put("a", "1");
  index_.Commit();
  EXPECT_EQ(index_.Evict(1 * MiB), 0);
  index_.StartFlush();
  EXPECT_EQ(index_.Evict(1 * MiB), 0);
  index_.FinishFlush(true);
  EXPECT_TRUE(index_.complete());
  EXPECT_GT(index_.Evict(1 * MiB), 0);
  EXPECT_EQ(Get("a"), "unknown");
  EXPECT_FALSE(index_.complete());
}

TEST_F(HotIndexTest, OrderedCursorPrefersTheNewerOfTwoVersions) {
  Put("b", "1");
  Put("d", "1");
  index_.Commit();
  index_.StartFlush();
  Put("c", "1");
  Put("d", "2");
  Delete("e");
  index_.Commit();
  EXPECT_THAT(Ordered(""), ElementsAre("b=1", "c=1", "d=2", "e=-"));
  EXPECT_THAT(Ordered("c"), ElementsAre("c=1", "d=2", "e=-"));
  index_.FinishFlush(true);
  EXPECT_THAT(Ordered(""), ElementsAre("c=1", "d=2", "e=-"));
}

TEST_F(HotIndexTest, MemoryIsGivenBack) {
  {
    HotIndex index(memory_);
    const std::string large(100'000, 'x');
    std::memcpy(index.Put("k", HotIndex::Hash("k"), large.size(), 0), large.data(), large.size());
    index.Commit();
    EXPECT_EQ(index.Find("k")->value(), large);
    EXPECT_GT(memory_.used(), 100'000);
  }
  EXPECT_EQ(memory_.used(), index_.memory_bytes());
}

TEST_F(HotIndexTest, AnIdleIndexIsSmall) { EXPECT_LE(index_.memory_bytes(), 8 * KiB); }

// Random operations against std::map: what RocksDB holds, what the index must know, and what a pin
// saw.
class HotIndexModel {
 public:
  explicit HotIndexModel(uint32_t seed) : random_(seed) {}

  void Run(int steps) {
    for (int i = 0; i < steps; ++i) Step();
    Check();
  }

 private:
  using Table = std::map<std::string, std::optional<std::string>>;

  void Step() {
    const uint32_t what = random_() % 1000;
    if (what < 900) return Batch();
    if (what < 930 && !index_.flushing()) return StartFlush();
    if (what < 960 && index_.flushing()) return FinishFlush();
    if (what < 980) index_.Evict(static_cast<int64_t>(random_() % 20'000));
    if (what >= 995) Check();
  }

  void Batch() {
    const bool commit = random_() % 8 != 0;
    Table after = newest_;
    for (uint32_t i = random_() % 20; i-- > 0;) {
      const std::string key = "key" + std::to_string(random_() % 5000);
      const uint64_t hash = HotIndex::Hash(key);
      if (random_() % 4 == 0) {
        index_.Delete(key, hash, 0);
        after[key] = std::nullopt;
      } else {
        const std::string value(random_() % 300, static_cast<char>('a' + random_() % 26));
        std::memcpy(index_.Put(key, hash, value.size(), 0), value.data(), value.size());
        after[key] = value;
      }
    }
    if (commit) {
      index_.Commit();
      newest_ = std::move(after);
    } else {
      index_.Rollback();
    }
  }

  void StartFlush() {
    flush_ = index_.StartFlush();
    expected_.clear();
    for (const HotRow* row : flush_) expected_[std::string(row->key())] = ValueOf(*row);
  }

  void FinishFlush() {
    const bool written = random_() % 3 != 0;
    for (const HotRow* row : flush_)
      ASSERT_EQ(expected_.at(std::string(row->key())), ValueOf(*row));
    if (written) {
      for (const auto& [key, value] : expected_) stored_[key] = value;
    }
    index_.FinishFlush(written);
  }

  void Check() {
    for (const auto& [key, value] : newest_) {
      const HotRow* row = index_.Find(key);
      const auto stored = stored_.find(key);
      const auto seen = row != nullptr            ? ValueOf(*row)
                        : stored == stored_.end() ? std::nullopt
                                                  : stored->second;
      ASSERT_EQ(seen, value) << key;
      if (index_.complete() && row == nullptr) {
        ASSERT_EQ(value, std::nullopt) << key;
      }
    }
    Table unwritten;
    for (HotIndex::OrderedCursor at(index_, ""); at.row() != nullptr; at.Next()) {
      unwritten[std::string(at.row()->key())] = ValueOf(*at.row());
    }
    std::vector<const HotRow*> rows;
    index_.CollectUnwritten(rows);
    ASSERT_EQ(rows.size(), unwritten.size());
    for (const HotRow* row : rows) ASSERT_EQ(unwritten.at(std::string(row->key())), ValueOf(*row));
  }

  static std::optional<std::string> ValueOf(const HotRow& row) {
    if (row.deleted()) return std::nullopt;
    return std::string(row.value());
  }

  std::mt19937 random_;
  HotMemory memory_{64 * MiB};
  HotIndex index_{memory_, HotIndex::Order::kByKey};
  Table newest_;    // committed
  Table stored_;    // in RocksDB
  Table expected_;  // the flush under way
  std::vector<const HotRow*> flush_;
};

class HotIndexSeed : public testing::TestWithParam<uint32_t> {};

TEST_P(HotIndexSeed, BehavesLikeAMap) { HotIndexModel(GetParam()).Run(1500); }

INSTANTIATE_TEST_SUITE_P(Seeds, HotIndexSeed, testing::Range(1u, 9u));

}  // namespace
}  // namespace weir
