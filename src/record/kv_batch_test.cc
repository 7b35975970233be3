#include "record/kv_batch.h"

#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "base/hex.h"
#include "base/matchers.h"

namespace weir {
namespace {

// Made with the released Java client org.apache.fluss:fluss-client:1.0.0: COMPACTED, schema 1,
// writer 7, sequence 3; put key 01 -> row (1, 'x'), delete key 02.
std::string Golden() {
  return *FromHex(
      "280000000088870b800100000700000000000000030000000200000006000000010100010178020000000102");
}

std::string WithCrc(std::string batch) {
  StoreLe(batch.data() + offsetof(KvBatchHeader, crc), Crc32c(BytesView(batch).substr(9)));
  return batch;
}

TEST(KvBatch, ReadsABatchOfTheJavaClient) {
  const std::string bytes = Golden();
  const auto batch = KvBatchView::Parse(bytes);
  ASSERT_THAT(batch, IsOk());
  EXPECT_EQ(batch->schema_id(), SchemaId(1));
  EXPECT_EQ(batch->writer_id(), 7);
  EXPECT_EQ(batch->batch_sequence(), 3);
  EXPECT_EQ(batch->record_count(), 2);
  std::vector<KvRecord> records;
  for (const KvRecord& record : *batch) records.push_back(record);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].key, "\1");
  EXPECT_EQ(ToHex(records[0].row.value()), "00010178");
  EXPECT_EQ(records[1].key, "\2");
  EXPECT_FALSE(records[1].row.has_value());
}

TEST(KvBatch, BuildsTheBytesOfTheJavaClient) {
  KvBatchBuilder builder(SchemaId(1));
  builder.Upsert("\1", *FromHex("00010178"));
  builder.Delete("\2");
  EXPECT_EQ(builder.record_count(), 2);
  EXPECT_EQ(ToHex(builder.Finish(7, 3)), ToHex(Golden()));
}

TEST(KvBatch, TheBuilderStartsAnewAfterFinish) {
  KvBatchBuilder builder(SchemaId(1));
  builder.Delete("gone");
  builder.Finish();
  const std::string empty = builder.Finish();
  const auto batch = KvBatchView::Parse(empty);
  ASSERT_THAT(batch, IsOk());
  EXPECT_EQ(batch->record_count(), 0);
  EXPECT_EQ(batch->writer_id(), -1);
  EXPECT_TRUE(batch->begin() == batch->end());
}

TEST(KvBatch, EveryFlippedBitIsNoticed) {
  const std::string good = Golden();
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
    EXPECT_THAT(KvBatchView::Parse(bad), IsError(ErrorCode::kCorruptMessage)) << "bit " << bit;
  }
}

TEST(KvBatch, EveryTruncationIsNoticed) {
  const std::string good = Golden();
  for (size_t length = 0; length < good.size(); ++length) {
    EXPECT_THAT(KvBatchView::Parse(std::string(good.data(), length)),
                IsError(ErrorCode::kCorruptMessage))
        << length;
  }
  EXPECT_THAT(KvBatchView::Parse(good + "x"), IsError(ErrorCode::kCorruptMessage));
}

TEST(KvBatch, DamagedRecordsUnderARightCrcAreNoticed) {
  const std::string good = Golden();
  const size_t first = sizeof(KvBatchHeader);
  const std::pair<size_t, char> damages[] = {
      {first, 7},        // first record one byte too long
      {first, 5},        // too short
      {first + 3, -1},   // negative length
      {first + 4, 0},    // empty key
      {first + 4, 100},  // key longer than its record
      {24, 3},           // record count
  };
  for (const auto& [at, value] : damages) {
    std::string bad = good;
    bad[at] = value;
    EXPECT_THAT(KvBatchView::Parse(WithCrc(bad)), IsError(ErrorCode::kCorruptMessage))
        << at << " " << int{value};
  }
}

}  // namespace
}  // namespace weir
