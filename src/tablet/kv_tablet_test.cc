#include "tablet/kv_tablet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tablet/kv_test_bucket.h"

namespace weir {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// ---- The decision table of the server: what each record logs and leaves (full changelog)
// --------------------

TEST(KvTablet, UpsertsAndDeletesAreLoggedAsTheDecisionTableSays) {
  KvTestBucket bucket({});
  ASSERT_TRUE(bucket.Up("1,a,1").Up("2,b,2").Put().ok());
  ASSERT_TRUE(bucket.Up("1,c,3").Del("2").Del("3").Put().ok());
  EXPECT_THAT(bucket.Changelog(),
              ElementsAre("+I 1,a,1", "+I 2,b,2", "-U 1,a,1", "+U 1,c,3", "-D 2,b,2"));
  EXPECT_EQ(bucket.Get("1"), "1,c,3");
  EXPECT_EQ(bucket.Get("2"), "none");
  EXPECT_EQ(bucket.Get("3"), "none");
  EXPECT_EQ(bucket.kv().RowCount(), 1);
}

TEST(KvTablet, IdenticalRowsAreStillLogged) {
  KvTestBucket bucket({});
  ASSERT_TRUE(bucket.Up("1,a,1").Up("1,a,1").Put().ok());
  EXPECT_THAT(bucket.Changelog(), ElementsAre("+I 1,a,1", "-U 1,a,1", "+U 1,a,1"));
}

TEST(KvTablet, ABatchThatChangesNothingTakesOneOffset) {
  KvTestBucket bucket({});
  const auto put = bucket.Del("1").Put();
  ASSERT_TRUE(put.ok());
  EXPECT_EQ(put->end_offset, 1);
  EXPECT_EQ(bucket.log().end_offset(), 1);
  EXPECT_THAT(bucket.Changelog(), IsEmpty());
}

TEST(KvTablet, EndOffsetIsThatOfTheBatch) {
  KvTestBucket bucket({});
  EXPECT_EQ(bucket.Up("1,a,1").Up("2,a,1").Put()->end_offset, 2);
  EXPECT_EQ(bucket.Up("1,b,1").Put()->end_offset, 4);
}

TEST(KvTablet, ChangesOfOneKeyInOneBatchFollowEachOther) {
  KvTestBucket bucket({});
  ASSERT_TRUE(bucket.Up("1,a,1").Del("1").Up("1,b,2").Up("1,c,3").Put().ok());
  EXPECT_THAT(bucket.Changelog(),
              ElementsAre("+I 1,a,1", "-D 1,a,1", "+I 1,b,2", "-U 1,b,2", "+U 1,c,3"));
  EXPECT_EQ(bucket.Get("1"), "1,c,3");
  EXPECT_EQ(bucket.kv().RowCount(), 1);
}

TEST(KvTablet, DeletesAreIgnoredOrRefusedWhenTheTableSaysSo) {
  KvTestBucket ignoring({{"table.delete.behavior", "ignore"}});
  ASSERT_TRUE(ignoring.Up("1,a,1").Del("1").Put().ok());
  EXPECT_EQ(ignoring.Get("1"), "1,a,1");

  KvTestBucket refusing({{"table.delete.behavior", "disable"}});
  ASSERT_TRUE(refusing.Up("1,a,1").Put().ok());
  EXPECT_EQ(refusing.Up("1,b,1").Up("2,b,1").Del("1").Put().code(), ErrorCode::kDeletionDisabled);
  EXPECT_EQ(refusing.Get("1"), "1,a,1") << "the whole batch is refused";
  EXPECT_EQ(refusing.Get("2"), "none");
  EXPECT_EQ(refusing.kv().RowCount(), 1);
  EXPECT_EQ(refusing.log().end_offset(), 1);
  ASSERT_TRUE(refusing.Up("1,b,1").Put().ok()) << "and nothing of it is left for the next one";
  EXPECT_THAT(refusing.Changelog(1), ElementsAre("-U 1,a,1", "+U 1,b,1"));
}

TEST(KvTablet, FirstRowLogsOnlyInserts) {
  KvTestBucket bucket({{"table.merge-engine", "first_row"}});
  ASSERT_TRUE(bucket.Up("1,a,1").Up("1,b,2").Del("1").Up("2,c,3").Put().ok());
  EXPECT_THAT(bucket.Changelog(), ElementsAre("+I 1,a,1", "+I 2,c,3"));
}

TEST(KvTablet, VersionedLogsOnlyNewerRows) {
  KvTestBucket bucket(
      {{"table.merge-engine", "versioned"}, {"table.merge-engine.versioned.ver-column", "n"}});
  ASSERT_TRUE(bucket.Up("1,a,5").Up("1,b,4").Up("1,c,5").Up("1,d,-").Del("1").Put().ok());
  EXPECT_THAT(bucket.Changelog(), ElementsAre("+I 1,a,5", "-U 1,a,5", "+U 1,c,5"));
}

TEST(KvTablet, WalImageLogsUpdatesWithoutOldRowsAndCountsNothing) {
  KvTestBucket bucket({{"table.changelog.image", "wal"}});
  ASSERT_TRUE(bucket.Up("1,a,1").Up("1,b,2").Up("2,c,3").Del("1").Del("9").Put().ok());
  EXPECT_THAT(bucket.Changelog(), ElementsAre("+U 1,a,1", "+U 1,b,2", "+U 2,c,3", "-D 1,b,2"));
  EXPECT_EQ(bucket.kv().RowCount().code(), ErrorCode::kInvalidTable);
}

TEST(KvTablet, WalImageStillSaysInsertWhereTheOldRowWasLookedUp) {
  KvTestBucket bucket({{"table.changelog.image", "wal"}});
  const std::vector<int32_t> targets = {0, 1};
  ASSERT_TRUE(bucket.Up("1,a,-").Up("1,b,-").Put({.target_columns = targets}).ok());
  EXPECT_THAT(bucket.Changelog(), ElementsAre("+I 1,a,-", "+U 1,b,-"));
}

TEST(KvTablet, PartialUpdatesAndDeletesTouchTheirTargetsOnly) {
  KvTestBucket bucket({});
  const std::vector<int32_t> name = {0, 1};
  const std::vector<int32_t> number = {0, 2};
  ASSERT_TRUE(bucket.Up("1,a,-").Put({.target_columns = name}).ok());
  ASSERT_TRUE(bucket.Up("1,-,7").Put({.target_columns = number}).ok());
  EXPECT_EQ(bucket.Get("1"), "1,a,7");
  ASSERT_TRUE(bucket.Del("1").Put({.target_columns = name}).ok());
  EXPECT_EQ(bucket.Get("1"), "1,-,7");
  ASSERT_TRUE(bucket.Del("1").Put({.target_columns = number}).ok());
  EXPECT_EQ(bucket.Get("1"), "none");
  EXPECT_THAT(bucket.Changelog(),
              ElementsAre("+I 1,a,-", "-U 1,a,-", "+U 1,a,7", "-U 1,a,7", "+U 1,-,7", "-D 1,-,7"));
}

// ---- Writers, damage, failure
// -------------------------------------------------------------------------------

TEST(KvTablet, ARepeatedBatchChangesNothingAndGetsItsOldOffset) {
  KvTestBucket bucket({});
  const std::string batch = bucket.Up("1,a,1").Batch(7, 0);
  const auto first = bucket.kv().Put(batch);
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(bucket.Up("1,b,1").Put({}, 7, 1).ok());
  const auto again = bucket.kv().Put(batch);
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->duplicate);
  EXPECT_EQ(again->end_offset, first->end_offset);
  EXPECT_EQ(bucket.Get("1"), "1,b,1");
  EXPECT_EQ(bucket.Up("2,a,1").Put({}, 7, 5).code(), ErrorCode::kOutOfOrderSequence);
  EXPECT_EQ(bucket.Get("2"), "none");
}

