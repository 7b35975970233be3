#include "tiering/covered_offsets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lake/snapshot_builder.h"
#include "tiering/lake_rounds_for_test.h"

namespace weir {
namespace {

using CoveredOffsets = LakeRoundsTest;

TEST_F(CoveredOffsets, TheTableItselfSaysWhatItCovers) {
  Begin();
  EXPECT_EQ(CoveredBy(*io_, *iceberg::MakeTableMetadata({.location = folder_}, 0), table_->id, {})
                ->has_value(),
            false);
  AppendMany(0, 0, 10);
  AppendMany(1, 10, 3);
  Tier();
  const auto covered = CoveredBy(*io_, *Lake(), table_->id, std::nullopt);
  ASSERT_THAT(covered, IsOk());
  const LakeOffsets wanted = {{Bucket(0), 10}, {Bucket(1), 3}};
  EXPECT_EQ((*covered)->tiered, wanted);
  EXPECT_EQ((*covered)->snapshot_id, Lake()->current_snapshot_id);
}

TEST_F(CoveredOffsets, CommitsOfOthersStandOnIt) {
  Begin();
  AppendMany(0, 0, 10);
  Tier();
  const auto before = catalog_->lake_snapshots().Latest(table_->id);
  Commit({.operation = iceberg::SnapshotOperation::kReplace});
  const auto covered = CoveredBy(*io_, *Lake(), table_->id, std::nullopt);
  ASSERT_THAT(covered, IsOk());
  EXPECT_EQ((*covered)->tiered, before->tiered);
  EXPECT_EQ((*covered)->tiered_path, before->tiered_path);
  EXPECT_NE((*covered)->snapshot_id, before->snapshot_id);
}

TEST_F(CoveredOffsets, WhenThoseThatKnewHaveExpiredOnlyARecordOfOneThatIsLeftHelps) {
  Begin();
  AppendMany(0, 0, 10);
  Tier();
  const auto known = catalog_->lake_snapshots().Latest(table_->id);
  Commit({.operation = iceberg::SnapshotOperation::kReplace});
  iceberg::TableMetadata lake = *Lake();
  std::erase_if(lake.snapshots,
                [&](const auto& one) { return one.snapshot_id == known->snapshot_id; });
  EXPECT_EQ(CoveredBy(*io_, lake, table_->id, std::nullopt).code(), ErrorCode::kStorage);
  const auto covered = CoveredBy(*io_, lake, table_->id, known);
  ASSERT_THAT(covered, IsOk());
  EXPECT_EQ((*covered)->tiered, known->tiered);
}

// The summary is text of whoever commits: no path outside of the table is read.
TEST_F(CoveredOffsets, APathOutsideOfTheTableIsNotRead) {
  Begin();
  AppendMany(0, 0, 10);
  Tier();
  Commit({.operation = iceberg::SnapshotOperation::kReplace,
          .summary = {{kOffsetsKey, "/etc/passwd"}}});
  EXPECT_EQ(CoveredBy(*io_, *Lake(), table_->id, std::nullopt).code(), ErrorCode::kInvalidTable);
}

}  // namespace
}  // namespace weir
