#include "storage/bucket_log.h"

#include <gtest/gtest.h>

#include "base/log.h"
#include "io/faulty_file_system.h"
#include "storage/batch_for_test.h"

namespace weir {
namespace {

constexpr const char* kRoot = "/data";
constexpr const char* kDirectory = "/data/db/t-1/log-0";

class BucketLogTest : public ::testing::Test {
 protected:
  BucketLogTest() {
    SetLogLevel(LogLevel::kError);
    EXPECT_TRUE(files_.CreateDirectories(kRoot).ok() && files_.SyncDirectory("/").ok());
  }
  ~BucketLogTest() override { SetLogLevel(LogLevel::kInfo); }

  // Five or so batches to a segment, an index entry for every second one.
  static constexpr LogOptions kTiny{
      .segment_bytes = 512, .index_interval_bytes = 128, .preallocate_bytes = 4096};

  void Open(std::optional<RecoveryPoint> point = {}) {
    log_.reset();
    open_files_ = std::make_unique<OpenFiles>(files_, 2);
    auto log = BucketLog::Open(*open_files_, kDirectory, kRoot, kTiny, point);
    ASSERT_TRUE(log.ok()) << log.error().message;
    log_ = std::move(*log);
  }

  Status Append(int32_t records, int64_t timestamp) {
    const std::string batch = MakeBatch({.records = records,
                                         .base_offset = log_->end_offset(),
                                         .timestamp = timestamp,
                                         .body = std::string(50, 'r')});
    const BytesView bytes = batch;
    const LogSegment::Batch description{log_->end_offset(), log_->end_offset() + records - 1,
                                        timestamp, static_cast<int64_t>(batch.size())};
    return log_->Append(std::span(&bytes, 1), std::span(&description, 1));
  }

  void AppendMany(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(Append(2, 1000 + i).ok());
  }

  void Sync() {
    auto ticket = log_->BeginSync();
    ASSERT_TRUE(ticket.ok());
    if (ticket->has_value()) log_->FinishSync(**ticket, (*ticket)->Run(files_));
  }

  void Repair() {
    const auto repairs = log_->BeginRepair();
    ASSERT_TRUE(repairs.ok());
    for (const SegmentRepair& repair : *repairs) {
      const Status status =
          repair.Run(files_, [](Offset) -> Result<std::string> { return std::string(); });
      EXPECT_TRUE(status.ok()) << status.error().message;
      log_->FinishRepair(repair, status);
    }
  }

  LogSlice Read(Offset from, int64_t bytes_max) {
    auto slice = log_->Read(from, bytes_max, log_->end_offset(), log_->end_position());
    EXPECT_TRUE(slice.ok());
    return *slice;
  }

