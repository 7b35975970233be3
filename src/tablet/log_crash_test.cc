// Buckets, journal, checkpoint and recovery together, on a disk that loses power. A seeded history of appends,
// group commits, segment syncs, rolls and retention is cut at a random write call; then everything is opened again
// and compared with what was acknowledged. INV-1, INV-2, INV-4.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "base/log.h"
#include "io/faulty_file_system.h"
#include "storage/batch_for_test.h"
#include "storage/checkpoint.h"
#include "storage/journal.h"
#include "tablet/commit_queue.h"
#include "tablet/log_tablet.h"
#include "tablet/replay.h"

namespace weir {
namespace {

constexpr int kBuckets = 4;
constexpr auto kNothing =
    static_cast<LogLevel>(static_cast<int>(LogLevel::kError) + 1);  // of the log
constexpr const char* kData = "/data";

/// Collects requests until the history says "commit".
class ManualCommits final : public CommitQueue {
 public:
  Status CheckRoom() const override { return {}; }
  void Submit(CommitRequest request) override { requests_.push_back(std::move(request)); }
  void SubmitSync(std::shared_ptr<const SyncTicket> ticket, int, CommitDone done) override {
    syncs_.push_back({std::move(ticket), std::move(done)});
  }

  void Commit(FileSystem& files, Journal& journal) {
    const auto requests = std::move(requests_);
    requests_.clear();
    std::vector<JournalEntry> entries;
    for (const auto& r : requests) {
      entries.push_back({r.bucket, *r.directory, r.base_offset, r.end_offset, r.records.pieces()});
    }
    if (!entries.empty()) {
      const auto written = journal.Write(entries);
      const Status status = written.ok() ? Status() : Forward(written);
      for (const auto& r : requests) r.done(status);
    }
    const auto syncs = std::move(syncs_);
    syncs_.clear();
    for (const auto& [ticket, done] : syncs) done(ticket->Run(files));
  }

  void Forget() { requests_.clear(), syncs_.clear(); }

 private:
  std::vector<CommitRequest> requests_;
  std::vector<std::pair<std::shared_ptr<const SyncTicket>, CommitDone>> syncs_;
};

/// What clients know: per bucket, what was acknowledged where, and what each writer sends next.
struct Acked {
  std::string body;
  int64_t writer_id = -1;
  int32_t sequence = -1;
  Offset last_offset = 0;
};
struct Sent {
  std::string body;
  int32_t sequence = 0;
};
struct BucketModel {
  std::map<Offset, Acked> acked;                 // by base offset
  std::map<int64_t, int32_t> next;               // next new sequence by writer
  std::map<int64_t, std::vector<Sent>> unacked;  // sent, not acknowledged; oldest first
  Offset high_watermark = 0;
};

class Simulation {
 public:
  explicit Simulation(uint64_t seed, Durability durability)
      : random_(seed), durability_(durability) {}

  void Run(int crashes) {
    Open();
    for (int crash = 0; crash < crashes; ++crash) {
      files_.StopAfter(static_cast<int64_t>(1 + random_() % 120));
      for (int step = 0; step < 400 && !files_.stopped(); ++step) Step();
      Crash();
      Open();
      if (::testing::Test::HasFatalFailure()) return;
      // Without it most buckets are still in the journal when the next crash comes.
      if (random_() % 2 == 0) Verify();
      if (::testing::Test::HasFailure()) return;
    }
    Verify();
  }

  // No crash in the middle, but now and then the disk refuses: full, or an I/O error, also in a sync.
  void RunFaults(int rounds) {
    Open();
    for (int round = 0; round < rounds; ++round) {
      using After = FaultyFileSystem::AfterFailedSync;
      const After after = random_() % 2 == 0 ? After::kReadable : After::kDropped;
      files_.set_after_failed_sync(after);
      InjectFault();
      for (int step = 0; step < 60; ++step) Step();
      files_.ClearFaults();
      if (!SyncAll()) {
        // Something that was never acknowledged is nowhere any more, and the next start cuts it off; or leftovers could
        // not be brought home, and the next start does that.
        EXPECT_TRUE(after == After::kDropped || !can_sync_all_) << "does not heal";
        Crash();
        Open();
        // A file may tell an error of before first.
        EXPECT_TRUE(SyncAll() || SyncAll()) << "does not heal";
      }
      Drain();
      if (round % 3 == 2) {
        Crash();
        Open();
      }
      if (::testing::Test::HasFailure()) return;
      Verify();
      if (::testing::Test::HasFailure()) return;
    }
  }

