#include "tiering/tiering_schedule.h"

#include <gtest/gtest.h>

#include "base/matchers.h"

namespace weir {
namespace {

constexpr TableId kTable{7};
using std::chrono::milliseconds;

class TieringScheduleTest : public testing::Test {
 protected:
  ManualClock clock_;
  TieringSchedule schedule_{{.backoff_min = milliseconds(100), .backoff_max = milliseconds(300)},
                            clock_};
};

TEST_F(TieringScheduleTest, ATableIsDueWhenItsFreshnessSinceTheLastRoundBeganIsOver) {
  schedule_.Set(kTable, milliseconds(1000), std::nullopt);
  EXPECT_FALSE(schedule_.Request().has_value());
  clock_.AdvanceMs(1000);
  const auto first = schedule_.Request();
  ASSERT_TRUE(first.has_value());
  EXPECT_FALSE(schedule_.Request().has_value()) << "handed out once";
  clock_.AdvanceMs(400);
  ASSERT_TRUE(schedule_.Finish(kTable, first->epoch, TieringSchedule::Finished::kDone).ok());
  EXPECT_EQ(schedule_.NextDueMs(), clock_.NowMs() + 600);
}

TEST_F(TieringScheduleTest, WhoComesWithAnOldEpochIsFenced) {
  schedule_.Set(kTable, milliseconds(1), std::nullopt);
  clock_.AdvanceMs(1);
  const auto first = schedule_.Request();
  clock_.AdvanceMs(2 * 60 * 1000);
  const auto second = schedule_.Request();
  ASSERT_TRUE(second.has_value()) << "silent for two minutes";
  EXPECT_EQ(schedule_.Renew(kTable, first->epoch).code(), ErrorCode::kFencedTieringEpoch);
  EXPECT_EQ(schedule_.Finish(kTable, first->epoch, TieringSchedule::Finished::kDone).code(),
            ErrorCode::kFencedTieringEpoch);
  EXPECT_TRUE(schedule_.Renew(kTable, second->epoch).ok());
  EXPECT_EQ(schedule_.Renew(TableId{8}, 1).code(), ErrorCode::kTableNotExist);
}

TEST_F(TieringScheduleTest, FailuresWaitTwiceAsLongEachTimeUpToABound) {
  schedule_.Set(kTable, milliseconds(10), std::nullopt);
  clock_.AdvanceMs(10);
  for (const int64_t wait : {100, 200, 300, 300}) {
    const auto round = schedule_.Request();
    ASSERT_TRUE(round.has_value());
    ASSERT_TRUE(schedule_.Fail(kTable, round->epoch, TieringSchedule::Retry::kLater).ok());
    EXPECT_EQ(schedule_.NextDueMs(), clock_.NowMs() + wait);
    clock_.AdvanceMs(wait);
  }
}

TEST_F(TieringScheduleTest, AForcedFinishIsPendingAtOnce) {
  schedule_.Set(kTable, milliseconds(1), std::nullopt);
  clock_.AdvanceMs(1);
  const auto round = schedule_.Request();
  ASSERT_TRUE(schedule_.Finish(kTable, round->epoch, TieringSchedule::Finished::kForced).ok());
  EXPECT_EQ(schedule_.pending(), 1U);
  EXPECT_EQ(schedule_.Request()->epoch, round->epoch + 1);
}

TEST_F(TieringScheduleTest, APostponedRoundIsNoFailure) {
  schedule_.Set(kTable, milliseconds(1000), std::nullopt);
  schedule_.Hurry(kTable);
  const auto round = schedule_.Request();
  ASSERT_TRUE(schedule_.Postpone(kTable, round->epoch, milliseconds(10)).ok());
  EXPECT_EQ(schedule_.NextDueMs(), clock_.NowMs() + 10);
  EXPECT_EQ(schedule_.Find(kTable)->failures, 0);
  EXPECT_FALSE(schedule_.Request().has_value());
  clock_.AdvanceMs(10);
  EXPECT_EQ(schedule_.Request()->epoch, round->epoch + 1);
}

TEST_F(TieringScheduleTest, ARemovedTableIsNotHandedOut) {
  schedule_.Set(kTable, milliseconds(1), std::nullopt);
  schedule_.Hurry(kTable);
  schedule_.Remove(kTable);
  EXPECT_FALSE(schedule_.Request().has_value());
}

}  // namespace
}  // namespace weir
