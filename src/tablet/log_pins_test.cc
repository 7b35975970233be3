#include "tablet/log_pins.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(LogPins, TheLeastOffsetCountsUntilItsReaderIsGone) {
  const TableBucket bucket{.table = TableId(7), .partition = std::nullopt, .bucket = 1};
  const TableBucket other{.table = TableId(7), .partition = std::nullopt, .bucket = 2};
  EXPECT_EQ(PinnedFrom(bucket), INT64_MAX);
  auto first = PinLog(bucket, 10);
  auto again = PinLog(bucket, 10);
  auto later = PinLog(bucket, 20);
  EXPECT_EQ(PinnedFrom(bucket), 10);
  EXPECT_EQ(PinnedFrom(other), INT64_MAX);
  first.reset();
  EXPECT_EQ(PinnedFrom(bucket), 10);
  again.reset();
  EXPECT_EQ(PinnedFrom(bucket), 20);
  later.reset();
  EXPECT_EQ(PinnedFrom(bucket), INT64_MAX);
}

}  // namespace
}  // namespace weir