 private:
  void InjectFault() {
    using Call = FaultyFileSystem::Call;
    constexpr Call kKinds[] = {Call::kWrite,  Call::kWrite,  Call::kSync,     Call::kSyncDirectory,
                               Call::kCreate, Call::kRename, Call::kTruncate, Call::kRemove};
    const Call kind = kKinds[random_() % std::size(kKinds)];
    const bool full = kind == Call::kWrite && random_() % 2 == 0;
    files_.FailCall(
        kind, static_cast<int64_t>(1 + random_() % 40),
        full ? ErrorCode::kDiskWriteLocked : ErrorCode::kStorage,
        random_() % 2 == 0 ? FaultyFileSystem::Until::kOnce : FaultyFileSystem::Until::kForEver);
  }

  // Every client repeats what was not acknowledged, in order, and now gets its answer.
  void Drain() {
    for (int bucket = 0; bucket < kBuckets; ++bucket) {
      for (int64_t writer = 0; writer < 3; ++writer) {
        const std::vector<Sent> again = models_[bucket].unacked[writer];
        for (const Sent& sent : again) Append(bucket, writer, sent);
      }
    }
    commits_.Commit(files_, *journal_);
    for (int bucket = 0; bucket < kBuckets; ++bucket) {
      for (const auto& [writer, unacked] : models_[bucket].unacked) {
        EXPECT_TRUE(unacked.empty()) << "bucket " << bucket << " writer " << writer;
      }
    }
  }

  TableBucket Bucket(int i) const { return {.table = TableId(7), .bucket = i}; }
  static std::string Directory(int i) { return "data/db/t-7/log-" + std::to_string(i); }

  void Open() {
    checkpoint_ = LoadCheckpoint(files_, CheckpointPath(kData));
    open_files_ = std::make_unique<OpenFiles>(files_, 3);
    ASSERT_TRUE(files_.CreateDirectories(kData).ok());
    ASSERT_TRUE(files_.SyncDirectory("/").ok());
    auto recovered = RecoverJournal(
        *open_files_,
        {.data_directory = kData,
         .log = log_,
         .journal = {.file_bytes = 16 * KiB, .first_file_bytes = 8 * KiB, .files_max = 6}},
        checkpoint_);
    ASSERT_TRUE(recovered.ok()) << recovered.error().message;
    journal_ = std::move(recovered->journal);
    pending_ = std::move(recovered->pending);
    tablets_.resize(kBuckets);
    can_sync_all_ = true;
  }

  std::optional<RecoveryPoint> PointOf(int i) const {
    const auto point = checkpoint_.points.find(Bucket(i));
    if (point == checkpoint_.points.end()) return std::nullopt;
    return point->second;
  }

  // The bucket, opened at its first use; null when the disk is dead.
  LogTablet* At(int i) {
    auto& tablet = tablets_[static_cast<size_t>(i)];
    if (tablet != nullptr) return tablet.get();
    const auto pending = pending_.find(Bucket(i));
    EXPECT_TRUE(pending == pending_.end() || !pending->second.blocked);
    auto opened = LogTablet::Open(
        {.bucket = Bucket(i), .directory = Directory(i), .durability = durability_, .log = log_},
        {.files = &files_,
         .data_directory = kData,
         .clock = &clock_,
         .open_files = open_files_.get(),
         .commits = &commits_,
         .recovery_point = PointOf(i),
         .journaled = pending == pending_.end() ? nullptr : &pending->second});
    if (!opened.ok()) return nullptr;
    if (pending != pending_.end()) pending->second.applied = true;
    tablet = std::move(*opened);
    return tablet.get();
  }

  // As the housekeeping does; buckets that are open sync themselves.
  bool BringAllHome() {
    if (pending_.empty()) return true;
    std::map<int, RecoveryPoint> points;
    for (auto& [bucket, log] : pending_) {
      if (log.applied) continue;
      const auto home = BringHome(*open_files_, kData, log_, PointOf(bucket.bucket), log);
      if (!home.ok()) return false;
      points[bucket.bucket] = *home;
    }
    if (random_() % 3 == 0) Send(static_cast<int>(random_() % kBuckets));
    can_sync_all_ = can_sync_all_ && files_.SyncAll(kData).ok();
    if (!can_sync_all_) {
      for (const auto& [bucket, point] : points)
        SuspectHome(files_, kData, PointOf(bucket), pending_[Bucket(bucket)]);
      return false;
    }
    for (const auto& [bucket, point] : points) {
      if (tablets_[static_cast<size_t>(bucket)] == nullptr)
        checkpoint_.points[Bucket(bucket)] = point;
      pending_[Bucket(bucket)].applied = true;
    }
    return true;
  }

