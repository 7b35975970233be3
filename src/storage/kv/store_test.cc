#include "storage/kv/store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <random>
#include <thread>

#include "io/faulty_file_system.h"
#include "io/file.h"
#include "storage/kv/open_stores.h"

namespace weir {
namespace {

constexpr size_t kStores = 6;
constexpr size_t kOpenMax = 2;

class KvStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = std::filesystem::temp_directory_path() / fmt::format("weir-kv-store-{}", getpid());
    std::filesystem::remove_all(dir_);
    for (size_t i = 0; i < kStores; ++i) {
      stores_.push_back(std::make_unique<KvStore>(dir_ / std::to_string(i), shared_, open_stores_,
                                                  RealFileSystem()));
      WriteBack(i);
    }
  }
  void TearDown() override {
    stores_.clear();
    std::filesystem::remove_all(dir_);
  }
  /// Row "key" of store `i` is the number of the store.
  void WriteBack(size_t i) {
    const std::string value = std::to_string(i);
    HotIndex index(memory_);
    std::memcpy(index.Put("key", HotIndex::Hash("key"), value.size(), 0), value.data(),
                value.size());
    index.Commit();
    auto rows = index.StartFlush();
    ASSERT_TRUE(stores_[i]->WriteBack(rows, {.flushed_offset = 1}).ok());
    index.FinishFlush(true);
  }
  std::string Get(size_t i) {
    const auto engine = stores_[i]->Engine();
    if (!engine.ok()) return engine.error().message;
    std::string value;
    const auto found = (*engine)->Get("key", value);
    return !found.ok() ? found.error().message : *found ? value : "none";
  }

  std::filesystem::path dir_;
  KvEngineShared shared_{8 * MiB};
  KvOpenStores open_stores_{kOpenMax};
  HotMemory memory_{64 * MiB};
  std::vector<std::unique_ptr<KvStore>> stores_;
};

TEST_F(KvStoreTest, TheStoreUsedLongestAgoIsClosedForAnother) {
  EXPECT_EQ(open_stores_.count(), kOpenMax);
  EXPECT_EQ(Get(0), "0");
  EXPECT_EQ(Get(1), "1");
  EXPECT_EQ(Get(0), "0");
  EXPECT_EQ(Get(2), "2");
  EXPECT_TRUE(stores_[0]->open());
  EXPECT_FALSE(stores_[1]->open());
  EXPECT_TRUE(stores_[2]->open());
}

TEST_F(KvStoreTest, AnEngineThatSomebodyHoldsStaysOpen) {
  auto held0 = *stores_[0]->Engine();
  auto held1 = *stores_[1]->Engine();
  EXPECT_EQ(Get(2), "2");
  EXPECT_EQ(Get(3), "3");
  EXPECT_TRUE(stores_[0]->open());
  EXPECT_TRUE(stores_[1]->open());
  EXPECT_EQ(open_stores_.count(), 3u);
  held0.reset();
  held1.reset();
  EXPECT_EQ(Get(4), "4");
  EXPECT_EQ(open_stores_.count(), kOpenMax);
}

TEST_F(KvStoreTest, ClosedAndDestroyedStoresAreForgotten) {
  EXPECT_EQ(Get(0), "0");
  stores_[0]->CloseIfUnused();
  const auto held = *stores_[1]->Engine();
  stores_.clear();
  EXPECT_EQ(open_stores_.count(), 0u);
}

TEST_F(KvStoreTest, ManyThreadsReadWhileStoresOpenAndClose) {
  std::vector<std::thread> readers;
  for (size_t first = 0; first < 4; ++first) {
    readers.emplace_back([this, first] {
      for (size_t n = 0; n < 60; ++n) {
        const size_t i = (first + n * 5) % kStores;
        EXPECT_EQ(Get(i), std::to_string(i));
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(Get(0), "0");
  EXPECT_LE(open_stores_.count(), kOpenMax);
}

TEST(KvStoreFolder, IsThereAfterPowerLossOnceAWriteBackReturned) {
  KvEngineShared shared{8 * MiB};
  KvOpenStores open_stores{kOpenMax};
  for (unsigned seed = 0; seed < 8; ++seed) {
    FaultyFileSystem files;
    ASSERT_TRUE(files.CreateDirectories("/t-1").ok() && files.SyncDirectory("/").ok());
    KvStore store("/t-1/kv-0", shared, open_stores, files);
    std::vector<const HotRow*> none;
    ASSERT_TRUE(store.WriteBack(none, {.flushed_offset = 7}).ok());
    std::mt19937_64 random(seed);
    files.LosePower(random);
    EXPECT_EQ(store.ReadCheckpoint()->flushed_offset, 7) << "seed " << seed;
  }
}

}  // namespace
}  // namespace weir