TEST(KvTablet, ADamagedBatchIsRefusedWhole) {
  KvTestBucket bucket({});
  std::string batch = bucket.Up("1,a,1").Batch();
  batch.back() ^= 1;
  EXPECT_EQ(bucket.kv().Put(batch).code(), ErrorCode::kCorruptMessage);
  KvBatchBuilder bad_row(SchemaId(1));
  bad_row.Upsert(bucket.EncodeKey({"1"}), bucket.EncodeRow({"1", "a", "1"}));
  bad_row.Upsert(bucket.EncodeKey({"2"}), BytesView("\x00\x02", 2));
  EXPECT_EQ(bucket.kv().Put(bad_row.Finish()).code(), ErrorCode::kCorruptRecord);
  EXPECT_EQ(bucket.Get("1"), "none");
  EXPECT_EQ(bucket.log().end_offset(), 0);
}

TEST(KvTablet, AKeyThatIsNotTheRowsIsRefused) {
  KvTestBucket bucket({});
  KvBatchBuilder builder(SchemaId(1));
  builder.Upsert(bucket.EncodeKey({"2"}), bucket.EncodeRow({"1", "a", "1"}));
  EXPECT_EQ(bucket.kv().Put(builder.Finish()).code(), ErrorCode::kCorruptRecord);
}

