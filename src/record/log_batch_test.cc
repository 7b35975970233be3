#include "record/log_batch.h"

#include <gmock/gmock.h>

#include "record/golden_batches.h"

namespace weir {
namespace {

TEST(LogBatch, HeadersOfTheJavaClientAreRead) {
  for (const int magic : {0, 1, 2}) {
    const std::string bytes = GoldenFile(fmt::format("small_none_changes_v{}.bin", magic));
    const auto batch = LogBatchView::Parse(bytes);
    ASSERT_TRUE(batch.ok()) << magic;
    const LogBatchHeader& header = batch->header();
    EXPECT_EQ(header.magic, magic);
    EXPECT_EQ(header.base_offset, 100);
    EXPECT_EQ(header.last_offset(), 101);
    EXPECT_EQ(header.next_offset(), 102);
    EXPECT_EQ(header.total_bytes, static_cast<int64_t>(bytes.size()));
    EXPECT_EQ(header.leader_epoch, -1);
    EXPECT_EQ(header.schema_id, SchemaId(1));
    EXPECT_EQ(header.writer_id, 7);
    EXPECT_EQ(header.batch_sequence, 3);
    EXPECT_EQ(header.record_count, 2);
    EXPECT_FALSE(header.append_only());
    EXPECT_EQ(batch->arrow_change_types(), BytesView("\x01\x04"));
    EXPECT_TRUE(CheckAppend(*batch).ok());
  }
}

TEST(LogBatch, OnlyTheFieldsTheLeaderStampsMayChange) {
  for (const int magic : {0, 1, 2}) {
    const std::string good = GoldenFile(fmt::format("small_none_append_v{}.bin", magic));
    const size_t crc_at = magic == 2 ? 25 : 21;
    for (size_t at = 0; at < good.size(); ++at) {
      if (at >= 8 && at < 13) continue;  // length and magic: another batch altogether
      std::string bad = good;
      bad[at] ^= 1;
      const auto batch = LogBatchView::Parse(bad);
      const bool accepted = batch.ok() && CheckAppend(*batch).ok();
      EXPECT_EQ(accepted, at < crc_at) << "magic " << magic << ", flipped byte " << at;
    }
  }
}

TEST(LogBatch, ABatchCutShortIsRefused) {
  const std::string good = GoldenFile("small_none_append_v2.bin");
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(LogBatchView::Parse(BytesView(good).substr(0, size)).code(),
              ErrorCode::kCorruptMessage)
        << size;
  }
}

TEST(LogBatch, AHeaderIsReadWithoutItsBatch) {
  const std::string good = GoldenFile("small_none_append_v2.bin");
  const auto header = LogBatchHeader::Parse(BytesView(good).substr(0, kLogBatchHeaderBytesMax));
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->total_bytes, static_cast<int64_t>(good.size()));
}

TEST(LogBatch, ImpossibleHeadersAreRefused) {
  const std::string good = GoldenFile("small_none_changes_v1.bin");
  const auto with = [&](size_t at, auto value) {
    std::string bad = good;
    StoreLe(bad.data() + at, value);
    return LogBatchView::Parse(bad).code();
  };
  EXPECT_EQ(with(8, int32_t{-1}), ErrorCode::kCorruptMessage) << "length";
  EXPECT_EQ(with(8, int32_t{39}), ErrorCode::kCorruptMessage) << "length";
  EXPECT_EQ(with(12, int8_t{3}), ErrorCode::kCorruptMessage) << "magic";
  EXPECT_EQ(with(12, int8_t{-1}), ErrorCode::kCorruptMessage) << "magic";
  EXPECT_EQ(with(28, int32_t{-1}), ErrorCode::kCorruptMessage) << "last offset delta";
  EXPECT_EQ(with(0, INT64_MAX), ErrorCode::kCorruptMessage) << "base offset";
  EXPECT_EQ(with(44, int32_t{-1}), ErrorCode::kCorruptMessage) << "record count";
  EXPECT_EQ(with(44, int32_t{1 << 20}), ErrorCode::kCorruptMessage) << "record count";
  EXPECT_EQ(with(48, int32_t{-1}), ErrorCode::kCorruptMessage) << "statistics";
  EXPECT_EQ(with(48, int32_t{1 << 20}), ErrorCode::kCorruptMessage) << "statistics";
}

