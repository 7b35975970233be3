#include "meta/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "io/faulty_file_system.h"
#include "meta/store_format.h"

namespace weir {
namespace {

using Call = FaultyFileSystem::Call;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr char kDirectory[] = "/data/meta";
constexpr StoreOptions kSmallFiles = {.log_bytes_min = 512};

std::unique_ptr<Store> OpenOrDie(FileSystem& files, const StoreOptions& options = {}) {
  auto store = Store::Open(files, kDirectory, options);
  EXPECT_TRUE(store.ok()) << store.error().message;
  return store.ok() ? std::move(*store) : nullptr;
}

Status Put(Store& store, std::string_view key, std::string_view value) {
  Transaction transaction;
  transaction.Put(key, value);
  return store.Commit(transaction);
}

std::string OnlyFile(FileSystem& files) {
  std::string found;
  const auto entries = files.List(kDirectory);
  for (const DirectoryEntry& entry : *entries) {
    if (!entry.is_directory) found = std::string(kDirectory) + "/" + entry.name;
  }
  return found;
}

TEST(Store, KeepsWhatWasCommittedOverARestart) {
  FaultyFileSystem files;
  {
    auto store = OpenOrDie(files);
    Transaction transaction;
    transaction.Put("a", "1");
    transaction.Put("b/1", std::string("\0\xff", 2));
    transaction.Put("b/2", "");
    transaction.Put("c", "gone");
    transaction.Delete("c");
    ASSERT_TRUE(store->Commit(transaction).ok());
  }
  auto store = OpenOrDie(files);
  EXPECT_EQ(store->Get("a"), "1");
  EXPECT_EQ(store->Get("c"), std::nullopt);
  EXPECT_THAT(store->Scan("b/"),
              ElementsAre(Pair("b/1", std::string("\0\xff", 2)), Pair("b/2", "")));
}

TEST(Store, ATransactionThatNeedsAKeyHappensOnlyWhileThatIsThere) {
  FaultyFileSystem files;
  auto store = OpenOrDie(files);
  Transaction needy;
  needy.Need("table");
  needy.Put("row", "1");
  EXPECT_EQ(store->Commit(needy).code(), ErrorCode::kCommitConflict);
  ASSERT_TRUE(Put(*store, "table", "t").ok());
  EXPECT_EQ(store->Get("row"), std::nullopt);
  ASSERT_TRUE(store->Commit(needy).ok());
  EXPECT_EQ(store->Get("row"), "1");
  Transaction drop;
  drop.Delete("table");
  drop.Delete("row");
  ASSERT_TRUE(store->Commit(drop).ok());
  EXPECT_EQ(store->Commit(needy).code(), ErrorCode::kCommitConflict);
  EXPECT_EQ(OpenOrDie(files)->Get("row"), std::nullopt);
}

TEST(Store, WhoNeedsAKeyAndWhoTakesItAwayNeverBothSucceed) {
  FaultyFileSystem files;
  auto store = OpenOrDie(files);
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(Put(*store, "table", "t").ok());
    Transaction drop;  // a row that is there goes with its table
    drop.Delete("table");
    drop.Delete("row");
    Transaction needy;
    needy.Need("table");
    needy.Put("row", "1");
    std::thread other([&] { EXPECT_TRUE(store->Commit(drop).ok()); });
    const Status done = store->Commit(needy);
    EXPECT_TRUE(done.ok() || done.code() == ErrorCode::kCommitConflict);
    other.join();
    EXPECT_EQ(store->Get("row"), std::nullopt);
  }
}

TEST(Store, WritesItsStateToANewFileWhenTheOldOneIsMostlyHistory) {
  FaultyFileSystem files;
  auto store = OpenOrDie(files, kSmallFiles);
  const std::string first = OnlyFile(files);
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(Put(*store, "key", std::to_string(i)).ok());
  EXPECT_NE(OnlyFile(files), first);
  EXPECT_LT(store->log_bytes(), 2048);
  EXPECT_EQ(files.List(kDirectory)->size(), 1u);
  store.reset();
  EXPECT_EQ(OpenOrDie(files)->Get("key"), "199");
}

TEST(Store, CommitsOfManyThreadsAllArrive) {
  FaultyFileSystem files;
  auto store = OpenOrDie(files, kSmallFiles);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&store, t] {
      for (int i = 0; i < 50; ++i)
        EXPECT_TRUE(Put(*store, std::to_string(t) + "/" + std::to_string(i), "x").ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  store.reset();
  EXPECT_EQ(OpenOrDie(files)->Scan("").size(), 200u);
}

// What a run of commits promised: transaction i sets both "x" and "y" to i.
int LastCommitted(FaultyFileSystem& files, int commits) {
  auto store = Store::Open(files, kDirectory, kSmallFiles);
  int acknowledged = -1;
  if (!store.ok()) return acknowledged;
  for (int i = 0; i < commits; ++i) {
    Transaction transaction;
    transaction.Put("x", std::to_string(i));
    transaction.Put("padding", std::string(static_cast<size_t>(i) * 37 % 1200,
                                           static_cast<char>('a' + i % 26)));
    transaction.Put("y", std::to_string(i));
    if (!(*store)->Commit(transaction).ok()) break;
    acknowledged = i;
  }
  return acknowledged;
}

void ExpectAtomicAndDurable(FaultyFileSystem& files, int acknowledged, const std::string& what) {
  auto store = Store::Open(files, kDirectory);
  ASSERT_TRUE(store.ok()) << what << ": " << store.error().message;
  const auto x = (*store)->Get("x");
  EXPECT_EQ(x, (*store)->Get("y")) << what << ": half a transaction";
  const int seen = x ? std::stoi(*x) : -1;
  // The transaction that was under way may have happened or not.
  EXPECT_GE(seen, acknowledged) << what << ": an acknowledged transaction is lost";
  EXPECT_LE(seen, acknowledged + 1) << what;
}

TEST(Store, SurvivesAKillAtEveryWrite) {
  constexpr int kCommits = 40;
  FaultyFileSystem whole;
  ASSERT_EQ(LastCommitted(whole, kCommits), kCommits - 1);
  for (int64_t nth = 0; nth <= whole.write_calls(); ++nth) {
    FaultyFileSystem files;
    files.StopAfter(nth);
    const int acknowledged = LastCommitted(files, kCommits);
    files.KillProcess();
    ExpectAtomicAndDurable(files, acknowledged, "killed after write call " + std::to_string(nth));
  }
}

TEST(Store, SurvivesPowerLossAtEveryWrite) {
  constexpr int kCommits = 40;
  FaultyFileSystem whole;
  ASSERT_EQ(LastCommitted(whole, kCommits), kCommits - 1);
  for (int64_t nth = 0; nth <= whole.write_calls(); ++nth) {
    for (unsigned seed = 0; seed < 8; ++seed) {
      FaultyFileSystem files;
      files.StopAfter(nth);
      const int acknowledged = LastCommitted(files, kCommits);
      std::mt19937_64 random(seed);
      files.LosePower(random);
      ExpectAtomicAndDurable(
          files, acknowledged,
          "power lost after write call " + std::to_string(nth) + ", seed " + std::to_string(seed));
    }
  }
}

TEST(Store, GoesOnWhenThereIsSpaceAgain) {
  FaultyFileSystem files;
  auto store = OpenOrDie(files);
  ASSERT_TRUE(Put(*store, "a", "1").ok());
  files.set_space_left(10);
  EXPECT_EQ(Put(*store, "b", "2").code(), ErrorCode::kDiskWriteLocked);
  EXPECT_EQ(Put(*store, "b", "3").code(), ErrorCode::kDiskWriteLocked);
  EXPECT_EQ(store->Get("b"), std::nullopt);
  files.set_space_left(-1);
  ASSERT_TRUE(Put(*store, "c", "4").ok());
  store.reset();
  EXPECT_THAT(OpenOrDie(files)->Scan(""), ElementsAre(Pair("a", "1"), Pair("c", "4")));
}

TEST(Store, NeverSyncsAFileAgainWhoseSyncFailed) {
  FaultyFileSystem files;
  auto store = OpenOrDie(files);
  ASSERT_TRUE(Put(*store, "a", "1").ok());
  const std::string before = OnlyFile(files);
  files.FailCall(Call::kSync, 1, ErrorCode::kStorage);
  EXPECT_EQ(Put(*store, "b", "2").code(), ErrorCode::kStorage);
  ASSERT_TRUE(Put(*store, "c", "3").ok());
  EXPECT_NE(OnlyFile(files), before);
  std::mt19937_64 random(1);
  files.LosePower(random);
  EXPECT_THAT(OpenOrDie(files)->Scan(""), ElementsAre(Pair("a", "1"), Pair("c", "3")));
}

TEST(Store, ACommitThatFailedDoesNotHappenAtTheNextStart) {
  for (const Call kind : {Call::kWrite, Call::kSync}) {
    FaultyFileSystem files;
    auto store = OpenOrDie(files);
    ASSERT_TRUE(Put(*store, "a", "1").ok());
    files.FailCall(kind, 1, ErrorCode::kStorage);
    EXPECT_EQ(Put(*store, "a", "2").code(), ErrorCode::kStorage);
    EXPECT_FALSE(store->undecided());
    store.reset();
    files.KillProcess();
    EXPECT_EQ(OpenOrDie(files)->Get("a"), "1");
  }
}

TEST(Store, ACommitThatFailedIsCutOffWhenThereIsNoSpaceForANewFile) {
  FaultyFileSystem files;
  auto store = OpenOrDie(files);
  ASSERT_TRUE(Put(*store, "a", "1").ok());
  files.FailCall(Call::kSync, 1, ErrorCode::kStorage);
  files.FailCall(Call::kCreate, 1, ErrorCode::kDiskWriteLocked, FaultyFileSystem::Until::kForEver);
  EXPECT_EQ(Put(*store, "a", "2").code(), ErrorCode::kStorage);
  EXPECT_FALSE(store->undecided());
  store.reset();
  files.KillProcess();
  EXPECT_EQ(OpenOrDie(files)->Get("a"), "1");
}

TEST(Store, SaysSoAndRefusesAllWhenItCannotTakeACommitBack) {
  FaultyFileSystem files;
  auto store = OpenOrDie(files);
  ASSERT_TRUE(Put(*store, "a", "1").ok());
  files.FailCall(Call::kSync, 1, ErrorCode::kStorage, FaultyFileSystem::Until::kForEver);
  EXPECT_EQ(Put(*store, "a", "2").code(), ErrorCode::kStorage);
  EXPECT_TRUE(store->undecided());
  EXPECT_EQ(Put(*store, "b", "1").code(), ErrorCode::kStorage);
  EXPECT_EQ(store->Settle().code(), ErrorCode::kStorage);
  EXPECT_EQ(store->Get("a"), "1");

  files.ClearFaults();
  EXPECT_TRUE(store->Settle().ok());
  EXPECT_FALSE(store->undecided());
  ASSERT_TRUE(Put(*store, "b", "2").ok());
  store.reset();
  EXPECT_THAT(OpenOrDie(files)->Scan(""), ElementsAre(Pair("a", "1"), Pair("b", "2")));
}

// A run of commits that goes on after each refusal: what must be there afterwards, and what may.
struct Promised {
  int acknowledged = -1;
  bool undecided = false;
};

Promised CommitOn(FaultyFileSystem& files, int commits) {
  Promised promised;
  auto store = Store::Open(files, kDirectory, kSmallFiles);
  for (int i = 0; store.ok() && i < commits; ++i) {
    Transaction transaction;
    transaction.Put("x", std::to_string(i));
    transaction.Put("padding", std::string(static_cast<size_t>(i) * 37 % 1200, 'p'));
    const bool undecided = (*store)->undecided();
    if ((*store)->Commit(transaction).ok()) {
      EXPECT_FALSE((*store)->undecided());
      promised.acknowledged = i;
    }
    promised.undecided = undecided || (*store)->undecided();
  }
  return promised;
}

// Runs with one fault, then a start after kill -9 (seed 0) or power loss.
void ExpectOnlyWhatWasAcknowledged(Call kind, int64_t nth, FaultyFileSystem::Until until) {
  constexpr int kCommits = 25;
  for (const unsigned power_lost : {0U, 1U, 2U, 3U}) {
    SCOPED_TRACE(fmt::format("call of kind {}, number {}, for ever {}, power lost {}",
                             static_cast<int>(kind), nth,
                             until == FaultyFileSystem::Until::kForEver, power_lost));
    FaultyFileSystem files;
    files.FailCall(kind, nth, ErrorCode::kStorage, until);
    const Promised promised = CommitOn(files, kCommits);
    // One fault that passes can always be made good.
    if (until == FaultyFileSystem::Until::kOnce) EXPECT_FALSE(promised.undecided);
    std::mt19937_64 random(power_lost);
    files.KillProcess();
    if (power_lost > 0) files.LosePower(random);
    auto store = OpenOrDie(files);
    ASSERT_NE(store, nullptr);
    const int seen = std::stoi(store->Get("x").value_or("-1"));
    const int at_most = promised.acknowledged + (promised.undecided ? 1 : 0);
    ASSERT_GE(seen, promised.acknowledged);
    ASSERT_LE(seen, at_most);
  }
}

TEST(Store, WhateverCallFailsTheNextStartFindsWhatWasAcknowledgedAndNothingElse) {
  for (const Call kind : {Call::kOpen, Call::kWrite, Call::kSync, Call::kSyncDirectory,
                          Call::kCreate, Call::kTruncate, Call::kRename, Call::kRemove}) {
    for (int64_t nth = 1; nth <= 50; ++nth) {
      ExpectOnlyWhatWasAcknowledged(kind, nth, FaultyFileSystem::Until::kOnce);
      ExpectOnlyWhatWasAcknowledged(kind, nth, FaultyFileSystem::Until::kForEver);
    }
  }
}

TEST(Store, WhatAStartFoundIsDurableBeforeAnythingIsBuiltOnIt) {
  constexpr int kCommits = 25;
  FaultyFileSystem whole;
  LastCommitted(whole, kCommits);
  for (int64_t nth = 0; nth <= whole.write_calls(); ++nth) {
    for (unsigned seed = 0; seed < 4; ++seed) {
      FaultyFileSystem files;
      ASSERT_TRUE(files.CreateDirectories("/data").ok());
      ASSERT_TRUE(files.SyncDirectory("/").ok());
      files.StopAfter(nth);
      LastCommitted(files, kCommits);
      files.KillProcess();
      const auto seen = OpenOrDie(files)->Scan("");
      std::mt19937_64 random(seed);
      files.LosePower(random);
      ASSERT_EQ(OpenOrDie(files)->Scan(""), seen)
          << "killed after write call " << nth << ", seed " << seed;
    }
  }
}

TEST(Store, EveryFlippedByteIsNoticedOrDoesNotMatter) {
  FaultyFileSystem pristine;
  {
    auto store = OpenOrDie(pristine);
    ASSERT_TRUE(Put(*store, "a", "1").ok());
    ASSERT_TRUE(Put(*store, "b", "2").ok());
  }
  const std::string path = OnlyFile(pristine);
  const std::string good = *ReadFile(pristine, path);
  for (size_t at = 0; at < good.size(); ++at) {
    FaultyFileSystem files;
    ASSERT_TRUE(files.CreateDirectories(kDirectory).ok());
    ASSERT_TRUE(ReplaceFile(files, path, good).ok());
    files.Damage(path, static_cast<int64_t>(at),
                 std::string(1, static_cast<char>(good[at] ^ 0x10)));
    const auto store = Store::Open(files, kDirectory);
    if (store.ok()) {
      EXPECT_EQ(good[at], 0) << "flipped byte " << at;  // between transactions
      EXPECT_THAT((*store)->Scan(""), ElementsAre(Pair("a", "1"), Pair("b", "2")))
          << "flipped byte " << at;
    } else {
      EXPECT_THAT(store.error().message, HasSubstr(path));
    }
  }
}

TEST(Store, SavesWhatLiesBeforeADamage) {
  FaultyFileSystem files;
  {
    auto store = OpenOrDie(files);
    ASSERT_TRUE(Put(*store, "a", "1").ok());
    ASSERT_TRUE(Put(*store, "b", "2").ok());
    ASSERT_TRUE(Put(*store, "c", "3").ok());
  }
  const std::string path = OnlyFile(files);
  files.Damage(path, 2 * kMetaSectorBytes + sizeof(TransactionHeader) + 5,
               "Z");  // the key of the second
  const auto refused = Store::Open(files, kDirectory);
  ASSERT_EQ(refused.code(), ErrorCode::kStorage);
  EXPECT_THAT(refused.error().message, HasSubstr("offset=1024"));

  const std::string saved =
      std::string(kDirectory) + "/quarantine/" + path.substr(path.rfind('/') + 1) + ".up_to_1024";
  ASSERT_THAT(refused.error().message, HasSubstr(saved));
  ASSERT_TRUE(files.Rename(saved, path).ok());
  EXPECT_THAT(OpenOrDie(files)->Scan(""), ElementsAre(Pair("a", "1")));
}

TEST(Store, RefusesAFormatItDoesNotKnowAndLeavesItAlone) {
  FaultyFileSystem files;
  OpenOrDie(files);
  const std::string path = OnlyFile(files);
  files.Damage(path, offsetof(MetaFileHeader, version), std::string("\x02\0\0\0", 4));
  const std::string before = *ReadFile(files, path);
  const auto refused = Store::Open(files, kDirectory);
  EXPECT_THAT(refused.error().message, HasSubstr("newer format"));
  EXPECT_EQ(*ReadFile(files, path), before);
}

TEST(StoreFormat, OneTransactionIsThePageInTheDocs) {
  std::string payload;
  EncodeMetaOp(MetaOpKind::kPut, "a", "1", payload);
  std::string bytes = EncodeMetaFileHeader(1);
  EncodeTransaction(1, payload, bytes);
  ASSERT_EQ(bytes.size(), 2 * kMetaSectorBytes);
  const auto hex = [&bytes](size_t from, size_t count) {
    std::string out;
    for (const char c : bytes.substr(from, count))
      out += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return out;
  };
  EXPECT_EQ(hex(0, 32),
            "574549524d455441"
            "01000000"
            "00000000"
            "0100000000000000"
            "00000000"
            "5797f7ef");
  EXPECT_EQ(hex(512, 24),
            "574d5854"
            "0b000000"
            "0100000000000000"
            "fdb9af68"
            "771b59a0");
  EXPECT_EQ(hex(536, 15),
            "01"
            "01000000"
            "61"
            "01000000"
            "31"
            "574ddde0");
}

}  // namespace
}  // namespace weir