TEST(KvTablet, AnUnknownSchemaIsRefused) {
  KvTestBucket bucket({});
  KvBatchBuilder builder(SchemaId(2));
  builder.Delete(bucket.EncodeKey({"1"}));
  EXPECT_EQ(bucket.kv().Put(builder.Finish()).code(), ErrorCode::kSchemaNotExist);
}

// ---- Schemas
// ------------------------------------------------------------------------------------------------

TEST(KvTablet, OldRowsReadAsNullInNewColumns) {
  KvTestBucket bucket({});
  ASSERT_TRUE(bucket.Up("1,a,1").Up("2,b,2").Put().ok());
  const std::string late = bucket.Up("3,c,3").Batch();
  auto columns = KvTestBucket::DefaultSchema();
  bucket.SetTable(
      {}, *Schema::Make(
              {.columns = {columns.column(0),
                           columns.column(1),
                           columns.column(2),
                           {.name = "extra", .type = DataType::Of(TypeKind::kString), .id = 3}},
               .primary_key = {"id"}}));
  EXPECT_EQ(bucket.Get("1"), "1,a,1,-");
  ASSERT_TRUE(bucket.kv().Put(late).ok()) << "a writer that does not know the new schema yet";
  ASSERT_TRUE(bucket.Up("1,a,9,x").Del("2").Put().ok());
  EXPECT_THAT(bucket.Changelog(), ElementsAre("+I 1,a,1,-", "+I 2,b,2,-", "+I 3,c,3,-",
                                              "-U 1,a,1,-", "+U 1,a,9,x", "-D 2,b,2,-"));
  bucket.Restart();
  EXPECT_EQ(bucket.Get("1"), "1,a,9,x");
  EXPECT_EQ(bucket.Get("3"), "3,c,3,-");
  EXPECT_EQ(bucket.kv().RowCount(), 2);
}

// ---- Formats
// ------------------------------------------------------------------------------------------------

class KvTabletFormats : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(KvTabletFormats, LogAndRowsSurviveARestart) {
  const auto [log_format, kv_format] = GetParam();
  KvTestBucket bucket({{"table.log.format", log_format}, {"table.kv.format", kv_format}});
  ASSERT_TRUE(bucket.Up("1,a,1").Up("2,-,-").Up("1,b,2").Del("2").Up("3,c,-").Put().ok());
  const std::vector<std::string> before = bucket.Changelog();
  EXPECT_THAT(before,
              ElementsAre("+I 1,a,1", "+I 2,-,-", "-U 1,a,1", "+U 1,b,2", "-D 2,-,-", "+I 3,c,-"));
  bucket.Restart();
  EXPECT_EQ(bucket.Changelog(), before);
  EXPECT_THAT(bucket.LimitScan(10), ElementsAre("1,b,2", "3,c,-"));
}

INSTANTIATE_TEST_SUITE_P(Formats, KvTabletFormats,
                         testing::Values(std::pair("ARROW", "COMPACTED"),
                                         std::pair("ARROW", "INDEXED"),
                                         std::pair("COMPACTED", "COMPACTED"),
                                         std::pair("INDEXED", "INDEXED"),
                                         std::pair("COMPACTED", "INDEXED")));

// ---- Auto-increment
// -----------------------------------------------------------------------------------------

Schema Dictionary() {
  return *Schema::Make({.columns = {{.name = "word", .type = DataType::Of(TypeKind::kString)},
                                    {.name = "id", .type = DataType::Of(TypeKind::kInt)}},
                        .primary_key = {"word"},
                        .auto_increment = {"id"}});
}

TEST(KvTablet, LookupOrInsertNumbersNewKeysOnce) {
  KvTestBucket bucket({}, Dictionary());
  const std::vector<std::string> words = {"b", "a", "b", "c"};
  const auto look = [&] {
    std::vector<std::string> keys;
    for (const auto& word : words) keys.push_back(bucket.EncodeKey({word}));
    const std::vector<BytesView> views(keys.begin(), keys.end());
    EXPECT_TRUE(bucket.kv()
                    .LookupOrInsert(
                        views, [](size_t, const BytesView* value) { EXPECT_NE(value, nullptr); })
                    .ok());
  };
  look();
  EXPECT_EQ(bucket.Get("b"), "b,1");
  EXPECT_EQ(bucket.Get("a"), "a,2");
  EXPECT_EQ(bucket.Get("c"), "c,3");
  look();
  EXPECT_THAT(bucket.Changelog(), ElementsAre("+I b,1", "+I a,2", "+I c,3"));
}

