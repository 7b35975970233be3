#include "lake/row_positions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <set>

#include "base/matchers.h"
#include "lake/bound_text.h"
#include "lake/deletion_vector.h"
#include "lake/file_io.h"
#include "lake/peer_for_test.h"
#include "lake/puffin.h"

namespace weir::iceberg {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Arrays, bit sets, long runs, far keys.
RowPositions Mixed() {
  RowPositions rows;
  for (const int64_t position : {0, 1, 5, 70'000, 65'536}) rows.Add(position);
  rows.AddRange(200'000, 210'000);
  for (int64_t i = 0; i < 100'000; i += 2) rows.Add(1'000'000 + i);
  rows.Add((int64_t{1} << 32) + 7);
  rows.Add((int64_t{3} << 32) + 65'535);
  return rows;
}

TEST(RowPositions, AgreesWithASortedSet) {
  std::mt19937_64 random(7);
  RowPositions rows;
  std::set<int64_t> expected;
  for (int i = 0; i < 20'000; ++i) {
    const auto position = static_cast<int64_t>(random() % 150'000);
    rows.Add(position);
    expected.insert(position);
  }
  EXPECT_EQ(rows.size(), static_cast<int64_t>(expected.size()));
  EXPECT_EQ(rows.ToVector(), std::vector<int64_t>(expected.begin(), expected.end()));
  for (int64_t position = 0; position < 150'000; position += 17) {
    EXPECT_EQ(rows.Contains(position), expected.contains(position));
    const auto next = expected.lower_bound(position);
    EXPECT_EQ(rows.ContainsAny(position, position + 3),
              next != expected.end() && *next < position + 3);
  }
  // Sparse chunks, which are arrays, as well.
  for (int i = 0; i < 500; ++i) {
    const auto position = static_cast<int64_t>(200'000 + random() % 300'000);
    rows.Add(position);
    expected.insert(position);
  }
  int64_t below = 0;
  int64_t counted = 0;
  for (const int64_t position : expected) {
    ASSERT_EQ(rows.CountBelow(position), below++);
    ASSERT_EQ(rows.CountBelow(position + 1), below);
    counted = position;
  }
  EXPECT_EQ(rows.CountBelow(0), 0);
  EXPECT_EQ(rows.CountBelow(counted + 1'000'000), rows.size());
  RowPositions some;
  for (const int64_t position : {*expected.begin(), counted}) some.Add(position);
  EXPECT_TRUE(rows.ContainsAll(some));
  some.Add(counted + 1);
  EXPECT_FALSE(rows.ContainsAll(some));
}

TEST(RowPositions, ComesBackFromItsStoredForm) {
  EXPECT_EQ(RowPositions::Deserialize(Mixed().Serialize()).value(), Mixed());
  EXPECT_EQ(RowPositions::Deserialize(RowPositions().Serialize()).value(), RowPositions());
}

TEST(RowPositions, EveryCutIsAnErrorAndEveryFlippedBitLeavesASetThatHoldsTogether) {
  const std::string good = Mixed().Serialize();
  for (size_t bytes = 0; bytes < good.size(); bytes += 13) {
    EXPECT_FALSE(RowPositions::Deserialize(good.substr(0, bytes)).ok());
  }
  EXPECT_THAT(RowPositions::Deserialize(good + "x"), IsError(ErrorCode::kCorruptRecord));
  for (size_t at = 0; at < good.size(); at += 7) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    const auto rows = RowPositions::Deserialize(bad);
    if (rows.ok()) {
      EXPECT_EQ(rows->size(), static_cast<int64_t>(rows->ToVector().size()));
    }
  }
}

/// Bitmaps of `runs` containers each in which all 65,536 positions are taken: 13 bytes for 65,536 positions.
std::string FullRuns(uint32_t bitmaps, uint32_t runs) {
  const auto put = [](auto value, std::string& out) {
    out.append(reinterpret_cast<const char*>(&value), sizeof(value));
  };
  std::string bytes;
  put(uint64_t{bitmaps}, bytes);
  for (uint32_t high = 0; high < bitmaps; ++high) {
    put(high, bytes);
    put(uint32_t{(runs - 1) << 16 | 12347}, bytes);
    bytes.append((runs + 7) / 8, '\xFF');
    for (uint32_t key = 0; key < runs; ++key) {
      put(static_cast<uint16_t>(key), bytes);
      put(uint16_t{0xFFFF}, bytes);
    }
    bytes.append(4 * size_t{runs}, '\0');
    for (uint32_t i = 0; i < runs; ++i) {
      put(uint16_t{1}, bytes);
      put(uint16_t{0}, bytes);
      put(uint16_t{0xFFFF}, bytes);
    }
  }
  return bytes;
}

TEST(RowPositions, AFewBytesCannotUnfoldWithoutLimit) {
  // 400 KiB that would be 320 MiB.
  EXPECT_THAT(RowPositions::Deserialize(FullRuns(40, 1024)), IsError(ErrorCode::kRecordTooLarge));
}

TEST(RowPositions, SetsAreUnitedInTheMemoryTheyTake) {
  // As one number each, these 1.97 billion positions would be 15.7 GB.
  const auto many = RowPositions::Deserialize(FullRuns(1, 30'000));
  ASSERT_THAT(many, IsOk());
  RowPositions all = Mixed();
  all.AddAll(*many);
  EXPECT_EQ(all.size(), int64_t{30'000} * 65'536 + 2);
  EXPECT_LT(all.memory_bytes(), 256 * MiB);
  all.AddAll(*many);
  EXPECT_EQ(all.size(), int64_t{30'000} * 65'536 + 2);
}

TEST(RowPositions, AUnionHasThePositionsOfBoth) {
  std::mt19937_64 random(11);
  for (const int count : {1, 10, 3'000, 40'000}) {
    for (const int others : {1, 10, 3'000, 40'000}) {
      std::set<int64_t> expected;
      const auto some = [&](int of, int64_t below) {
        RowPositions rows;
        for (int i = 0; i < of; ++i) {
          const auto position = static_cast<int64_t>(random()) & (below - 1);
          rows.Add(position);
          expected.insert(position);
        }
        return rows;
      };
      RowPositions rows = some(count, 1 << 18);
      rows.AddAll(some(others, 1 << 20));
      const std::vector<int64_t> positions(expected.begin(), expected.end());
      EXPECT_EQ(rows.ToVector(), positions);
      RowPositions same;
      for (const int64_t position : positions) same.Add(position);
      EXPECT_EQ(rows, same);
    }
  }
}

class DeletionVectorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        testing::TempDir() + "dv_" + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  MetricRegistry registry_;
  FileIo io_{FileIoOptions{}, registry_};
  std::string folder_;
};

TEST_F(DeletionVectorTest, VectorsOfSeveralFilesShareAPuffinFile) {
  RowPositions few;
  few.Add(3);
  const auto files = WriteDeletionVectors(io_, folder_ + "/dv.puffin",
                                          {{"a.parquet", Mixed()}, {"b.parquet", few}})
                         .value();
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(ReadDeletionVector(io_, files[0]).value(), Mixed());
  EXPECT_EQ(ReadDeletionVector(io_, files[1]).value(), few);
  EXPECT_EQ(files[1].referenced_data_file, "b.parquet");
  EXPECT_EQ(files[1].record_count, 1);

  const auto footer = ReadPuffinFooter(io_, folder_ + "/dv.puffin").value();
  ASSERT_EQ(footer.blobs.size(), 2u);
  EXPECT_EQ(footer.blobs[1].type, "deletion-vector-v1");
  EXPECT_EQ(footer.blobs[1].offset, files[1].content_offset);
  EXPECT_EQ(footer.blobs[1].properties.at("cardinality"), "1");
}

TEST_F(DeletionVectorTest, PyIcebergReadsTheVectors) {
  if (!HasPeer()) GTEST_SKIP();
  RowPositions few;
  few.Add(3);
  few.Add(70'001);
  ASSERT_THAT(WriteDeletionVectors(io_, folder_ + "/dv.puffin",
                                   {{"a.parquet", Mixed()}, {"b.parquet", few}}),
              IsOk());
  EXPECT_EQ(
      RunPeer(R"(
import sys
from pyiceberg.table.puffin import PuffinFile
file = PuffinFile(open(sys.argv[1] + "/dv.puffin", "rb").read())
vectors = {k: v.to_pylist() for k, v in file.to_vector().items()}
a = vectors["a.parquet"]
print(vectors["b.parquet"], len(a), a[:5], a[-2:], sum(a))
)",
              folder_),
      "[3, 70001] 60007 [0, 1, 5, 65536, 70000] [4294967303, 12884967423] " + std::to_string([] {
        int64_t sum = 0;
        for (const int64_t position : Mixed().ToVector()) sum += position;
        return sum;
      }()));
}

TEST_F(DeletionVectorTest, BitmapsOfTheRoaringLibraryAreReadWithTheirRuns) {
  if (!HasPeer()) GTEST_SKIP();
  ASSERT_EQ(RunPeer(R"(
import sys
from pyroaring import BitMap64
rows = BitMap64([0, 1, 5, 70000, 65536, (1 << 32) + 7, (3 << 32) + 65535])
rows.add_range(200000, 210000)
for i in range(0, 100000, 2): rows.add(1000000 + i)
rows.run_optimize()
open(sys.argv[1] + "/runs", "wb").write(rows.serialize())
)",
                    folder_),
            "");
  const std::string runs = io_.ReadAll(folder_ + "/runs").value();
  ASSERT_LT(runs.size(), Mixed().Serialize().size());
  EXPECT_EQ(RowPositions::Deserialize(runs).value(), Mixed());
}

TEST_F(DeletionVectorTest, DamageIsAnErrorThatNamesTheFile) {
  RowPositions few;
  few.Add(3);
  const std::string path = folder_ + "/dv.puffin";
  DataFile file = WriteDeletionVectors(io_, path, {{"a.parquet", few}}).value()[0];
  const std::string good = io_.ReadAll(path).value();
  for (int64_t at = *file.content_offset; at < *file.content_offset + *file.content_size_bytes;
       ++at) {
    ASSERT_THAT(io_.Delete(path), IsOk());
    std::string bad = good;
    bad[static_cast<size_t>(at)] ^= 1;
    ASSERT_THAT(io_.WriteNew(path, bad), IsOk());
    const auto rows = ReadDeletionVector(io_, file);
    ASSERT_THAT(rows, IsError(ErrorCode::kCorruptRecord));
    EXPECT_THAT(rows.error().message, HasSubstr(path));
  }
  file.record_count = 2;
  ASSERT_THAT(io_.Delete(path), IsOk());
  ASSERT_THAT(io_.WriteNew(path, good), IsOk());
  EXPECT_THAT(ReadDeletionVector(io_, file), IsError(ErrorCode::kCorruptRecord));
  file.content_offset = int64_t{1} << 40;
  EXPECT_FALSE(ReadDeletionVector(io_, file).ok());
}

TEST(Puffin, DamagedFootersAreRefused) {
  EXPECT_THAT(ParsePuffinFooter("", 0), IsError(ErrorCode::kCorruptRecord));
  EXPECT_THAT(ParsePuffinFooter("PFA1PFA1", 8), IsError(ErrorCode::kCorruptRecord));
  const auto footer = [](std::string payload) {
    const auto size = static_cast<char>(payload.size());
    return "PFA1PFA1" + payload + std::string{size, 0, 0, 0, 0, 0, 0, 0} + "PFA1";
  };
  EXPECT_THAT(ParsePuffinFooter(footer("{\"blobs\":[]}"), 32), IsOk());
  EXPECT_THAT(ParsePuffinFooter(footer("{\"blobs\":{}}"), 32), IsError(ErrorCode::kCorruptRecord));
  const std::string outside =
      R"({"blobs":[{"type":"t","fields":[],"snapshot-id":1,"sequence-number":1,"offset":4,"length":1}]})";
  EXPECT_THAT(ParsePuffinFooter(footer(outside), static_cast<int64_t>(footer(outside).size())),
              IsError(ErrorCode::kCorruptRecord));
}

TEST(BoundText, IsCutByCodePointsAndRoundedUpBelowTheSurrogates) {
  EXPECT_EQ(TruncateText("grüße", 3), "grü");
  EXPECT_EQ(TruncateTextUp("grüße", 3), "grý");
  EXPECT_EQ(TruncateTextUp("abc", 3), "abc");
  EXPECT_EQ(TruncateTextUp("\xED\x9F\xBFx", 1), "\xEE\x80\x80");  // U+D7FF -> U+E000
  EXPECT_EQ(TruncateTextUp("a\xF4\x8F\xBF\xBFx", 2), "b");        // U+10FFFF has no next
  EXPECT_EQ(TruncateTextUp("\xF4\x8F\xBF\xBFx", 1), std::nullopt);
  EXPECT_EQ(TruncateTextUp("\x7Fx", 1), "\xC2\x80");
  EXPECT_EQ(TruncateBinaryUp("a\xFFx", 2), "b");
  EXPECT_EQ(TruncateBinaryUp("\xFF\xFFx", 2), std::nullopt);
}

}  // namespace
}  // namespace weir::iceberg
