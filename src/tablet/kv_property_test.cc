// INV-3: the state of a bucket is its changelog applied, whatever happened in between. Random
// batches, reads, write-backs and crashes at every step of a write-back, against a model written
// from the rules alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

#include "tablet/kv_test_bucket.h"

namespace weir {
namespace {

struct World {
  const char* name;
  Properties properties;
  int64_t hot_rows_bytes_max = 512 * MiB;
  bool partial = false;
};

void PrintTo(const World& world, std::ostream* out) { *out << world.name; }

using Table = std::map<int, std::vector<std::string>>;  // id -> (id, name, n) as text

std::string Join(const std::vector<std::string>& fields) {
  return fields[0] + "," + fields[1] + "," + fields[2];
}

/// What the rules say a record does to a table.
class Model {
 public:
  explicit Model(const World& world)
      : first_row_(world.properties.contains("table.merge-engine") &&
                   world.properties.at("table.merge-engine") == "first_row"),
        versioned_(world.properties.contains("table.merge-engine") && !first_row_) {}

  void Upsert(int id, const std::vector<std::string>& row, int target) {
    auto old = rows.find(id);
    if (old == rows.end()) old = rows.emplace(id, std::vector<std::string>()).first;
    std::vector<std::string>& now = old->second;
    if (now.empty()) {
      now = row;
      if (target > 0) now[static_cast<size_t>(3 - target)] = "-";
    } else if (target > 0) {
      now[static_cast<size_t>(target)] = row[static_cast<size_t>(target)];
    } else if (!first_row_ && (!versioned_ || Version(row) >= Version(now))) {
      now = row;
    }
  }
  void Delete(int id, int target) {
    const auto old = rows.find(id);
    if (old == rows.end() || first_row_ || versioned_) return;
    if (target == 0 || old->second[static_cast<size_t>(3 - target)] == "-") {
      rows.erase(old);
    } else {
      old->second[static_cast<size_t>(target)] = "-";
    }
  }

  Table rows;

 private:
  static int64_t Version(const std::vector<std::string>& row) {
    return row[2] == "-" ? std::numeric_limits<int64_t>::min() : ParseNumber(row[2]);
  }

  const bool first_row_;
  const bool versioned_;
};

class History {
 public:
  History(const World& world, uint32_t seed)
      : world_(world),
        random_(seed),
        model_(world),
        bucket_(world.properties, {}, {.hot_rows_bytes_max = world.hot_rows_bytes_max}) {}

  void Steps(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFatalFailure(); ++i) {
      const uint32_t what = random_() % 100;
      if (what < 70) {
        Put();
      } else if (what < 76) {
        ASSERT_TRUE(bucket_.WriteBack().ok());
      } else if (what < 82) {
        StartedWriteBack();
      } else if (what < 86) {
        CrashBeforeTheCheckpoint();
      } else if (what < 92) {
        bucket_.Restart();
      } else {
        Check();
      }
    }
    Check();
    bucket_.Restart();
    Check();
  }

 private:
  void Put() {
    const int target = world_.partial ? static_cast<int>(random_() % 3) : 0;
    const std::vector<int32_t> targets = {0, target};
    for (uint32_t i = random_() % 12; i-- > 0;) {
      const int id = static_cast<int>(random_() % 400);
      if (random_() % 4 == 0) {
        bucket_.Del(std::to_string(id));
        model_.Delete(id, target);
      } else {
        const std::vector<std::string> row = {
            std::to_string(id),
            random_() % 8 == 0 ? "-"
                               : std::string(random_() % 600, static_cast<char>('a' + id % 26)),
            random_() % 8 == 0 ? "-" : std::to_string(random_() % 50)};
        bucket_.Up(Join(row));
        model_.Upsert(id, row, target);
      }
    }
    const std::string batch = bucket_.Batch();
    const PutOptions options = target == 0 ? PutOptions() : PutOptions{.target_columns = targets};
    auto put = bucket_.kv().Put(batch, options);
    if (put.code() == ErrorCode::kStorageBackpressure) {
      ASSERT_TRUE(bucket_.WriteBack().ok());
      bucket_.kv().Tick(bucket_.clock().NowMs());
      put = bucket_.kv().Put(batch, options);
    }
    ASSERT_TRUE(put.ok()) << put.error().message;
    ASSERT_EQ(put->end_offset, bucket_.log().end_offset());
  }

  // Writes go on, or the process dies, at any step of a write-back.
  void StartedWriteBack() {
    bucket_.kv().StartWriteBack({});
    if (random_() % 2 == 0) Put();
    if (random_() % 4 == 0) return;
    bucket_.RunBackground();
    if (random_() % 2 == 0) Put();
    if (random_() % 3 == 0) return bucket_.Restart();
    bucket_.RunHome();
  }