TEST(LogBatch, AStampChangesNothingUnderTheCrc) {
  for (const int magic : {0, 1, 2}) {
    std::string bytes = GoldenFile(fmt::format("small_none_append_v{}.bin", magic));
    StampLogBatch(bytes.data(),
                  {.base_offset = 4711, .commit_timestamp = 1700000000123, .leader_epoch = 9});
    const auto batch = LogBatchView::Parse(bytes);
    ASSERT_TRUE(batch.ok());
    EXPECT_TRUE(batch->CheckCrc().ok());
    EXPECT_EQ(batch->header().base_offset, 4711);
    EXPECT_EQ(batch->header().commit_timestamp, 1700000000123);
    EXPECT_EQ(batch->header().leader_epoch, magic == 2 ? 9 : -1);
  }
}

TEST(LogBatch, WritingAReadHeaderGivesTheSameBytes) {
  for (const int magic : {0, 1, 2}) {
    const std::string good = GoldenFile(fmt::format("small_zstd_append_v{}.bin", magic));
    const auto header = *LogBatchHeader::Parse(good);
    std::string copy = good;
    std::fill_n(copy.begin(), header.header_bytes(), '\x55');
    WriteLogBatchHeader(copy.data(), copy.size(), header);
    EXPECT_EQ(copy, good) << magic;
  }
}

TEST(LogBatch, AnEmptyBatchIsTheJavaClients) {
  std::string golden = GoldenFile("small_empty.bin");
  StampLogBatch(golden.data(), {.base_offset = 0});
  EXPECT_EQ(EmptyLogBatch(SchemaId(1), 7, 3), golden);
  const auto batch = LogBatchView::Parse(golden);
  EXPECT_TRUE(CheckAppend(*batch).ok());
  EXPECT_TRUE(batch->empty());
  EXPECT_EQ(batch->header().next_offset(), 1) << "takes one offset";
}

TEST(LogBatch, StatisticsComeBeforeRecords) {
  const std::string bytes = GoldenFile("wide_statistics.bin");
  const auto batch = LogBatchView::Parse(bytes);
  ASSERT_TRUE(batch.ok());
  EXPECT_EQ(batch->header().magic, 1);
  EXPECT_EQ(batch->statistics().size(), static_cast<size_t>(batch->header().statistics_bytes));
  EXPECT_EQ(batch->statistics()[0], 1) << "statistics version";
  EXPECT_EQ(LoadLe<uint32_t>(batch->arrow_message().data()), 0xffffffff);
}

TEST(LogBatches, AllBatchesAndTheTruncatedTailAreWalked) {
  const std::string one = GoldenFile("small_none_append_v0.bin");
  const std::string two = GoldenFile("small_empty.bin");
  const std::string three = GoldenFile("small_none_changes_v2.bin");
  const std::string all = one + two + three;
  for (size_t size = 0; size <= all.size(); ++size) {
    LogBatches batches(BytesView(all).substr(0, size));
    size_t walked = 0;
    int count = 0;
    while (true) {
      const auto batch = batches.Next();
      ASSERT_TRUE(batch.ok()) << size;
      if (!*batch) break;
      walked += (*batch)->bytes().size();
      ++count;
    }
    const int whole =
        (size >= one.size()) + (size >= one.size() + two.size()) + (size == all.size());
    EXPECT_EQ(count, whole) << size;
    EXPECT_EQ(walked + batches.rest().size(), size);
  }
}

TEST(LogBatches, ACorruptBatchStopsTheWalkWhereItIs) {
  std::string all = GoldenFile("small_empty.bin") + GoldenFile("small_empty.bin");
  all[48 + 12] = 9;  // magic of the second
  LogBatches batches(all);
  EXPECT_TRUE(batches.Next()->has_value());
  EXPECT_EQ(batches.Next().code(), ErrorCode::kCorruptMessage);
  EXPECT_EQ(batches.rest().size(), 48u);
}

}  // namespace
}  // namespace weir