  void Crash() {
    commits_.Forget();
    for (const auto& tablet : tablets_) {
      if (tablet != nullptr) tablet->Abandon(Fail(ErrorCode::kStorage, "crash"));
    }
    tablets_.clear();
    journal_.reset();
    open_files_.reset();
    if (durability_ == Durability::kDisk && random_() % 4 != 0) {
      files_.LosePower(random_);
    } else {
      files_.KillProcess();
    }
  }

  void Step() {
    clock_.AdvanceMs(1);
    const auto dice = random_() % 100;
    const int bucket = static_cast<int>(random_() % kBuckets);
    if (dice < 60) {
      Send(bucket);
    } else if (dice < 85) {
      commits_.Commit(files_, *journal_);
    } else if (dice < 92) {
      (void)SyncAll();
    } else if (dice < 94) {
      (void)journal_->PrepareNextFile();
    } else if (dice < 96) {
      const auto& tablet = tablets_[static_cast<size_t>(bucket)];
      if (tablet != nullptr) (void)tablet->CloseFiles();
    } else {
      CheckReadable(bucket);
    }
  }

  void Send(int bucket) {
    BucketModel& model = models_[bucket];
    const int64_t writer = static_cast<int64_t>(random_() % 3);
    auto& unacked = model.unacked[writer];
    // At most five sequences in flight, oldest first again after a failure: as the clients do.
    const bool window_full = !unacked.empty() && model.next[writer] >= unacked.front().sequence + 5;
    if (window_full || (!unacked.empty() && random_() % 3 == 0)) {
      for (size_t i = 0; i < unacked.size() && !files_.stopped(); ++i)
        Append(bucket, writer, model.unacked[writer][i]);
      return;
    }
    const size_t bytes = random_() % 20 == 0 ? 300'000 : random_() % 400;
    Sent sent{
        std::string(bytes, static_cast<char>('a' + random_() % 26)) + std::to_string(random_()),
        model.next[writer]++};
    unacked.push_back(sent);
    Append(bucket, writer, sent);
  }

  void Append(int bucket, int64_t writer, const Sent& sent) {
    const std::string batch = MakeBatch({.records = 1 + static_cast<int32_t>(sent.body.size() % 3),
                                         .writer_id = writer,
                                         .sequence = sent.sequence,
                                         .body = sent.body});
    if (At(bucket) == nullptr) return;
    LogTablet& tablet = *At(bucket);
    const auto appended = tablet.Append(SharedBytes::Of(batch));
    if (!appended.ok()) {
      // Once all before it are acknowledged, a batch is the next one, whatever crashed in between.
      const bool is_next = models_[bucket].unacked[writer].front().sequence == sent.sequence;
      if (is_next)
        EXPECT_NE(appended.code(), ErrorCode::kOutOfOrderSequence) << appended.error().message;
      return;
    }
    tablet.WhenHighWatermark(appended->last_offset + 1, [this, bucket, writer, sent,
                                                         at = *appended](const Status& status) {
      if (!status.ok()) return;
      BucketModel& model = models_[bucket];
      auto& unacked = model.unacked[writer];
      std::erase_if(unacked, [&](const Sent& s) { return s.sequence == sent.sequence; });
      const auto [place, fresh] = model.acked.emplace(
          at.base_offset, Acked{sent.body, writer, sent.sequence, at.last_offset});
      EXPECT_TRUE(fresh || place->second.sequence == sent.sequence)
          << "two batches at offset " << at.base_offset;
      model.high_watermark =
          std::max(model.high_watermark, tablets_[static_cast<size_t>(bucket)]->high_watermark());
    });
  }

  bool SyncAll() {
    const auto sequence = journal_->last_sequence();
    bool all = BringAllHome();
    for (size_t i = 0; i < tablets_.size(); ++i) {
      if (tablets_[i] == nullptr) continue;
      Repair(*tablets_[i], Bucket(static_cast<int>(i)));
      const auto ticket = tablets_[i]->BeginSync();
      if (!ticket.ok()) {
        all = false;
        continue;
      }
      if (!ticket->has_value()) continue;
      if (random_() % 3 == 0) Send(static_cast<int>(i));  // appends go on while a sync runs
      const Status status = (*ticket)->Run(files_);
      tablets_[i]->FinishSync(**ticket, status);
      all = all && status.ok();
      checkpoint_.points[Bucket(static_cast<int>(i))] = tablets_[i]->log().recovery_point();
    }
    if (!SaveCheckpoint(files_, CheckpointPath(kData), checkpoint_).ok() || !all) return false;
    journal_->Release(sequence);
    pending_.clear();
    return true;
  }

  void Repair(LogTablet& tablet, const TableBucket& bucket) {
    const auto repairs = tablet.BeginRepair();
    if (!repairs.ok()) return;
    for (const SegmentRepair& repair : *repairs) {
      JournaledBatches journaled(*journal_, bucket);
      tablet.FinishRepair(
          repair, repair.Run(files_, [&](Offset offset) { return journaled.Find(offset); }));
    }
  }