  FaultyFileSystem files_;
  std::unique_ptr<OpenFiles> open_files_;
  std::unique_ptr<BucketLog> log_;
};

constexpr int64_t kBatchBytes = 98;

TEST_F(BucketLogTest, CreatesNothingBeforeTheFirstAppend) {
  Open();
  EXPECT_EQ(log_->end_offset(), 0);
  EXPECT_EQ(log_->start_offset(), 0);
  EXPECT_FALSE(files_.Exists(kDirectory));
  ASSERT_TRUE(Append(1, 1).ok());
  EXPECT_TRUE(files_.Exists(std::string(kDirectory) + "/00000000000000000000.log"));
}

TEST_F(BucketLogTest, ReadsStartWithTheBatchThatContainsTheOffsetAndEndOnABoundary) {
  Open();
  AppendMany(40);
  ASSERT_GT(log_->segment_count(), 5u);
  for (Offset from = 0; from < log_->end_offset(); ++from) {
    for (const int64_t bytes_max : {0L, kBatchBytes, 2 * kBatchBytes + 50, 100'000L}) {
      const LogSlice slice = Read(from, bytes_max);
      EXPECT_LE(slice.base_offset, from);
      EXPECT_GT(slice.end_offset, from);
      EXPECT_EQ(slice.bytes % kBatchBytes, 0);
      EXPECT_TRUE(slice.bytes <= std::max(bytes_max, kBatchBytes))
          << "one batch at least, else the limit holds";
      const auto bytes = slice.Load();
      ASSERT_TRUE(bytes.ok());
      const auto first = LogBatchHeader::Parse(bytes->view());
      ASSERT_TRUE(first.ok());
      EXPECT_LE(first->base_offset, from);
      EXPECT_GE(first->last_offset(), from);
    }
  }
}

TEST_F(BucketLogTest, SequentialReadersSeeEveryBatchOnceAlsoAcrossRolls) {
  Open();
  Offset at = 0;
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(Append(3, i).ok());
    if (i % 3 == 0) {
      while (at < log_->end_offset()) {
        const LogSlice slice = Read(at, 150);
        EXPECT_EQ(slice.base_offset, at);
        at = slice.end_offset;
      }
    }
  }
  EXPECT_EQ(at, log_->end_offset() - 6);
}

TEST_F(BucketLogTest, OffsetsOutsideTheLogAreAnError) {
  Open();
  AppendMany(3);
  EXPECT_EQ(log_->Read(-1, 1, 6, log_->end_position()).code(), ErrorCode::kLogOffsetOutOfRange);
  EXPECT_EQ(log_->Read(7, 1, 6, log_->end_position()).code(), ErrorCode::kLogOffsetOutOfRange);
  EXPECT_TRUE(Read(6, 1).empty());
}

TEST_F(BucketLogTest, FindsTheFirstBatchAtOrAfterATime) {
  Open();
  for (int i = 0; i < 30; ++i)
    ASSERT_TRUE(Append(1, 100 + i / 3 * 10).ok());  // three batches per timestamp
  EXPECT_EQ(*log_->FindTimestamp(0), 0);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(*log_->FindTimestamp(100 + i * 10), i * 3);
    EXPECT_EQ(*log_->FindTimestamp(100 + i * 10 - 5), i * 3);
  }
  EXPECT_EQ(*log_->FindTimestamp(1000), 30);
  Open();  // from the index files and the scan
  EXPECT_EQ(*log_->FindTimestamp(140), 12);
}

TEST_F(BucketLogTest, ADamagedIndexIsRebuilt) {
  Open();
  AppendMany(5);
  ASSERT_TRUE(log_->CloseFiles().ok());
  files_.Damage(std::string(kDirectory) + "/00000000000000000000.index", 0, std::string(8, '\7'));
  EXPECT_EQ(Read(7, 1).base_offset, 6);
  EXPECT_EQ(Read(2, 1).base_offset, 2);
}

TEST_F(BucketLogTest, ATornTailIsCutAndSetAside) {
  Open();
  AppendMany(4);
  Sync();
  const RecoveryPoint point = log_->recovery_point();
  ASSERT_TRUE(Append(2, 2000).ok());
  files_.Damage(std::string(kDirectory) + "/00000000000000000000.log", 4 * kBatchBytes + 60,
                "torn");
  Open(point);
  EXPECT_EQ(log_->end_offset(), 8);
  EXPECT_EQ(log_->last_timestamp(), 1003);
  EXPECT_TRUE(files_.Exists(std::string(kDirectory) + "/00000000000000000000.log.aside-392"));
  ASSERT_TRUE(Append(2, 3000).ok());
  Sync();
  Open(log_->recovery_point());
  EXPECT_EQ(log_->end_offset(), 10);
}

TEST_F(BucketLogTest, DamageBeforeTheCheckpointIsNotLookedFor) {
  Open();
  AppendMany(4);
  Sync();
  files_.Damage(std::string(kDirectory) + "/00000000000000000000.log", 60, "flip");
  Open(log_->recovery_point());
  EXPECT_EQ(log_->end_offset(), 8);
}

TEST_F(BucketLogTest, WithoutACheckpointEveryByteIsChecked) {
  Open();
  AppendMany(12);
  ASSERT_GT(log_->segment_count(), 2u);
  Sync();
  files_.Damage(std::string(kDirectory) + "/00000000000000000010.log", 60, "flip");
  Open();
  EXPECT_EQ(log_->end_offset(), 10);
  EXPECT_TRUE(files_.Exists(std::string(kDirectory) + "/00000000000000000020.log.aside"));
}

TEST_F(BucketLogTest, ALogThatLostItsFilesDoesNotGiveOffsetsOutTwice) {
  Open(RecoveryPoint{.offset = 77, .at = {70, 100}, .last_timestamp = 5});
  EXPECT_EQ(log_->end_offset(), 77);
  ASSERT_TRUE(Append(1, 1).ok());
  EXPECT_TRUE(files_.Exists(std::string(kDirectory) + "/00000000000000000077.log"));
}

TEST_F(BucketLogTest, ForeignFilesAreLeftAlone) {
  ASSERT_TRUE(files_.CreateDirectories(std::string(kDirectory) + "/00000000000000000003.log").ok());
  ASSERT_TRUE(files_.Open(std::string(kDirectory) + "/notes.txt", OpenMode::kCreate).ok());
  ASSERT_TRUE(files_.Open(std::string(kDirectory) + "/12.log", OpenMode::kCreate).ok());
  Open();
  EXPECT_EQ(log_->end_offset(), 0);
  EXPECT_TRUE(files_.Exists(std::string(kDirectory) + "/notes.txt"));
}

TEST_F(BucketLogTest, AFullDiskChangesNothingAndLaterAppendsGoOn) {
  Open();
  AppendMany(2);
  files_.set_space_left(30);
  EXPECT_EQ(Append(2, 1).code(), ErrorCode::kDiskWriteLocked);
  EXPECT_EQ(log_->end_offset(), 4);
  EXPECT_EQ(Read(0, 10'000).bytes, 2 * kBatchBytes);
  files_.set_space_left(-1);
  ASSERT_TRUE(Append(2, 2).ok());
  Open();
  EXPECT_EQ(log_->end_offset(), 6);
}

TEST_F(BucketLogTest, ASegmentWhoseSyncFailedIsWrittenAnew) {
  Open();
  AppendMany(3);
  auto ticket = log_->BeginSync();
  ASSERT_TRUE(ticket.ok() && ticket->has_value());
  files_.FailCall(FaultyFileSystem::Call::kSync, 1, ErrorCode::kStorage);
  const Status failed = (*ticket)->Run(files_);
  ASSERT_FALSE(failed.ok());
  log_->FinishSync(**ticket, failed);
  EXPECT_EQ(log_->recovery_point().offset, 0);
  EXPECT_EQ(Append(1, 1).code(), ErrorCode::kLogStorage);
  EXPECT_EQ(log_->BeginSync().code(), ErrorCode::kLogStorage);
  Repair();
  EXPECT_EQ(log_->recovery_point().offset, 0) << "its name is not durable yet";
  Sync();
  EXPECT_EQ(log_->recovery_point().offset, 6);
  ASSERT_TRUE(Append(2, 2000).ok());
  std::mt19937_64 random(1);
  files_.LosePower(random);
  Open(log_->recovery_point());
  EXPECT_GE(log_->end_offset(), 6);
  EXPECT_TRUE(Read(0, 10'000).Load().ok());
}

TEST_F(BucketLogTest, RetentionRemovesWholeSegmentsAndKeepsTheEndOffset) {
  Open();
  AppendMany(12);
  const size_t segments = log_->segment_count();
  auto removed = log_->RemoveSegments(15, [](LogSegment&, Offset) { return true; });
  ASSERT_TRUE(removed.ok());
  EXPECT_LT(log_->segment_count(), segments);
  EXPECT_LE(log_->start_offset(), 15);
  EXPECT_EQ(log_->Read(0, 1, 24, log_->end_position()).code(), ErrorCode::kLogOffsetOutOfRange);
  removed = log_->RemoveSegments(24, [](LogSegment&, Offset) { return true; });
  ASSERT_TRUE(removed.ok());
  EXPECT_EQ(log_->start_offset(), 24);
  EXPECT_EQ(log_->end_offset(), 24);
  EXPECT_EQ(log_->bytes(), 0);
  Open();
  EXPECT_EQ(log_->end_offset(), 24);
  ASSERT_TRUE(Append(1, 1).ok());
  EXPECT_EQ(log_->end_offset(), 25);
}

TEST_F(BucketLogTest, ASliceStaysReadableAfterItsSegmentIsGone) {
  Open();
  AppendMany(12);
  const LogSlice slice = Read(0, 200);
  const auto removed = log_->RemoveSegments(24, [](LogSegment&, Offset) { return true; });
  for (const std::string& path : *removed) ASSERT_TRUE(files_.Remove(path).ok());
  EXPECT_TRUE(slice.Load().ok());
}

TEST_F(BucketLogTest, ARollThatFailedHalfwayLeavesNoSegmentBehind) {
  Open();
  AppendMany(4);
  files_.FailCall(FaultyFileSystem::Call::kTruncate, 1, ErrorCode::kStorage);
  files_.FailCall(FaultyFileSystem::Call::kRemove, 1, ErrorCode::kStorage);
  ASSERT_FALSE(log_->Roll().ok());
  AppendMany(20);  // the old segment has place for one more
  Sync();
  const Offset end = log_->end_offset();
  Open(log_->recovery_point());
  for (Offset at = 0; at < end;) at = Read(at, 100).end_offset;
  Open();
  EXPECT_EQ(log_->end_offset(), end);
}

TEST_F(BucketLogTest, ReplayAppendsWhatIsMissingAndOnlyThat) {
  Open();
  AppendMany(3);
  std::string records;
  for (int i = 2; i < 5; ++i) {
    records += MakeBatch(
        {.records = 2, .base_offset = 2 * i, .timestamp = 1000 + i, .body = std::string(50, 'r')});
  }
  ASSERT_TRUE(log_->Replay(records).ok());
  EXPECT_EQ(log_->end_offset(), 10);
  ASSERT_TRUE(log_->Replay(records).ok());
  EXPECT_EQ(log_->end_offset(), 10);
  // Behind a gap: never acknowledged.
  ASSERT_TRUE(log_->Replay(MakeBatch({.base_offset = 12})).ok());
  EXPECT_EQ(log_->end_offset(), 10);
  // Another batch at a known offset: the journal wins.
  ASSERT_TRUE(
      log_->Replay(MakeBatch({.records = 1, .base_offset = 8, .timestamp = 7, .body = "other"}))
          .ok());
  EXPECT_EQ(log_->end_offset(), 9);
}

}  // namespace
}  // namespace weir
