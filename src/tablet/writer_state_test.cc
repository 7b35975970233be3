#include "tablet/writer_state.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr int64_t kWeekMs = 7LL * 24 * 3600 * 1000;

class WriterStateTest : public ::testing::Test {
 protected:
  // Accept one batch of one row, at the offset of its sequence.
  void Add(int64_t writer, int32_t sequence, int64_t timestamp = 0) {
    state_.Add(writer, {sequence, sequence, sequence, timestamp});
  }
  ErrorCode CodeOf(int64_t writer, int32_t sequence) const {
    return state_.Check(writer, sequence).code();
  }
  bool IsNew(int64_t writer, int32_t sequence) const {
    const auto checked = state_.Check(writer, sequence);
    return checked.ok() && !checked->has_value();
  }

  WriterState state_{kWeekMs};
};

TEST_F(WriterStateTest, AWriterStartsAtZeroAndCountsByOne) {
  EXPECT_EQ(CodeOf(1, 1), ErrorCode::kOutOfOrderSequence);
  EXPECT_TRUE(IsNew(1, 0));
  Add(1, 0);
  EXPECT_TRUE(IsNew(1, 1));
  EXPECT_EQ(CodeOf(1, 2), ErrorCode::kOutOfOrderSequence);
  EXPECT_TRUE(IsNew(2, 0)) << "writers are independent";
}

TEST_F(WriterStateTest, TheLastFiveAreDuplicatesWithTheirOffsets) {
  for (int i = 0; i < 8; ++i) Add(1, i);
  for (int i = 3; i < 8; ++i) EXPECT_EQ((*state_.Check(1, i))->base_offset, i);
  EXPECT_EQ(CodeOf(1, 2), ErrorCode::kOutOfOrderSequence);
}

TEST_F(WriterStateTest, SequencesStartAgainAfterTheLargest) {
  Add(1, INT32_MAX);
  EXPECT_TRUE(IsNew(1, 0));
  EXPECT_EQ(CodeOf(1, 1), ErrorCode::kOutOfOrderSequence);
}

TEST_F(WriterStateTest, AfterExpiryAnUnknownWriterMayGoOn) {
  Add(1, 0, 0);
  Add(2, 0, kWeekMs);
  state_.Expire(kWeekMs + 1);
  EXPECT_EQ(state_.size(), 1u);
  EXPECT_TRUE(IsNew(1, 1)) << "what was accepted once is not rejected later";
  EXPECT_EQ(CodeOf(2, 5), ErrorCode::kOutOfOrderSequence);
}

TEST_F(WriterStateTest, ASnapshotBringsEverythingBack) {
  for (int i = 0; i < 7; ++i) Add(1, i, 100 + i);
  Add(900'000'000'000, INT32_MAX, 5);
  const std::string snapshot = state_.Encode(42);
  WriterState other(kWeekMs);
  const auto end = other.Decode(snapshot);
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(*end, 42);
  EXPECT_EQ((*other.Check(1, 2))->timestamp, 102);
  EXPECT_FALSE((*other.Check(900'000'000'000, 0)).has_value());
  EXPECT_EQ(other.Check(3, 1).code(), ErrorCode::kOutOfOrderSequence);
}

TEST_F(WriterStateTest, EveryFlippedByteOfASnapshotIsNoticed) {
  Add(1, 0, 100);
  const std::string good = state_.Encode(42);
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    WriterState other(kWeekMs);
    EXPECT_EQ(other.Decode(bad).code(), ErrorCode::kCorruptMessage) << at;
    EXPECT_EQ(other.size(), 0u);
  }
  EXPECT_FALSE(WriterState(kWeekMs).Decode("").ok());
}

}  // namespace
}  // namespace weir
