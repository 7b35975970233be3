#include "lake/metadata_cache.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace weir::iceberg {
namespace {

std::shared_ptr<const TableMetadata> Of(const std::string& uuid) {
  auto metadata = std::make_shared<TableMetadata>();
  metadata->table_uuid = uuid;
  return metadata;
}

TEST(MetadataCache, KeepsTwoVersionsOfATable) {
  MetadataCache cache(1 * MiB);
  cache.Put("other", Of("b"), 100);
  for (int version = 0; version < 5; ++version)
    cache.Put("v" + std::to_string(version), Of("a"), 100);
  EXPECT_EQ(cache.Find("v2"), nullptr);
  EXPECT_NE(cache.Find("v3"), nullptr);
  EXPECT_NE(cache.Find("v4"), nullptr);
  EXPECT_NE(cache.Find("other"), nullptr);
}

TEST(MetadataCache, TheVersionThatIsReadStaysWhenCommitsOfOthersFail) {
  MetadataCache cache(1 * MiB);
  cache.Put("current", Of("a"), 100);
  for (int attempt = 0; attempt < 5; ++attempt) {
    cache.Put("attempt" + std::to_string(attempt), Of("a"), 100);
    EXPECT_NE(cache.Find("current"), nullptr);
  }
}

TEST(MetadataCache, KeepsNoMoreThanItsMemory) {
  MetadataCache cache(3 * 100 * MetadataCache::kMemoryPerJsonByte);
  for (const char* table : {"a", "b", "c"}) cache.Put(table, Of(table), 100);
  EXPECT_NE(cache.Find("a"), nullptr);
  cache.Put("d", Of("d"), 100);
  EXPECT_EQ(cache.Find("b"), nullptr) << "used first";
  EXPECT_NE(cache.Find("a"), nullptr);
  cache.Put("large", Of("e"), 10'000);
  EXPECT_EQ(cache.Find("a"), nullptr);
  EXPECT_NE(cache.Find("large"), nullptr);
}

}  // namespace
}  // namespace weir::iceberg