TEST(KvTablet, NumbersGoOnAfterARestartAndAreNeverRepeated) {
  KvTestBucket bucket({{"table.auto-increment.cache-size", "10"}}, Dictionary());
  const std::vector<int32_t> targets = {0};
  std::set<std::string> seen;
  for (int i = 0; i < 60; ++i) {
    const std::string word = "w" + std::to_string(i);
    ASSERT_TRUE(bucket.Up(word + ",-").Put({.target_columns = targets}).ok());
    EXPECT_TRUE(seen.insert(KvTestBucket::Parse(bucket.Get(word))[1]).second) << bucket.Get(word);
    if (i % 7 == 3) {
      ASSERT_TRUE(bucket.WriteBack().ok());
    }
    if (i % 5 == 4) bucket.Restart();
  }
}

TEST(KvTablet, ARestartGoesOnInTheBlockOfTheCheckpoint) {
  KvTestBucket bucket({}, Dictionary());
  const std::vector<int32_t> targets = {0};
  ASSERT_TRUE(bucket.Up("a,-").Put({.target_columns = targets}).ok());
  ASSERT_TRUE(bucket.WriteBack().ok());
  ASSERT_TRUE(bucket.Up("b,-").Put({.target_columns = targets}).ok());
  bucket.Restart();
  ASSERT_TRUE(bucket.Up("c,-").Put({.target_columns = targets}).ok());
  EXPECT_EQ(bucket.Get("c"), "c,3");
}

// ---- Ordered reads and scans
// --------------------------------------------------------------------------------

TEST(KvTablet, OrderedReadsMergeMemoryAndDisk) {
  KvTestBucket bucket({});
  ASSERT_TRUE(bucket.Up("1,a,1").Up("2,a,1").Up("3,a,1").Up("4,a,1").Put().ok());
  ASSERT_TRUE(bucket.WriteBack().ok());
  ASSERT_TRUE(bucket.Up("2,b,1").Del("3").Up("5,b,1").Del("9").Put().ok());
  EXPECT_THAT(bucket.LimitScan(10), ElementsAre("1,a,1", "2,b,1", "4,a,1", "5,b,1"));
  EXPECT_THAT(bucket.LimitScan(2), ElementsAre("1,a,1", "2,b,1"));
  EXPECT_THAT(bucket.LimitScan(0), IsEmpty());
  // Fewer rows than were asked for mean that there are no more: never say so for want of space.
  const auto two_rows = static_cast<int64_t>(bucket.kv().LimitScan(2, 1000)->records.size());
  EXPECT_TRUE(bucket.kv().LimitScan(2, two_rows).ok());
  EXPECT_EQ(bucket.kv().LimitScan(2, two_rows - 1).code(), ErrorCode::kRecordTooLarge);
  EXPECT_EQ(bucket.kv().LimitScan(INT32_MAX, two_rows).code(), ErrorCode::kRecordTooLarge);
}

Schema TwoKeys() {
  return *Schema::Make({.columns = {{.name = "a", .type = DataType::Of(TypeKind::kString)},
                                    {.name = "b", .type = DataType::Of(TypeKind::kInt)},
                                    {.name = "v", .type = DataType::Of(TypeKind::kString)}},
                        .primary_key = {"a", "b"}});
}

TEST(KvTablet, PrefixLookupsFindAllRowsOfThePrefix) {
  KvTestBucket bucket({}, TwoKeys());
  ASSERT_TRUE(bucket.Up("x,1,p").Up("x,2,p").Up("y,1,p").Put().ok());
  ASSERT_TRUE(bucket.WriteBack().ok());
  ASSERT_TRUE(bucket.Up("x,3,q").Del("x,1").Up("x,2,r").Put().ok());
  const auto prefix = [](char text) { return std::string{1, text}; };
  EXPECT_THAT(bucket.Prefix(prefix('x')), ElementsAre("x,2,r", "x,3,q"));
  EXPECT_THAT(bucket.Prefix(prefix('y')), ElementsAre("y,1,p"));
  EXPECT_THAT(bucket.Prefix(prefix('z')), IsEmpty());
  int visited = 0;
  ASSERT_TRUE(bucket.kv().PrefixLookup(prefix('x'), [&](BytesView) { return ++visited < 1; }).ok());
  EXPECT_EQ(visited, 1);
}

std::vector<std::string> ScanAll(KvTestBucket& bucket, ScanPage page) {
  std::vector<std::string> rows = bucket.BatchText(page.records);
  for (int32_t sequence = 1; page.has_more; ++sequence) {
    page = *bucket.kv().ContinueScan(page.scanner_id, sequence, 20);
    for (auto& row : bucket.BatchText(page.records)) rows.push_back(std::move(row));
  }
  std::ranges::sort(rows);
  return rows;
}