  // The folder has a round that the checkpoint does not know of.
  void CrashBeforeTheCheckpoint() {
    const auto checkpoint = bucket_.kv_dir() / "CHECKPOINT";
    const auto saved = bucket_.kv_dir() / "CHECKPOINT.saved";
    if (!std::filesystem::exists(checkpoint)) return;
    std::filesystem::copy_file(checkpoint, saved,
                               std::filesystem::copy_options::overwrite_existing);
    Put();
    ASSERT_TRUE(bucket_.WriteBack().ok());
    if (random_() % 2 == 0) Put();
    bucket_.Crash();
    std::filesystem::rename(saved, checkpoint);
    bucket_.Open();
  }

  void Check() {
    std::vector<std::string> expected;
    for (const auto& [id, row] : model_.rows) expected.push_back(Join(row));
    std::ranges::sort(expected);
    const auto sorted = [](std::vector<std::string> rows) {
      std::ranges::sort(rows);
      return rows;
    };
    for (int i = 0; i < 30; ++i) {
      const int id = static_cast<int>(random_() % 400);
      const auto row = model_.rows.find(id);
      ASSERT_EQ(bucket_.Get(std::to_string(id)),
                row == model_.rows.end() ? "none" : Join(row->second));
    }
    ASSERT_EQ(sorted(bucket_.LimitScan(10'000)), expected);
    ASSERT_EQ(sorted(Scan()), expected);
    ASSERT_EQ(sorted(AppliedChangelog()), expected);
    const auto count = bucket_.kv().RowCount();
    if (count.ok()) {
      ASSERT_EQ(*count, static_cast<int64_t>(expected.size()));
    }
  }

  std::vector<std::string> Scan() {
    std::vector<std::string> rows;
    auto page = bucket_.kv().OpenScan({.bytes_max = 2000});
    for (int32_t sequence = 1;; ++sequence) {
      for (auto& row : bucket_.BatchText(page->records)) rows.push_back(std::move(row));
      if (!page->has_more) return rows;
      page = bucket_.kv().ContinueScan(page->scanner_id, sequence, 2000);
    }
  }

  // The changelog as a reader applies it; with the full image it must also be consistent in itself.
  std::vector<std::string> AppliedChangelog() {
    std::map<std::string, std::string> rows;
    const bool full = !world_.properties.contains("table.changelog.image");
    for (const std::string& line : bucket_.Changelog()) {
      const std::string what = line.substr(0, 2);
      const std::string row = line.substr(3);
      const std::string id = row.substr(0, row.find(','));
      if (what == "-D" || what == "-U") {
        EXPECT_EQ(rows[id], row) << line;
        rows.erase(id);
      } else {
        if (full) {
          EXPECT_FALSE(rows.contains(id)) << line;
        }
        rows[id] = row;
      }
    }
    std::vector<std::string> lines;
    for (auto& [id, row] : rows) lines.push_back(row);
    return lines;
  }

  const World world_;
  std::mt19937 random_;
  Model model_;
  KvTestBucket bucket_;
};

class KvHistory : public testing::TestWithParam<std::tuple<World, uint32_t>> {};

TEST_P(KvHistory, IsTheLogApplied) {
  History(std::get<0>(GetParam()), std::get<1>(GetParam())).Steps(150);
}

constexpr int64_t kTinyMemory = 96 * KiB;

INSTANTIATE_TEST_SUITE_P(
    Worlds, KvHistory,
    testing::Combine(
        testing::Values(World{"Default", {}}, World{"DefaultTinyMemory", {}, kTinyMemory},
                        World{"Wal", {{"table.changelog.image", "wal"}}},
                        World{"WalTinyMemory", {{"table.changelog.image", "wal"}}, kTinyMemory},
                        World{"FirstRow", {{"table.merge-engine", "first_row"}}, kTinyMemory},
                        World{"FirstRowWal",
                              {{"table.merge-engine", "first_row"},
                               {"table.changelog.image", "wal"}}},
                        World{"Versioned",
                              {{"table.merge-engine", "versioned"},
                               {"table.merge-engine.versioned.ver-column", "n"}},
                              kTinyMemory},
                        World{"VersionedWal",
                              {{"table.merge-engine", "versioned"},
                               {"table.merge-engine.versioned.ver-column", "n"},
                               {"table.changelog.image", "wal"}}},
                        World{"Partial", {}, kTinyMemory, true},
                        World{"PartialWal", {{"table.changelog.image", "wal"}}, kTinyMemory, true},
                        World{"Indexed",
                              {{"table.kv.format", "INDEXED"}, {"table.log.format", "INDEXED"}},
                              kTinyMemory,
                              true},
                        World{"CompactedLog", {{"table.log.format", "COMPACTED"}}}),
        testing::Range(1u, 4u)),
    [](const auto& info) {
      return std::string(std::get<0>(info.param).name) + std::to_string(std::get<1>(info.param));
    });

}  // namespace
}  // namespace weir
