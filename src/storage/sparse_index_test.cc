#include "storage/sparse_index.h"

#include <gtest/gtest.h>

#include "io/faulty_file_system.h"

namespace weir {
namespace {

TEST(SparseIndex, EntriesAreBigEndianAsInJava) {
  FaultyFileSystem files;
  OffsetIndex index;
  index.Append({.relative_offset = 0x01020304, .position = 0x0a0b0c0d});
  ASSERT_TRUE(index.Save(files, "/00.index").ok());
  EXPECT_EQ(*ReadFile(files, "/00.index"), std::string("\x01\x02\x03\x04\x0a\x0b\x0c\x0d"));
  TimeIndex times;
  times.Append({.timestamp = 0x0102030405060708, .relative_offset = 9});
  ASSERT_TRUE(times.Save(files, "/00.timeindex").ok());
  EXPECT_EQ(*ReadFile(files, "/00.timeindex"), std::string("\1\2\3\4\5\6\7\x8\0\0\0\x9", 12));
}

TEST(SparseIndex, SavesOnlyWhatIsNew) {
  FaultyFileSystem files;
  OffsetIndex index;
  index.Append({1, 10});
  ASSERT_TRUE(index.Save(files, "/i").ok());
  files.Damage("/i", 0, "X");  // would be overwritten by a full save
  index.Append({2, 20});
  ASSERT_TRUE(index.Save(files, "/i").ok());
  const auto bytes = *ReadFile(files, "/i");
  EXPECT_EQ(bytes.size(), 16u);
  EXPECT_EQ(bytes[0], 'X');
}

TEST(SparseIndex, LoadsUpToTheFirstEntryThatDoesNotFollow) {
  FaultyFileSystem files;
  OffsetIndex index;
  for (int i = 1; i <= 5; ++i) index.Append({i, i * 10});
  ASSERT_TRUE(index.Save(files, "/i").ok());
  files.Damage("/i", 3 * 8, std::string(8, '\0'));  // zeroes a crash left
  OffsetIndex loaded;
  ASSERT_TRUE(loaded.Load(files, "/i").ok());
  EXPECT_EQ(loaded.entries().size(), 3u);
  loaded.Append({6, 60});
  ASSERT_TRUE(loaded.Save(files, "/i").ok());  // rewrites the file
  OffsetIndex again;
  ASSERT_TRUE(again.Load(files, "/i").ok());
  EXPECT_EQ(again.entries(), loaded.entries());
}

TEST(SparseIndex, FindsTheLastEntryAtOrBelow) {
  OffsetIndex index;
  for (int i = 1; i <= 3; ++i) index.Append({i * 10, i});
  const auto last = [&](int32_t offset) {
    const OffsetEntry* entry =
        index.Last([&](const OffsetEntry& e) { return e.relative_offset <= offset; });
    return entry == nullptr ? -1 : entry->position;
  };
  EXPECT_EQ(last(9), -1);
  EXPECT_EQ(last(10), 1);
  EXPECT_EQ(last(29), 2);
  EXPECT_EQ(last(1000), 3);
}

TEST(SparseIndex, AMissingFileIsAnEmptyIndex) {
  FaultyFileSystem files;
  TimeIndex index;
  EXPECT_TRUE(index.Load(files, "/none").ok());
  EXPECT_TRUE(index.entries().empty());
}

}  // namespace
}  // namespace weir