TEST(KvTablet, AScanSeesTheStateOfTheMomentItWasOpened) {
  KvTestBucket bucket({});
  ASSERT_TRUE(bucket.Up("1,a,1").Up("2,a,1").Up("3,a,1").Put().ok());
  ASSERT_TRUE(bucket.WriteBack().ok());
  ASSERT_TRUE(bucket.Up("2,b,1").Del("3").Up("4,b,1").Put().ok());
  const auto page = bucket.kv().OpenScan({.bytes_max = 1});
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->log_offset, bucket.log().end_offset());
  EXPECT_TRUE(page->has_more);
  for (int i = 0; i < 50; ++i)
    ASSERT_TRUE(bucket.Up("1,c,1").Up("2,c,1").Up("3,c,1").Del("4").Up("5,c,1").Put().ok());
  ASSERT_TRUE(bucket.WriteBack().ok());
  EXPECT_THAT(ScanAll(bucket, *page), ElementsAre("1,a,1", "2,b,1", "4,b,1"));
}

TEST(KvTablet, ScanRulesAreKept) {
  KvTestBucket bucket({}, {}, {.scans_per_bucket_max = 2});
  auto empty = bucket.kv().OpenScan({.bytes_max = 100});
  ASSERT_TRUE(empty.ok());
  EXPECT_FALSE(empty->has_more);
  EXPECT_TRUE(empty->scanner_id.empty());
  ASSERT_TRUE(bucket.Up("1,a,1").Up("2,a,1").Up("3,a,1").Put().ok());
  EXPECT_EQ(bucket.kv().OpenScan({.bytes_max = 0}).code(), ErrorCode::kInvalidScanRequest);
  const auto first = bucket.kv().OpenScan({.bytes_max = 1});
  EXPECT_EQ(first->scanner_id.size(), 32u);
  EXPECT_EQ(bucket.kv().ContinueScan(first->scanner_id, 2, 1).code(),
            ErrorCode::kInvalidScanRequest);
  EXPECT_EQ(bucket.kv().ContinueScan("who", 1, 1).code(), ErrorCode::kUnknownScannerId);
  const auto second = bucket.kv().OpenScan({.bytes_max = 1, .limit = 2});
  EXPECT_EQ(bucket.kv().OpenScan({.bytes_max = 1}).code(), ErrorCode::kTooManyScanners);
  EXPECT_EQ(ScanAll(bucket, *second).size(), 2u) << "the limit";
  bucket.clock().AdvanceMs(11 * 60 * 1000);
  EXPECT_EQ(bucket.kv().ContinueScan(first->scanner_id, 1, 1).code(), ErrorCode::kScannerExpired);
  const auto third = bucket.kv().OpenScan({.bytes_max = 1});
  bucket.kv().CloseScan(third->scanner_id);
  bucket.kv().CloseScan(third->scanner_id);
  EXPECT_EQ(bucket.environment().open_scans, 0);
}

// ---- What an answer has to wait for
// --------------------------------------------------------------------------

TEST(KvTablet, AnAnswerWaitsForTheNewestRowItShows) {
  KvTestBucket bucket({});
  ASSERT_TRUE(bucket.Up("1,a,1").Put().ok());
  ASSERT_TRUE(bucket.Up("2,a,1").Up("3,a,1").Del("3").Put().ok());
  const auto readable_at = [&](const std::string& key_row) {
    const std::string key = bucket.EncodeKey({key_row});
    const BytesView view = key;
    return *bucket.kv().Lookup(std::span(&view, 1), [](size_t, const BytesView*) {});
  };
  EXPECT_EQ(readable_at("1"), 1);
  EXPECT_EQ(readable_at("2"), 2);
  EXPECT_EQ(readable_at("3"), 4) << "the delete must be durable before somebody learns of it";
  EXPECT_EQ(readable_at("4"), 0);
  EXPECT_EQ(bucket.kv().LimitScan(1, 1 * MiB)->readable_at, 4);
}

// ---- Write-back
// ----------------------------------------------------------------------------------------------

TEST(KvTablet, NothingIsOpenedOrCreatedBeforeTheFirstWriteBack) {
  KvTestBucket bucket({});
  ASSERT_TRUE(bucket.Up("1,a,1").Put().ok());
  bucket.Get("1");
  bucket.LimitScan(1);
  EXPECT_FALSE(std::filesystem::exists(bucket.kv_dir()));
  EXPECT_LE(bucket.kv().memory_bytes(), 8 * KiB);
}

