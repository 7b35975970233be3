#include "lake/snapshot_fate.h"

#include <gtest/gtest.h>

namespace weir::iceberg {
namespace {

TEST(SnapshotFateTest, ASnapshotIsThereOrReplacedOrOpen) {
  TableMetadata table;
  table.snapshots = {{.snapshot_id = 11, .sequence_number = 1},
                     {.snapshot_id = 12, .sequence_number = 2}};
  EXPECT_EQ(FateOf(table, 12, 2), SnapshotFate::kCommitted);
  // Somebody else has the number: a catalog never takes a second one with it.
  EXPECT_EQ(FateOf(table, 99, 2), SnapshotFate::kNever);
  EXPECT_EQ(FateOf(table, 99, 3), SnapshotFate::kOpen);
}

// iceberg #17304 and the like: a commit whose snapshot is gone may well have been the current one for a while.
TEST(SnapshotFateTest, ASnapshotThatOthersBuiltOnAndLetExpireIsNotCalledRefused) {
  TableMetadata table;
  table.last_sequence_number = 5;
  table.snapshots = {{.snapshot_id = 15, .parent_snapshot_id = 14, .sequence_number = 5}};
  EXPECT_EQ(FateOf(table, 14, 4), SnapshotFate::kOpen);
}

}  // namespace
}  // namespace weir::iceberg
