#include "meta/lake_snapshots.h"

#include <gtest/gtest.h>

#include "io/faulty_file_system.h"
#include "meta/catalog_records.h"
#include "meta/store.h"

namespace weir {
namespace {

TableBucket BucketOf(TableId table, BucketId bucket, int64_t partition = -1) {
  TableBucket out{.table = table, .bucket = bucket};
  if (partition >= 0) out.partition = PartitionId{partition};
  return out;
}

// Texts of Fluss' own TableBucketOffsetsJsonSerdeTest.
TEST(LakeOffsets, AreWrittenAndReadAsFlussDoes) {
  struct Case {
    const char* text;
    TableId table;
    LakeOffsets offsets;
  };
  const TableId five{5};
  const TableId seven{7};
  const Case cases[] = {
      {R"({"version":1,"table_id":1})", TableId{1}, {}},
      {R"({"version":1,"table_id":5,"bucket_offsets":[100,-1,300,-1,500]})",
       five,
       {{BucketOf(five, 0), 100}, {BucketOf(five, 2), 300}, {BucketOf(five, 4), 500}}},
      {R"({"version":1,"table_id":7,"partition_offsets":[{"partition_id":1,"bucket_offsets":[100,-1,300]},{"partition_id":2,"bucket_offsets":[-1,400,-1,600]}]})",
       seven,
       {{BucketOf(seven, 0, 1), 100},
        {BucketOf(seven, 2, 1), 300},
        {BucketOf(seven, 1, 2), 400},
        {BucketOf(seven, 3, 2), 600}}},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(ToOffsetsJson(c.table, c.offsets), c.text);
    EXPECT_EQ(LakeOffsetsFromJson(c.table, c.text).value(), c.offsets) << c.text;
  }
  EXPECT_FALSE(LakeOffsetsFromJson(five, cases[0].text).ok()) << "of another table";
  for (const char* bad : {"", "[]", R"({"version":2,"table_id":5})",
                          R"({"version":1,"table_id":5,"bucket_offsets":["a"]})"})
    EXPECT_FALSE(LakeOffsetsFromJson(five, bad).ok()) << bad;
}

class LakeSnapshotsTest : public testing::Test {
 protected:
  void Open() {
    store_.reset();
    store_ = std::move(*Store::Open(files_, "/meta"));
    snapshots_ = std::make_unique<LakeSnapshots>(*store_, clock_);
    ASSERT_TRUE(snapshots_->Load().ok());
  }
  void SetUp() override {
    Open();
    Transaction table;
    table.Put(records::TableKey(kTable), "{}");
    ASSERT_TRUE(store_->Commit(table).ok());
  }
  void DropTable() {
    Transaction table;
    table.Delete(records::TableKey(kTable));
    ASSERT_TRUE(store_->Commit(table).ok());
    ASSERT_TRUE(snapshots_->Drop(kTable).ok());
  }
  size_t Commit(int64_t id, LakeSnapshots::Keep keep) {
    LakeSnapshot snapshot{.snapshot_id = id, .tiered = {{BucketOf(kTable, 0), id}}};
    return snapshots_->Commit(kTable, snapshot, keep).value().size();
  }

  static constexpr TableId kTable{3};
  FaultyFileSystem files_;
  ManualClock clock_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<LakeSnapshots> snapshots_;
};

TEST_F(LakeSnapshotsTest, KeepWhatIsAskedFor) {
  using Kind = LakeSnapshots::Keep::Kind;
  EXPECT_FALSE(snapshots_->Latest(kTable).has_value());
  Commit(11, {Kind::kAll});
  Commit(5, {Kind::kAll});
  EXPECT_EQ(Commit(9, {Kind::kAll}), 0U);
  EXPECT_EQ(Commit(2, {Kind::kFrom, 5}), 1U) << "11 is older than 5";
  EXPECT_EQ(Commit(4, {Kind::kFrom, 77}), 0U) << "unknown: keep all";
  EXPECT_EQ(Commit(6, {Kind::kNewest, 3}), 2U);
  EXPECT_EQ(snapshots_->Find(kTable, 2)->tiered.at(BucketOf(kTable, 0)), 2);
  EXPECT_FALSE(snapshots_->Find(kTable, 9).has_value());
  EXPECT_EQ(Commit(8, {Kind::kLatest}), 3U);
  EXPECT_EQ(snapshots_->Latest(kTable)->snapshot_id, 8);
}

TEST_F(LakeSnapshotsTest, GoBackWithATableThatStandsOnAnOlderOneAgain) {
  using Kind = LakeSnapshots::Keep::Kind;
  for (const int64_t id : {3, 7, 5}) Commit(id, {Kind::kNewest, 9});
  EXPECT_EQ(Commit(3, {Kind::kNewest, 9}), 2U);
  for (const bool restarted : {false, true}) {
    if (restarted) Open();
    EXPECT_EQ(snapshots_->Latest(kTable)->snapshot_id, 3);
    EXPECT_EQ(snapshots_->TieredOffset(BucketOf(kTable, 0)), 3);
    EXPECT_FALSE(snapshots_->Find(kTable, 5).has_value());
  }
}

TEST_F(LakeSnapshotsTest, AreThereAfterARestart) {
  Commit(11, {});
  LakeSnapshot readable{.snapshot_id = 12,
                        .tiered = {{BucketOf(kTable, 1), 8}},
                        .tiered_path = "a",
                        .readable = LakeOffsets{{BucketOf(kTable, 1), 7}},
                        .readable_path = "b"};
  ASSERT_TRUE(snapshots_->Commit(kTable, readable, {LakeSnapshots::Keep::Kind::kAll}).ok());
  Open();
  const auto found = snapshots_->Readable(kTable);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->tiered_path, "a");
  EXPECT_EQ(found->readable, readable.readable);
  EXPECT_TRUE(snapshots_->Find(kTable, 11).has_value());
  ASSERT_TRUE(snapshots_->Drop(kTable).ok());
  Open();
  EXPECT_FALSE(snapshots_->Latest(kTable).has_value());
}

TEST_F(LakeSnapshotsTest, OfADroppedTableDoNotComeBack) {
  Commit(11, {});
  const LakeSnapshot next{.snapshot_id = 12, .tiered = {{BucketOf(kTable, 0), 12}}};
  Transaction before;
  auto committed = snapshots_->Add(kTable, next, {}, before);
  ASSERT_TRUE(store_->Commit(before).ok());
  Transaction late;
  (void)snapshots_->Add(kTable, next, {}, late);
  DropTable();
  snapshots_->Applied(std::move(committed));  // of what was committed before
  EXPECT_EQ(store_->Commit(late).code(), ErrorCode::kCommitConflict);
  EXPECT_EQ(snapshots_->Commit(kTable, next, {}).code(), ErrorCode::kCommitConflict);
  for (const bool restarted : {false, true}) {
    if (restarted) Open();
    EXPECT_FALSE(snapshots_->Latest(kTable).has_value());
    EXPECT_TRUE(snapshots_->Tables().empty());
  }
}

}  // namespace
}  // namespace weir