TEST(KvTablet, AWriteBackRaisesTheFlushedOffsetAndARestartReadsOnlyTheRest) {
  KvTestBucket bucket({});
  ASSERT_TRUE(bucket.Up("1,a,1").Up("2,a,1").Put().ok());
  EXPECT_EQ(bucket.kv().flushed_offset(), 0);
  ASSERT_TRUE(bucket.WriteBack().ok());
  EXPECT_EQ(bucket.kv().flushed_offset(), 2);
  ASSERT_TRUE(bucket.Del("1").Put().ok());
  bucket.Restart();
  EXPECT_EQ(bucket.kv().flushed_offset(), 2);
  EXPECT_EQ(bucket.Get("1"), "none");
  EXPECT_EQ(bucket.Get("2"), "2,a,1");
  EXPECT_EQ(bucket.kv().RowCount(), 1);
}

TEST(KvTablet, ChangesDuringAWriteBackAreKeptForTheNext) {
  KvTestBucket bucket({});
  ASSERT_TRUE(bucket.Up("1,a,1").Up("2,a,1").Put().ok());
  int done = 0;
  bucket.kv().StartWriteBack([&](const Status&) { ++done; });
  ASSERT_TRUE(bucket.Up("1,b,1").Del("2").Put().ok());
  bucket.kv().StartWriteBack([&](const Status&) { ++done; });
  bucket.RunBackground();
  EXPECT_EQ(bucket.Get("1"), "1,b,1");
  bucket.RunHome();
  EXPECT_EQ(done, 1);
  EXPECT_EQ(bucket.kv().flushed_offset(), 2);
  bucket.RunBackground();
  bucket.RunHome();
  EXPECT_EQ(done, 2);
  EXPECT_EQ(bucket.kv().flushed_offset(), 5);
  bucket.Restart();
  EXPECT_THAT(bucket.LimitScan(9), ElementsAre("1,b,1"));
}

TEST(KvTablet, NothingIsWrittenBackBeforeTheLogIsDurable) {
  KvTestBucket bucket({}, {}, {}, Durability::kDisk);
  ASSERT_TRUE(bucket.Up("1,a,1").Put().ok());
  bool done = false;
  bucket.kv().StartWriteBack([&](const Status& status) { done = status.ok(); });
  EXPECT_EQ(bucket.background_waiting(), 0u);
  EXPECT_EQ(bucket.log().high_watermark(), 0)
      << "the shard has not heard of the journal's success yet";
  EXPECT_EQ(bucket.Get("1"), "1,a,1");
  bucket.AwaitHome();
  bucket.RunHome();
  EXPECT_EQ(bucket.log().high_watermark(), 1);
  EXPECT_EQ(bucket.background_waiting(), 1u);
  bucket.RunBackground();
  bucket.RunHome();
  EXPECT_TRUE(done);
}

