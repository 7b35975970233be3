#include "base/refusal_log.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace weir {
namespace {

TEST(RefusalLog, TellsOfTheFirstAtOnceAndOfTheOthersByTheirNumber) {
  ManualClock clock;
  RefusalLog log("test", clock);
  EXPECT_EQ(log.Take(), 0);
  EXPECT_EQ(log.Take(), std::nullopt);
  clock.AdvanceMs(9'999);
  EXPECT_EQ(log.Take(), std::nullopt);
  clock.AdvanceMs(1);
  EXPECT_EQ(log.Take(), 2);
  EXPECT_EQ(log.Take(), std::nullopt);
  clock.AdvanceMs(60'000);
  EXPECT_EQ(log.Take(), 1);
}

}  // namespace
}  // namespace weir
