#include "storage/kv/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

namespace weir {
namespace {

using testing::ElementsAre;

class KvEngineTest : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = std::filesystem::temp_directory_path() / fmt::format("weir-kv-engine-{}", getpid());
    std::filesystem::remove_all(dir_);
    Open();
  }
  void TearDown() override {
    engine_.reset();
    std::filesystem::remove_all(dir_);
  }
  void Open() {
    engine_.reset();
    auto opened = KvEngine::Open(dir_ / "db", shared_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    engine_ = std::move(*opened);
  }
  /// A write-back of these rows; an empty value deletes.
  void Ingest(const std::map<std::string, std::string>& rows) {
    HotIndex index(memory_);
    for (const auto& [key, value] : rows) {
      if (value.empty()) {
        index.Delete(key, HotIndex::Hash(key), 0);
      } else {
        std::memcpy(index.Put(key, HotIndex::Hash(key), value.size(), 0), value.data(),
                    value.size());
      }
    }
    index.Commit();
    auto changed = index.StartFlush();
    std::ranges::sort(changed, {}, &HotRow::key);
    const Status written = engine_->Ingest(changed);
    ASSERT_TRUE(written.ok()) << written.error().message;
    index.FinishFlush(true);
  }
  std::vector<std::string> Scan(const KvCursor& made) {
    auto& cursor = const_cast<KvCursor&>(made);
    std::vector<std::string> rows;
    for (cursor.Seek(""); cursor.valid(); cursor.Next()) {
      rows.push_back(std::string(cursor.key()) + "=" + std::string(cursor.value()));
    }
    EXPECT_TRUE(cursor.status().ok());
    return rows;
  }
  std::string Get(const std::string& key) {
    std::string value;
    const auto found = engine_->Get(key, value);
    return !found.ok() ? "error" : *found ? value : "none";
  }

  std::filesystem::path dir_;
  KvEngineShared shared_{8 * MiB};
  HotMemory memory_{64 * MiB};
  std::unique_ptr<KvEngine> engine_;
};

TEST_F(KvEngineTest, LaterWriteBacksReplaceEarlierRows) {
  Ingest({{"a", "1"}, {"b", "1"}, {"c", "1"}});
  Ingest({{"a", "2"}, {"b", ""}, {"d", "1"}});
  EXPECT_EQ(Get("a"), "2");
  EXPECT_EQ(Get("b"), "none");
  EXPECT_THAT(Scan(*engine_->NewCursor()), ElementsAre("a=2", "c=1", "d=1"));
}

TEST_F(KvEngineTest, AWriteBackIsThereAfterReopening) {
  Ingest({{"a", "1"}});
  Ingest({{"a", ""}, {"b", "2"}});
  Open();
  EXPECT_THAT(Scan(*engine_->NewCursor()), ElementsAre("b=2"));
}

TEST_F(KvEngineTest, ACursorKeepsTheStateItWasMadeOver) {
  Ingest({{"a", "1"}, {"b", "1"}});
  const auto cursor = engine_->NewCursor();
  Ingest({{"a", "2"}, {"b", ""}, {"c", "1"}});
  EXPECT_THAT(Scan(*cursor), ElementsAre("a=1", "b=1"));
}

TEST_F(KvEngineTest, ManyOverlappingWriteBacksEqualAMap) {
  std::map<std::string, std::string> expected;
  for (int round = 0; round < 20; ++round) {
    std::map<std::string, std::string> rows;
    for (int i = 0; i < 200; ++i) {
      const std::string key = fmt::format("k{:04}", (i * 37 + round * 11) % 1500);
      rows[key] = (i + round) % 5 == 0 ? "" : fmt::format("v{}.{}", round, i);
    }
    Ingest(rows);
    for (const auto& [key, value] : rows) {
      if (value.empty()) {
        expected.erase(key);
      } else {
        expected[key] = value;
      }
    }
  }
  std::vector<std::string> lines;
  for (const auto& [key, value] : expected) lines.push_back(key + "=" + value);
  EXPECT_EQ(Scan(*engine_->NewCursor()), lines);
}

TEST_F(KvEngineTest, ADamagedFolderIsAnErrorNotACrash) {
  Ingest({{"a", "1"}});
  engine_.reset();
  std::filesystem::remove(dir_ / "db" / "CURRENT");
  std::ofstream(dir_ / "db" / "CURRENT") << "MANIFEST-999999\n";
  EXPECT_EQ(KvEngine::Open(dir_ / "db", shared_).code(), ErrorCode::kKvStorage);
}

}  // namespace
}  // namespace weir
