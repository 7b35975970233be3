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

TEST_F(CoveredOffsets, OfWhatOthersCommittedAreThoseOfTheSnapshotBelow) {
  Begin();
  AppendMany(0, 0, 10);
  Tier();
  const LakeSnapshot before = *catalog_->lake_snapshots().Latest(table_->id);
  for (int i = 0; i < 2; ++i) Commit({.operation = iceberg::SnapshotOperation::kReplace});
  const auto head = Lake();
  // A round begins from the record, whatever is gone by then.
  for (const bool removed : {false, true}) {
    if (removed)
      ASSERT_THAT(lake_->Commit(
                      {*lake_->FindTieredIdent(table_->id),
                       {},
                       {iceberg::RemoveSnapshots{
                           {before.snapshot_id, *head->current_snapshot()->parent_snapshot_id}}}}),
                  IsOk());
    ASSERT_THAT(FollowLake(Environment(), *table_, *Lake()), IsOk());
    const LakeSnapshot now = *catalog_->lake_snapshots().Latest(table_->id);
    EXPECT_EQ(now.snapshot_id, head->current_snapshot_id);
    EXPECT_EQ(now.tiered, before.tiered);
    EXPECT_EQ(now.readable, before.readable);
    EXPECT_EQ(now.tiered_path, before.tiered_path);
  }
  AppendMany(0, 10, 5);
  Tier();
  EXPECT_EQ(Verified().findings.size(), 0U);
}

TEST_F(CoveredOffsets, OfRowsThatAJobElsewhereBroughtAreNotKnownYet) {
  Begin();
  AppendMany(0, 0, 10);
  Tier();
  const LakeSnapshot before = *catalog_->lake_snapshots().Latest(table_->id);
  Commit({.operation = iceberg::SnapshotOperation::kAppend, .summary = {{kOffsetsKey, "a"}}});
  Commit({.operation = iceberg::SnapshotOperation::kReplace});
  EXPECT_EQ(FollowLake(Environment(), *table_, *Lake()).code(), ErrorCode::kCommitConflict);
  EXPECT_EQ(catalog_->lake_snapshots().Latest(table_->id)->snapshot_id, before.snapshot_id);
}

TEST_F(CoveredOffsets, AreNotKnownWhenSnapshotsInBetweenAreGone) {
  Begin();
  AppendMany(0, 0, 10);
  Tier();
  for (int i = 0; i < 2; ++i) Commit({.operation = iceberg::SnapshotOperation::kReplace});
  iceberg::TableMetadata lake = *Lake();
  std::erase_if(lake.snapshots, [&](const auto& one) {
    return one.snapshot_id == lake.current_snapshot()->parent_snapshot_id;
  });
  EXPECT_EQ(FollowLake(Environment(), *table_, lake).code(), ErrorCode::kCommitConflict);
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