  void CheckReadable(int bucket) {
    if (At(bucket) == nullptr) return;
    LogTablet& tablet = *At(bucket);
    const Offset high = tablet.high_watermark();
    if (high == 0) return;
    const Offset from = static_cast<Offset>(random_() % static_cast<uint64_t>(high));
    const auto slice = tablet.Read(from, static_cast<int64_t>(random_() % 2000));
    if (!slice.ok()) return;  // the disk is dead
    EXPECT_LE(slice->base_offset, from);
    EXPECT_GT(slice->end_offset, from);
    EXPECT_LE(slice->end_offset, high);
  }

  void Verify() {
    for (int i = 0; i < kBuckets; ++i) {
      const BucketModel& model = models_[i];
      ASSERT_NE(At(i), nullptr) << "bucket " << i << " does not open";
      LogTablet& tablet = *At(i);
      ASSERT_GE(tablet.high_watermark(), model.high_watermark) << "bucket " << i;
      std::map<Offset, LogBatchHeader> found;
      std::map<std::pair<int64_t, int32_t>, Offset> by_sequence;
      for (Offset at = 0; at < tablet.high_watermark();) {
        const auto slice = tablet.Read(at, 700);
        ASSERT_TRUE(slice.ok()) << slice.error().message;
        const auto bytes = slice->Load();
        ASSERT_TRUE(bytes.ok());
        LogBatches batches(bytes->view());
        while (true) {
          const auto batch = batches.Next();
          ASSERT_TRUE(batch.ok());
          if (!batch->has_value()) break;
          const LogBatchHeader& header = (*batch)->header();
          ASSERT_EQ(header.base_offset, at) << "offsets have a gap";
          ASSERT_TRUE((*batch)->CheckCrc().ok());
          ASSERT_TRUE(
              by_sequence.emplace(std::pair(header.writer_id, header.batch_sequence), at).second)
              << "batch stored twice: writer " << header.writer_id << " sequence "
              << header.batch_sequence;
          const auto acked = model.acked.find(at);
          if (acked != model.acked.end()) {
            ASSERT_EQ((*batch)->records().substr(0, acked->second.body.size()), acked->second.body);
          }
          found.emplace(at, header);
          at = header.next_offset();
        }
        ASSERT_EQ(at, slice->end_offset)
            << "bucket " << i << " " << slice->file->path() << " position " << slice->position
            << " bytes " << slice->bytes << " file " << *slice->file->Size() << " end "
            << tablet.log().end_position().segment_base << "+" << tablet.log().end_position().bytes
            << " left " << batches.rest().size();
      }
      for (const auto& [base, acked] : model.acked) {
        ASSERT_TRUE(found.contains(base))
            << "acknowledged batch is lost: bucket " << i << " offset " << base;
        ASSERT_EQ(found[base].batch_sequence, acked.sequence);
      }
    }
  }

  std::mt19937_64 random_;
  const Durability durability_;
  const LogOptions log_{
      .segment_bytes = 2000, .index_interval_bytes = 100, .preallocate_bytes = 4096};
  ManualClock clock_;
  FaultyFileSystem files_;
  ManualCommits commits_;
  Checkpoint checkpoint_;
  bool can_sync_all_ = true;
  std::unique_ptr<OpenFiles> open_files_;
  std::unique_ptr<Journal> journal_;
  PendingLogs pending_;
  std::vector<std::shared_ptr<LogTablet>> tablets_;
  std::map<int, BucketModel> models_;
};

#ifdef WEIR_SANITIZED
constexpr uint64_t kSeeds = 6;
#else
constexpr uint64_t kSeeds = 100;
#endif

// WEIR_SEED=n runs one history with its log.
TEST(LogCrash, NothingAcknowledgedIsLostWhenPowerFails) {
  if (const char* seed = std::getenv("WEIR_SEED")) {
    Simulation(std::stoull(seed), Durability::kDisk).Run(20);
    return;
  }
  SetLogLevel(kNothing);
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Simulation(seed, Durability::kDisk).Run(20);
    if (HasFailure()) return;
  }
}

TEST(LogCrash, AFullOrFailingDiskCostsNothingAcknowledgedAndHeals) {
  SetLogLevel(kNothing);
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Simulation(seed, Durability::kDisk).RunFaults(30);
    if (HasFailure()) return;
  }
}

TEST(LogCrash, NothingAcknowledgedIsLostWhenTheProcessDiesInOsMode) {
  SetLogLevel(kNothing);
  for (uint64_t seed = 1; seed <= kSeeds / 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Simulation(seed, Durability::kOs).Run(20);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace weir
