#include "tablet/tablets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <future>

#include "base/log.h"
#include "base/matchers.h"
#include "io/faulty_file_system.h"
#include "meta/table_info.h"
#include "record/row_log_batch.h"
#include "storage/batch_for_test.h"

namespace weir {
namespace {

/// Two shards, a pool and a table of four buckets over a file system in memory; restarts at will.
class TabletsTest : public ::testing::Test {
 protected:
  TabletsTest() {
    SetLogLevel(LogLevel::kError);
    EXPECT_TRUE(files_.CreateDirectories("/data").ok() && files_.SyncDirectory("/").ok());
    table_ = std::make_shared<TableInfo>(TableInfo{
        .id = TableId(5),
        .path = {"db", "t"},
        .descriptor = {.schema = *Schema::Make(
                           {.columns = {{.name = "id", .type = DataType::Of(TypeKind::kInt)}}}),
                       .bucket_count = 4}});
  }
  ~TabletsTest() override {
    Stop();
    SetLogLevel(LogLevel::kInfo);
  }

  void Start() { ASSERT_THAT(TryStart(), IsOk()); }

  Status TryStart() {
    shards_ = std::make_unique<Shards>(2);
    pool_ = std::make_unique<BlockingPool>(1);
    auto opened = Tablets::Open({.data_directory = "/data",
                                 .log = {.segment_bytes = 4096, .index_interval_bytes = 256},
                                 .journal = {.file_bytes = 64 * KiB, .first_file_bytes = 16 * KiB},
                                 .sync_interval = std::chrono::hours(1),
                                 .space_reserve_bytes = 1000},
                                {.shards = *shards_,
                                 .pool = *pool_,
                                 .files = files_,
                                 .clock = clock_,
                                 .metrics = metrics_,
                                 .find_table =
                                     [this](const TableBucket& b) {
                                       return b.table == table_->id && !dropped_ ? table_ : nullptr;
                                     },
                                 .tables_end = TableId(10),
                                 .metadata_undecided = &metadata_undecided_,
                                 .decide_metadata = [this] { metadata_undecided_ = !decidable_; }});
    RETURN_IF_ERROR(opened);
    tablets_ = std::move(*opened);
    shards_->Start();
    tablets_->Start();
    return {};
  }

  void Stop() {
    if (tablets_ == nullptr) return;
    tablets_->Stop();
    pool_->Stop();
    shards_->Stop();
    tablets_.reset();
    pool_.reset();
    shards_.reset();
  }

  /// Nothing more is written: the process is killed, or the machine loses what is not on the disk.
  enum class Ending : uint8_t { kKilled, kPowerLost };
  void End(Ending how) {
    files_.StopAfter(0);
    Stop();
    std::mt19937_64 random(3);
    how == Ending::kPowerLost ? files_.LosePower(random) : files_.KillProcess();
  }

  /// Call `f` on the bucket's shard and wait.
  template <class F, class R = std::invoke_result_t<F, Tablet&>>
  R On(int bucket, F f) {
    std::promise<R> promise;
    auto future = promise.get_future();
    boost::asio::co_spawn(
        shards_->at(0).io(), tablets_->Run(Bucket(bucket), std::move(f)),
        [&](std::exception_ptr, R result) { promise.set_value(std::move(result)); });
    return future.get();
  }

  /// Append one batch and wait until it is acknowledged.
  Result<Appended> Append(int bucket, std::string body, int64_t writer = -1,
                          int32_t sequence = -1) {
    std::promise<Status> durable;
    auto acknowledged = durable.get_future();
    auto appended = On(bucket, [&](Tablet& tablet) -> Result<Appended> {
      auto done = tablet.log->Append(
          SharedBytes::Of(
              MakeBatch({.writer_id = writer, .sequence = sequence, .body = std::move(body)})),
          {.source = AppendOptions::Source::kTrusted});
      if (!done.ok()) return done;
      tablet.log->WhenHighWatermark(done->last_offset + 1,
                                    [&](const Status& status) { durable.set_value(status); });
      return done;
    });
    if (!appended.ok()) return appended;
    const Status status = acknowledged.get();
    if (!status.ok()) return Forward(status);
    return appended;
  }