TEST(KvTablet, AFailedWriteBackIsTriedAgainLater) {
  KvTestBucket bucket({}, {}, {.write_back_log_bytes = 1});
  std::filesystem::create_directories(bucket.kv_dir() / "db" /
                                      "LOCK");  // RocksDB cannot lock a folder
  ASSERT_TRUE(bucket.Up("1,a,1").Put().ok());
  EXPECT_FALSE(bucket.WriteBack().ok());
  EXPECT_EQ(bucket.kv().flushed_offset(), 0);
  ASSERT_TRUE(bucket.Up("1,b,1").Put().ok());
  EXPECT_EQ(bucket.background_waiting(), 0u) << "not at once";
  std::filesystem::remove(bucket.kv_dir() / "db" / "LOCK");
  bucket.clock().AdvanceMs(60'000);
  ASSERT_TRUE(bucket.Up("2,b,1").Put().ok());
  EXPECT_EQ(bucket.background_waiting(), 1u);
  bucket.RunBackground();
  bucket.RunHome();
  EXPECT_EQ(bucket.kv().flushed_offset(), 3);
  bucket.Restart();
  EXPECT_THAT(bucket.LimitScan(9), ElementsAre("1,b,1", "2,b,1"));
}

TEST(KvTablet, ATabletMayGoWhileItsWriteBackWaits) {
  KvTestBucket bucket({}, {}, {}, Durability::kDisk);
  ASSERT_TRUE(bucket.Up("1,a,1").Put().ok());
  bucket.kv().StartWriteBack([](const Status&) { FAIL() << "nobody is left to be told"; });
  bucket.Restart();
  EXPECT_EQ(bucket.Get("1"), "1,a,1");
}

Schema SchemaWithTimes(std::vector<std::string> key) {
  return *Schema::Make({.columns = {{.name = "id", .type = DataType::Of(TypeKind::kInt)},
                                    {.name = "at", .type = DataType::Temporal(TypeKind::kTime, 0)}},
                        .primary_key = std::move(key)});
}

// Clients send what is finer than the column, and the log in ARROW has no room for it (INV-3).
TEST(KvTablet, RowsAreKeptAsTheLogKeepsThem) {
  KvTestBucket bucket({}, SchemaWithTimes({"id"}));
  ASSERT_TRUE(bucket.Up("1,1999").Up("2,2000").Up("1,3999").Put().ok());
  EXPECT_EQ(bucket.Get("1"), "1,3000");
  EXPECT_EQ(bucket.Get("2"), "2,2000");
  const auto rows = bucket.LimitScan(9);
  bucket.Restart();
  EXPECT_EQ(bucket.LimitScan(9), rows);

  KvTestBucket exact({{"table.log.format", "compacted"}}, SchemaWithTimes({"id"}));
  ASSERT_TRUE(exact.Up("1,1999").Put().ok());
  exact.Restart();
  EXPECT_EQ(exact.Get("1"), "1,1999");
}

TEST(KvTablet, AKeyThatTheLogWouldRoundIsRefused) {
  KvTestBucket bucket({}, SchemaWithTimes({"id", "at"}));
  ASSERT_TRUE(bucket.Up("1,2000").Put().ok());
  EXPECT_EQ(bucket.Up("2,2000").Up("1,1999").Put().code(), ErrorCode::kInvalidTargetColumn);
  EXPECT_THAT(bucket.LimitScan(9), ElementsAre("1,2000"));
  bucket.Restart();
  EXPECT_THAT(bucket.LimitScan(9), ElementsAre("1,2000"));
}

// A small request may ask for much: each of its updates logs a whole old row and a whole new one.
TEST(KvTablet, ABatchWhoseChangelogNobodyCouldReadIsRefused) {
  constexpr int32_t kTargets[] = {0, 2};
  for (const char* log_format : {"arrow", "compacted"}) {
    KvTestBucket bucket({{"table.log.format", log_format}});
    ASSERT_TRUE(bucket.Up("1," + std::string(1 * MiB, 'x') + ",0").Put().ok());
    for (int i = 1; i <= 1100; ++i) bucket.Up(fmt::format("1,-,{}", i));
    EXPECT_EQ(bucket.Put({.target_columns = kTargets}).code(), ErrorCode::kRecordTooLarge);
    EXPECT_EQ(bucket.log().end_offset(), 1);
    ASSERT_TRUE(bucket.Up("1,-,7").Put({.target_columns = kTargets}).ok());
    bucket.Restart();
    EXPECT_EQ(bucket.Get("1"), "1," + std::string(1 * MiB, 'x') + ",7");
  }
}

TEST(KvTablet, AWriteBackMayBeGivenUpWhenItIsThroughAndNobodyWasTold) {
  KvTestBucket bucket({});
  ASSERT_TRUE(bucket.Up("1,a,1").Put().ok());
  bucket.kv().StartWriteBack({});
  bucket.RunBackground();
  EXPECT_FALSE(bucket.kv().StopWriteBack(Fail(ErrorCode::kKvStorage, "enough")));
  bucket.RunHome();
  EXPECT_EQ(bucket.kv().flushed_offset(), 0);
  ASSERT_TRUE(bucket.WriteBack().ok());
  bucket.Restart();
  EXPECT_EQ(bucket.Get("1"), "1,a,1");
}

TEST(KvTablet, AWriteBackThatNoThreadHasBegunIsGivenUp) {
  int told = 0;
  KvTestBucket bucket({});
  ASSERT_TRUE(bucket.Up("1,a,1").Put().ok());
  const auto done = [&](const Status& status) { told += status.code() == ErrorCode::kKvStorage; };
  bucket.kv().StartWriteBack(done);
  bucket.kv().StartWriteBack(done);
  EXPECT_FALSE(bucket.kv().StopWriteBack(Fail(ErrorCode::kKvStorage, "enough")));
  EXPECT_EQ(told, 2);
  bucket.RunBackground();
  bucket.RunHome();
  EXPECT_EQ(bucket.kv().flushed_offset(), 0);
  EXPECT_FALSE(std::filesystem::exists(bucket.kv_dir()));
  ASSERT_TRUE(bucket.WriteBack().ok()) << "its rows count as changed again";
  EXPECT_EQ(bucket.kv().flushed_offset(), 1);
}

TEST(KvTablet, OldChangesAreWrittenBackSoThatTheLogMayExpire) {
  KvTestBucket bucket({});
  ASSERT_TRUE(bucket.Up("1,a,1").Put().ok());
  bucket.kv().Tick(bucket.clock().NowMs());
  EXPECT_EQ(bucket.background_waiting(), 0u);
  bucket.clock().AdvanceMs(2 * 3600 * 1000);
  bucket.kv().Tick(bucket.clock().NowMs());
  bucket.RunBackground();
  bucket.RunHome();
  EXPECT_EQ(bucket.kv().flushed_offset(), 1);
}

TEST(KvTablet, ACrashBetweenTheFolderAndItsCheckpointIsHarmless) {
  KvTestBucket bucket({});
  ASSERT_TRUE(bucket.Up("1,a,1").Up("2,a,1").Put().ok());
  ASSERT_TRUE(bucket.WriteBack().ok());
  const auto checkpoint = bucket.kv_dir() / "CHECKPOINT";
  std::filesystem::copy_file(checkpoint, checkpoint.string() + ".old");
  ASSERT_TRUE(bucket.Up("1,b,1").Del("2").Up("3,b,1").Put().ok());
  ASSERT_TRUE(bucket.WriteBack().ok());
  ASSERT_TRUE(bucket.Del("3").Put().ok());
  bucket.Crash();
  std::filesystem::rename(checkpoint.string() + ".old", checkpoint);
  bucket.Open();
  EXPECT_THAT(bucket.LimitScan(9), ElementsAre("1,b,1"));
  EXPECT_EQ(bucket.kv().RowCount(), 1);
}

TEST(KvTablet, ADamagedCheckpointIsRebuiltFromTheWholeLog) {
  KvTestBucket bucket({});
  ASSERT_TRUE(bucket.Up("1,a,1").Up("2,a,1").Put().ok());
  ASSERT_TRUE(bucket.WriteBack().ok());
  bucket.Crash();
  std::filesystem::resize_file(bucket.kv_dir() / "CHECKPOINT", 3);
  bucket.Open();
  EXPECT_THAT(bucket.LimitScan(9), ElementsAre("1,a,1", "2,a,1"));
}

TEST(KvTablet, RowsThatOutlivedADamagedLogAreRebuiltFromWhatIsLeft) {
  KvTestBucket bucket({});
  ASSERT_TRUE(bucket.Up("1,a,1").Put().ok());
  ASSERT_TRUE(bucket.Up("1,b,1").Up("2,b,1").Put().ok());
  ASSERT_TRUE(bucket.WriteBack().ok());
  const auto bytes = static_cast<uintmax_t>(bucket.log().bytes());
  bucket.Crash();
  std::filesystem::resize_file(bucket.log_dir() / "00000000000000000000.log", bytes - 10);
  bucket.Open();
  EXPECT_EQ(bucket.log().end_offset(), 1);
  EXPECT_THAT(bucket.LimitScan(9), ElementsAre("1,a,1"));
  EXPECT_EQ(bucket.kv().RowCount(), 1);
}

TEST(KvTablet, EvictedRowsAreReadBack) {
  KvTestBucket bucket({}, {}, {.hot_rows_bytes_max = 128 * KiB});
  const std::string filler(1000, 'x');
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 100; ++i)
      bucket.Up(fmt::format("{},{},{}", round * 100 + i, filler, round));
    ASSERT_TRUE(bucket.Put().ok());
    ASSERT_TRUE(bucket.WriteBack().ok());
  }
  for (int i = 0; i < 500; ++i)
    ASSERT_EQ(bucket.Get(std::to_string(i)), fmt::format("{},{},{}", i, filler, i / 100));
  ASSERT_TRUE(bucket.Up("0,new,0").Del("1").Up("999,new,0").Put().ok());
  EXPECT_EQ(bucket.kv().RowCount(), 500);
  EXPECT_THAT(bucket.Changelog(500), ElementsAre("-U 0," + filler + ",0", "+U 0,new,0",
                                                 "-D 1," + filler + ",0", "+I 999,new,0"));
  EXPECT_LT(bucket.kv().memory_bytes(), 512 * KiB);
}

TEST(KvTablet, BackPressureComesBeforeMemoryRunsOut) {
  KvTestBucket bucket({}, {}, {.hot_rows_bytes_max = 64 * KiB});
  ErrorCode code = ErrorCode::kNone;
  for (int i = 0; i < 1000 && code == ErrorCode::kNone; ++i) {
    code = bucket.Up(std::to_string(i) + "," + std::string(1000, 'x') + ",1").Put().code();
  }
  EXPECT_EQ(code, ErrorCode::kStorageBackpressure);
  ASSERT_TRUE(bucket.WriteBack().ok());
  EXPECT_EQ(bucket.Get("0").substr(0, 4), "0,xx");
  EXPECT_TRUE(bucket.Up("0,y,1").Put().ok());
}

}  // namespace
}  // namespace weir
