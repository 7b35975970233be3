#include "storage/journal.h"

#include <gtest/gtest.h>

#include <random>

#include "base/log.h"
#include "io/faulty_file_system.h"
#include "storage/journal_format.h"

namespace weir {
namespace {

class JournalTest : public ::testing::Test {
 protected:
  JournalTest() { SetLogLevel(LogLevel::kError); }
  ~JournalTest() override { SetLogLevel(LogLevel::kInfo); }

  void Open() {
    journal_.reset();
    replayed_.clear();
    auto journal = Journal::Open(
        files_, "/journal", {.file_bytes = 32 * KiB, .first_file_bytes = 8 * KiB, .files_max = 4},
        [&](const ReplayedEntry& entry) -> Status {
          EXPECT_EQ(entry.directory, "db/t-1/log-" + std::to_string(entry.bucket.bucket));
          replayed_.emplace_back(entry.bucket.bucket, std::string(entry.records));
          return {};
        });
    ASSERT_TRUE(journal.ok()) << journal.error().message;
    journal_ = std::move(*journal);
  }

  Result<Journal::Sequence> Write(int bucket, std::string text) {
    const std::string directory = "db/t-1/log-" + std::to_string(bucket);
    const std::vector<BytesView> pieces = {BytesView(text).substr(0, text.size() / 2),
                                           BytesView(text).substr(text.size() / 2)};
    const JournalEntry entry{.bucket = {.table = TableId(1), .bucket = bucket},
                             .directory = directory,
                             .base_offset = 5,
                             .end_offset = 6,
                             .pieces = pieces};
    return journal_->Write(std::span(&entry, 1));
  }

  using Replayed = std::vector<std::pair<int, std::string>>;
  FaultyFileSystem files_;
  std::unique_ptr<Journal> journal_;
  Replayed replayed_;
};

TEST_F(JournalTest, ReplaysWhatWasWrittenInOrder) {
  Open();
  ASSERT_TRUE(Write(1, "one").ok());
  ASSERT_TRUE(Write(2, "two").ok());
  Open();
  EXPECT_EQ(replayed_, (Replayed{{1, "one"}, {2, "two"}}));
  ASSERT_TRUE(Write(3, "three").ok());
  Open();
  EXPECT_EQ(replayed_, (Replayed{{1, "one"}, {2, "two"}, {3, "three"}}));
}

TEST_F(JournalTest, ASuccessfulWriteSurvivesPowerLoss) {
  std::mt19937_64 random(3);
  Open();
  Replayed expected;
  for (int i = 0; i < 50; ++i) {
    const std::string text(random() % 9000, static_cast<char>('a' + i % 26));
    if (Write(i, text).ok()) expected.emplace_back(i, text);
    if (i % 7 == 0) {
      journal_->Release(journal_->last_sequence());
      expected.clear();
      ASSERT_TRUE(Write(i, "kept").ok());  // carries the release
      expected.emplace_back(i, "kept");
    }
    if (i % 5 == 0) {
      files_.LosePower(random);
      Open();
      EXPECT_EQ(replayed_, expected) << i;
    }
  }
}

TEST_F(JournalTest, ATornRecordIsNotReplayed) {
  Open();
  ASSERT_TRUE(Write(1, "one").ok());
  ASSERT_TRUE(Write(2, std::string(5000, 'x')).ok());
  files_.Damage("/journal/00000001.journal", 2 * kJournalBlockBytes + 10, "?");
  Open();
  EXPECT_EQ(replayed_, (Replayed{{1, "one"}}));
}

TEST_F(JournalTest, DamageInTheMiddleCostsOnlyThatRecord) {
  Open();
  for (int i = 1; i <= 3; ++i) ASSERT_TRUE(Write(i, "text").ok());
  files_.Damage("/journal/00000001.journal", kJournalBlockBytes + 50, "?");
  Open();
  EXPECT_EQ(replayed_, (Replayed{{1, "text"}, {3, "text"}}));
}

TEST_F(JournalTest, FilesAreUsedAgainAndOldRecordsStayDead) {
  Open();
  ASSERT_TRUE(journal_->PrepareNextFile().ok());
  for (int round = 0; round < 100; ++round) {
    ASSERT_TRUE(Write(round, std::string(3000, 'r')).ok());
    journal_->Release(journal_->last_sequence() - 1);
  }
  EXPECT_LE(journal_->file_count(), 3);
  const auto files = files_.List("/journal");
  EXPECT_LE(files->size(), 3u);
  Open();
  // The release of 99 was still to be written down when the server stopped.
  EXPECT_EQ(replayed_.front().first, 98);
  EXPECT_EQ(replayed_.back().first, 99);
}

TEST_F(JournalTest, WithoutReleasesItRefusesInsteadOfGrowingForEver) {
  Open();
  Status status;
  int written = 0;
  for (; written < 1000; ++written) {
    const auto sequence = Write(1, std::string(4000, 'r'));
    if (sequence.ok()) continue;
    EXPECT_EQ(sequence.code(), ErrorCode::kStorage);
    break;
  }
  EXPECT_GT(written, 8);
  EXPECT_LT(written, 100);
  journal_->Release(journal_->last_sequence());
  EXPECT_TRUE(Write(1, "again").ok());
}

TEST_F(JournalTest, AfterAFailedSyncTheRecordGoesToAnotherFile) {
  Open();
  ASSERT_TRUE(Write(1, "one").ok());
  files_.FailCall(FaultyFileSystem::Call::kSync, 1, ErrorCode::kStorage);
  ASSERT_TRUE(Write(2, "two").ok());
  std::mt19937_64 random(5);
  files_.LosePower(random);
  Open();
  EXPECT_EQ(replayed_.back(), (std::pair<int, std::string>(2, "two")));
  EXPECT_EQ(replayed_.front(), (std::pair<int, std::string>(1, "one")));
}

TEST_F(JournalTest, WhenTheDiskRefusesTwiceTheWriteFails) {
  Open();
  ASSERT_TRUE(Write(1, "one").ok());
  files_.FailCall(FaultyFileSystem::Call::kSync, 1, ErrorCode::kStorage,
                  FaultyFileSystem::Until::kForEver);
  EXPECT_FALSE(Write(2, "two").ok());
  files_.ClearFaults();
  EXPECT_TRUE(Write(3, "three").ok());
}

TEST_F(JournalTest, AStartWithoutAJournalWritesNoFile) {
  Open();
  EXPECT_TRUE(files_.List("/journal")->empty());
}

}  // namespace
}  // namespace weir