  Offset EndOffset(int bucket) {
    return *On(bucket,
               [](Tablet& tablet) -> Result<Offset> { return tablet.log->high_watermark(); });
  }

  /// The records of the batch at an offset.
  std::string Body(int bucket, Offset offset) {
    const auto bytes = On(bucket, [&](Tablet& tablet) -> Result<SharedBytes> {
      auto slice = tablet.log->Read(offset, 1);
      if (!slice.ok()) return Forward(slice);
      return slice->Load();
    });
    const auto batch = bytes.ok() ? LogBatchView::Parse(bytes->view()) : Forward(bytes);
    return batch.ok() ? std::string(batch->records()) : batch.error().message;
  }

  static TableBucket Bucket(int bucket) { return {.table = TableId(5), .bucket = bucket}; }

  std::atomic<bool> metadata_undecided_ = false;
  std::atomic<bool> decidable_ = false;
  FaultyFileSystem files_;
  ManualClock clock_;
  MetricRegistry metrics_;
  std::shared_ptr<const TableInfo> table_;
  std::atomic<bool> dropped_ = false;
  std::unique_ptr<Shards> shards_;
  std::unique_ptr<BlockingPool> pool_;
  std::unique_ptr<Tablets> tablets_;
};

TEST_F(TabletsTest, AppendsAreAcknowledgedAndReadBack) {
  Start();
  EXPECT_EQ(Append(0, "a")->base_offset, 0);
  EXPECT_EQ(Append(0, "b")->base_offset, 1);
  EXPECT_EQ(Append(1, "c")->base_offset, 0);
  const auto bytes = On(0, [](Tablet& tablet) -> Result<SharedBytes> {
    auto slice = tablet.log->Read(1, 1000);
    if (!slice.ok()) return Forward(slice);
    return slice->Load();
  });
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(LogBatchView::Parse(bytes->view())->records(), "b");
}

TEST_F(TabletsTest, UnknownBucketsAreRefused) {
  Start();
  const auto on = [&](TableBucket bucket) {
    std::promise<ErrorCode> code;
    shards_->at(0).Post([&] { code.set_value(tablets_->Open(bucket).code()); });
    return code.get_future().get();
  };
  EXPECT_EQ(on({.table = TableId(5), .bucket = 4}), ErrorCode::kUnknownTableOrBucket);
  EXPECT_EQ(on({.table = TableId(5), .bucket = -1}), ErrorCode::kUnknownTableOrBucket);
  EXPECT_EQ(on({.table = TableId(6), .bucket = 0}), ErrorCode::kUnknownTableOrBucket);
  EXPECT_EQ(on({.table = TableId(5), .partition = PartitionId(1), .bucket = 0}),
            ErrorCode::kUnknownTableOrBucket);
}

TEST_F(TabletsTest, AcknowledgedBatchesAreThereAfterPowerLoss) {
  std::mt19937_64 random(11);
  Start();
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(Append(i % 4, std::string(random() % 500, 'x')).ok());
    if (round % 2 == 0) ASSERT_TRUE(tablets_->SyncNow().ok());
    ASSERT_TRUE(Append(0, std::string(300'000, 'L')).ok());  // straight to the segment
    files_.StopAfter(0);
    Stop();
    files_.LosePower(random);
    Start();
    for (int b = 0; b < 4; ++b) EXPECT_EQ(EndOffset(b), 5 * (round + 1) + (b == 0 ? round + 1 : 0));
  }
}

TEST_F(TabletsTest, ACleanStopNeedsNoReplayAndKeepsWriters) {
  Start();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Append(2, "x", 7, i).ok());
  Stop();
  Start();
  const auto again = Append(2, "x", 7, 9);
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->duplicate);
  EXPECT_EQ(again->base_offset, 9);
  EXPECT_EQ(Append(2, "x", 7, 11).code(), ErrorCode::kOutOfOrderSequence);
  EXPECT_EQ(Append(2, "x", 7, 10)->base_offset, 10);
}

TEST_F(TabletsTest, SyncingReleasesTheJournal) {
  Start();
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(Append(i % 4, std::string(3000, 'x')).ok());
    if (i % 10 == 0) ASSERT_TRUE(tablets_->SyncNow().ok());
  }
  EXPECT_LE(files_.List("/data/journal")->size(), 4u);
}

TEST_F(TabletsTest, WhenTheJournalFailsTheAppendFailsAndARetryAfterTheSyncIsADuplicate) {
  Start();
  ASSERT_TRUE(Append(1, "first", 3, 0).ok());
  files_.FailCall(FaultyFileSystem::Call::kSync, 1, ErrorCode::kStorage,
                  FaultyFileSystem::Until::kForEver);
  EXPECT_EQ(Append(1, "second", 3, 1).code(), ErrorCode::kLogStorage);
  EXPECT_EQ(EndOffset(1), 1) << "not durable, not visible";
  files_.ClearFaults();
  ASSERT_TRUE(tablets_->SyncNow().ok());
  EXPECT_EQ(EndOffset(1), 2);
  const auto retried = Append(1, "second", 3, 1);
  ASSERT_TRUE(retried.ok());
  EXPECT_TRUE(retried->duplicate);
}

// The bytes are in the log then, where a retry finds them: "nothing happened" would be a lie (INV-3 depends on it).
TEST_F(TabletsTest, ALargeAppendGoesThroughTheJournalWhenAnOlderSegmentCannotBeSynced) {
  Start();
  ASSERT_TRUE(Append(0, "a").ok());
  ASSERT_TRUE(tablets_->SyncNow().ok());
  ASSERT_TRUE(Append(0, std::string(3000, 'b')).ok());
  files_.FailCall(FaultyFileSystem::Call::kSync, 1, ErrorCode::kStorage);
  ASSERT_FALSE(tablets_->SyncNow().ok());
  files_.FailCall(FaultyFileSystem::Call::kRead, 1, ErrorCode::kStorage,
                  FaultyFileSystem::Until::kForEver);  // so the old segment cannot be copied
  const auto large = Append(0, std::string(300'000, 'L'), 7, 0);
  ASSERT_TRUE(large.ok()) << large.error().message;
  EXPECT_EQ(large->base_offset, 2);
  EXPECT_EQ(EndOffset(0), 3);
  files_.StopAfter(0);
  Stop();
  std::mt19937_64 random(11);
  files_.LosePower(random);
  Start();
  EXPECT_EQ(EndOffset(0), 3);
}

TEST_F(TabletsTest, WhatAFailedSegmentSyncDroppedComesBackFromTheJournal) {
  using Fs = FaultyFileSystem;
  for (const auto after : {Fs::AfterFailedSync::kReadable, Fs::AfterFailedSync::kDropped}) {
    files_.set_after_failed_sync(after);
    Start();
    const Offset before = EndOffset(0);
    ASSERT_TRUE(Append(0, "synced").ok());
    ASSERT_TRUE(tablets_->SyncNow().ok());
    ASSERT_TRUE(Append(0, "in the journal").ok());
    ASSERT_TRUE(Append(0, "this too").ok());
    files_.FailCall(Fs::Call::kSync, 1, ErrorCode::kStorage);
    EXPECT_FALSE(tablets_->SyncNow().ok());
    EXPECT_EQ(Append(0, "refused").code(), ErrorCode::kLogStorage);
    ASSERT_TRUE(tablets_->SyncNow().ok());
    ASSERT_TRUE(Append(0, "after").ok());
    ASSERT_TRUE(tablets_->SyncNow().ok());
    EXPECT_EQ(Body(0, before + 1), "in the journal");
    std::mt19937_64 random(3);
    files_.StopAfter(0);
    Stop();
    files_.LosePower(random);
    Start();
    EXPECT_EQ(EndOffset(0), before + 4);
    EXPECT_EQ(Body(0, before + 1), "in the journal");
    EXPECT_EQ(Body(0, before + 2), "this too");
    EXPECT_EQ(Body(0, before + 3), "after");
    Stop();
  }
}

TEST_F(TabletsTest, ARestartDoesNotTakeWhatAFailedSyncLeftInTheCacheForDurable) {
  Start();
  ASSERT_TRUE(tablets_->SyncNow().ok());
  ASSERT_TRUE(Append(0, "in the journal").ok());
  files_.FailCall(FaultyFileSystem::Call::kSync, 1, ErrorCode::kStorage);
  EXPECT_FALSE(tablets_->SyncNow().ok());
  End(Ending::kKilled);
  Start();
  ASSERT_TRUE(tablets_->SyncNow().ok());  // releases the journal
  End(Ending::kPowerLost);
  Start();
  EXPECT_EQ(EndOffset(0), 1);
  EXPECT_EQ(Body(0, 0), "in the journal");
}

TEST_F(TabletsTest, ARestartDoesNotTakeWhatAFailedSyncOfAllLeftInTheCacheForDurable) {
  using Fs = FaultyFileSystem;
  for (const auto after : {Fs::AfterFailedSync::kReadable, Fs::AfterFailedSync::kDropped}) {
    files_.set_after_failed_sync(after);
    Start();
    const Offset before = EndOffset(0);
    ASSERT_TRUE(tablets_->SyncNow().ok());
    ASSERT_TRUE(Append(0, "in the journal").ok());
    End(Ending::kKilled);
    Start();  // nobody asks for the bucket
    files_.FailCall(Fs::Call::kSync, 1, ErrorCode::kStorage);
    EXPECT_FALSE(tablets_->SyncNow().ok());
    EXPECT_FALSE(tablets_->SyncNow().ok()) << "the journal keeps it";
    End(Ending::kKilled);
    Start();
    // Releases the journal. The file may tell its own error first.
    ASSERT_TRUE(tablets_->SyncNow().ok() || tablets_->SyncNow().ok());
    End(Ending::kPowerLost);
    Start();
    EXPECT_EQ(EndOffset(0), before + 1);
    EXPECT_EQ(Body(0, before), "in the journal");
    Stop();
  }
}

TEST_F(TabletsTest, AStartThatCannotSyncWhatItRecoveredLeavesThatToTheNext) {
  Start();
  ASSERT_TRUE(tablets_->SyncNow().ok());
  ASSERT_TRUE(Append(0, std::string(300'000, 'L')).ok());  // not in the journal: a gap
  ASSERT_TRUE(Append(0, "in the journal").ok());
  End(Ending::kKilled);
  for (int64_t nth = 1;; ++nth) {
    files_.FailCall(FaultyFileSystem::Call::kSync, nth, ErrorCode::kStorage);
    const bool started = TryStart().ok();
    const bool closed = started && On(0, [](Tablet& tablet) -> Result<Offset> {
                                     return tablet.log->high_watermark();
                                   }).code() != ErrorCode::kNone;
    End(Ending::kKilled);
    ASSERT_LT(nth, 20) << "no sync of the start closes the bucket";
    if (closed) break;
  }
  Start();
  EXPECT_EQ(EndOffset(0), 2);
  ASSERT_TRUE(tablets_->SyncNow().ok());
  End(Ending::kPowerLost);
  Start();
  EXPECT_EQ(EndOffset(0), 2);
  EXPECT_EQ(Body(0, 1), "in the journal");
}

// Linux tells the error of a write-back to one call of syncfs, whichever file it was about.
TEST_F(TabletsTest, AFailedSyncOfAllConcernsEveryBucket) {
  TableInfo wide = *table_;
  wide.descriptor.bucket_count = 100;
  table_ = std::make_shared<const TableInfo>(std::move(wide));
  Start();
  ASSERT_TRUE(tablets_->SyncNow().ok());
  for (int bucket = 0; bucket < 100; ++bucket) ASSERT_TRUE(Append(bucket, "acknowledged").ok());
  files_.FailCall(FaultyFileSystem::Call::kSync, 1, ErrorCode::kStorage);
  EXPECT_FALSE(tablets_->SyncNow().ok());
  ASSERT_TRUE(tablets_->SyncNow().ok());  // releases the journal
  files_.StopAfter(0);
  Stop();
  std::mt19937_64 random(3);
  files_.LosePower(random);
  Start();
  for (int bucket = 0; bucket < 100; ++bucket) EXPECT_EQ(EndOffset(bucket), 1) << bucket;
}

TEST_F(TabletsTest, WhatIsNowhereAnyMoreKeepsTheJournalAndRefusesAppends) {
  files_.set_after_failed_sync(FaultyFileSystem::AfterFailedSync::kDropped);
  Start();
  ASSERT_TRUE(Append(0, "first").ok());
  ASSERT_TRUE(tablets_->SyncNow().ok());
  ASSERT_TRUE(Append(1, "in the journal").ok());
  files_.FailCall(FaultyFileSystem::Call::kSync, 1, ErrorCode::kStorage);
  EXPECT_FALSE(Append(0, std::string(300'000, 'L')).ok()) << "straight to the segment";
  EXPECT_FALSE(tablets_->SyncNow().ok());
  EXPECT_FALSE(tablets_->SyncNow().ok());
  EXPECT_EQ(Append(0, "more").code(), ErrorCode::kLogStorage);
  EXPECT_TRUE(Append(1, "elsewhere").ok());
  EXPECT_EQ(Body(0, 0), "first");
  files_.StopAfter(0);
  Stop();
  files_.KillProcess();
  Start();
  EXPECT_EQ(Append(0, "more")->base_offset, 1);
  EXPECT_EQ(EndOffset(1), 2);
}

TEST_F(TabletsTest, AFullDiskRefusesWritesKeepsReadsAndRecovers) {
  Start();
  ASSERT_TRUE(Append(0, "before").ok());
  files_.set_space_left(10);
  EXPECT_EQ(Append(0, std::string(500, 'x')).code(), ErrorCode::kDiskWriteLocked);
  EXPECT_TRUE(tablets_->write_locked());
  EXPECT_EQ(EndOffset(0), 1);
  files_.set_space_left(-1);
  // The housekeeping looks once a second.
  while (tablets_->write_locked()) std::this_thread::yield();
  EXPECT_EQ(Append(0, "after")->base_offset, 1);
}

TEST_F(TabletsTest, NoRowsAreAcceptedWhileAChangeOfMetadataIsUndecided) {
  Start();
  ASSERT_TRUE(Append(0, "before").ok());
  metadata_undecided_ = true;
  EXPECT_EQ(Append(0, "meanwhile").code(), ErrorCode::kLogStorage);
  EXPECT_EQ(EndOffset(0), 1) << "reads go on";
  decidable_ = true;
  // The housekeeping tries once a second.
  while (metadata_undecided_) std::this_thread::yield();
  EXPECT_EQ(Append(0, "after")->base_offset, 1);
}

TEST_F(TabletsTest, ADroppedTableIsGoneAndItsWaitersKnow) {
  Start();
  ASSERT_TRUE(Append(3, "x").ok());
  std::promise<Status> told;
  ASSERT_TRUE(On(3, [&](Tablet& tablet) -> Status {
                tablet.log->WhenHighWatermark(
                    100, [&](const Status& status) { told.set_value(status); });
                return {};
              }).ok());
  dropped_ = true;
  tablets_->TableDropped(table_);
  EXPECT_EQ(told.get_future().get().code(), ErrorCode::kUnknownTableOrBucket);
  EXPECT_FALSE(files_.Exists("/data/data/db/t-5"));
  EXPECT_EQ(Append(3, "y").code(), ErrorCode::kUnknownTableOrBucket);
}

// A crash between the drop in the catalog and the rename of the folder.
TEST_F(TabletsTest, FoldersOfDroppedTablesAreRemovedAtStart) {
  for (const char* folder : {"db/t-5/log-0", "db/gone-3/log-0", "db/other-12/log-0", "db/notes"}) {
    ASSERT_TRUE(files_.CreateDirectories(std::string("/data/data/") + folder).ok());
  }
  Start();
  EXPECT_FALSE(files_.Exists("/data/data/db/gone-3"));
  EXPECT_TRUE(files_.Exists("/data/data/db/t-5")) << "the catalog has it";
  EXPECT_TRUE(files_.Exists("/data/data/db/other-12")) << "never given out: not ours to delete";
  EXPECT_TRUE(files_.Exists("/data/data/db/notes"));
}

TEST_F(TabletsTest, IdleBucketsAreClosedAndOpenAgain) {
  Start();
  for (int b = 0; b < 4; ++b) ASSERT_TRUE(Append(b, "x").ok());
  ASSERT_TRUE(tablets_->SyncNow().ok());
  clock_.AdvanceMs(10 * 60 * 1000);
  tablets_->CloseIdleNow();
  EXPECT_EQ(Append(1, "y")->base_offset, 1);
}

TEST_F(TabletsTest, AWriterWhoseBatchesRetentionTookIsStillKnownAfterACrash) {
  Start();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Append(0, "x", 7, i).ok());
  Stop();  // leaves a snapshot
  Start();
  for (int i = 3; i < 20; ++i) ASSERT_TRUE(Append(0, std::string(400, 'x'), 7, i).ok());
  clock_.AdvanceMs(8LL * 24 * 3600 * 1000);
  tablets_->ApplyRetentionNow();  // what is not synced cannot be in a snapshot yet
  ASSERT_TRUE(tablets_->SyncNow().ok());
  tablets_->ApplyRetentionNow();
  EXPECT_EQ(*On(0, [](Tablet& tablet) -> Result<Offset> { return tablet.log->start_offset(); }),
            20);
  files_.StopAfter(0);
  Stop();
  files_.KillProcess();
  Start();
  const auto again = Append(0, "x", 7, 19);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_TRUE(again->duplicate);
  EXPECT_EQ(Append(0, "x", 7, 20)->base_offset, 20);
}

TEST_F(TabletsTest, AWriterWhoseSnapshotIsOlderThanTheLogMayGoOn) {
  Start();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Append(0, std::string(400, 'x'), 7, i).ok());
  ASSERT_TRUE(tablets_->SyncNow().ok());
  clock_.AdvanceMs(8LL * 24 * 3600 * 1000);
  tablets_->ApplyRetentionNow();
  files_.StopAfter(0);
  Stop();
  files_.KillProcess();
  // The power took the newest snapshot, which is not synced, and left one that is too old.
  WriterState old(1'000'000);
  for (int i = 0; i < 3; ++i) old.Add(7, {i, i, i, 1});
  const std::string log = "/data/data/db/t-5/log-0/";
  ASSERT_TRUE(files_.Remove(log + SegmentFileName(20, ".writer_snapshot")).ok());
  ASSERT_TRUE(
      ReplaceFile(files_, log + SegmentFileName(3, ".writer_snapshot"), old.Encode(3)).ok());
  Start();
  const auto next = Append(0, "x", 7, 20);
  ASSERT_TRUE(next.ok()) << next.error().message;
  EXPECT_EQ(next->base_offset, 20);
}

TEST_F(TabletsTest, RetentionRemovesOldSegmentsButNotTheOffsets) {
  Start();
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(Append(0, std::string(400, 'x')).ok());
  clock_.AdvanceMs(8LL * 24 * 3600 * 1000);
  tablets_->ApplyRetentionNow();
  const auto start =
      On(0, [](Tablet& tablet) -> Result<Offset> { return tablet.log->start_offset(); });
  EXPECT_EQ(*start, 40);
  EXPECT_EQ(Append(0, "next")->base_offset, 40);
}

}  // namespace
}  // namespace weir
