#include "storage/checkpoint.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

Checkpoint Two() {
  Checkpoint checkpoint{.clean = true};
  checkpoint.points[{.table = TableId(1), .bucket = 0}] = {10, {5, 1234}, 99};
  checkpoint.points[{.table = TableId(2), .partition = PartitionId(7), .bucket = 3}] = {
      1LL << 40, {1LL << 39, 77}, 1};
  return checkpoint;
}

TEST(Checkpoint, ComesBackAsItWas) {
  const Checkpoint written = Two();
  const auto read = DecodeCheckpoint(EncodeCheckpoint(written));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->points, written.points);
  EXPECT_TRUE(read->clean);
}

TEST(Checkpoint, EveryFlippedByteIsNoticed) {
  const std::string good = EncodeCheckpoint(Two());
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    EXPECT_EQ(DecodeCheckpoint(bad).code(), ErrorCode::kCorruptMessage) << at;
  }
}

}  // namespace
}  // namespace weir
