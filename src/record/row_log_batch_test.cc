#include "record/row_log_batch.h"

#include <gmock/gmock.h>

#include "record/golden_batches.h"
#include "record/row_format.h"

namespace weir {
namespace {

using testing::ElementsAreArray;

struct Case {
  const char* file;
  const char* rows;
  RowFormat format;
};
constexpr Case kCases[] = {{"small_compacted.bin", "small_append", RowFormat::kCompacted},
                           {"small_indexed.bin", "small_append", RowFormat::kIndexed},
                           {"types_compacted.bin", "types_rows", RowFormat::kCompacted},
                           {"types_indexed.bin", "types_rows", RowFormat::kIndexed}};

TEST(RowLogBatch, RecordsOfTheJavaClientAreReadAsItReadsThem) {
  for (const auto& [file, rows, format] : kCases) {
    const GoldenRows expected = ReadGoldenRows(rows);
    const std::string bytes = GoldenFile(file);
    const auto batch = LogBatchView::Parse(bytes);
    ASSERT_TRUE(CheckAppend(*batch).ok());
    const RowDecoder decoder(format, expected.schema.types());
    std::vector<Value> row(expected.schema.size());
    std::vector<std::string> lines;
    RowLogRecords records(*batch);
    for (auto record = records.Next(); record.ok() && *record; record = records.Next()) {
      ASSERT_TRUE(decoder.Decode((*record)->row, row).ok());
      lines.push_back(std::string(ShortName((*record)->change)) + " " +
                      RowToText(expected.schema.columns(), row));
    }
    EXPECT_THAT(lines, ElementsAreArray(expected.lines)) << file;
  }
}

TEST(RowLogBatch, WrittenBatchesAreTheJavaClientsToTheByte) {
  for (const auto& [file, rows, format] : kCases) {
    const std::string golden = GoldenFile(file);
    RowLogBatchWriter writer(SchemaId(1));
    for (int round = 0; round < 2; ++round) {  // a writer starts afresh after Finish
      RowLogRecords records(*LogBatchView::Parse(golden));
      for (auto record = records.Next(); *record; record = records.Next()) {
        ASSERT_TRUE(writer.Append((*record)->row, (*record)->change).ok());
      }
      EXPECT_EQ(writer.bytes_estimate(), golden.size());
      std::string out;
      writer.Finish({.writer_id = 7, .batch_sequence = 3}, out);
      EXPECT_EQ(out, golden) << file;
    }
  }
}

TEST(RowLogBatch, WithoutRowsABatchIsEmpty) {
  std::string out;
  RowLogBatchWriter(SchemaId(4)).Finish({.writer_id = 1, .batch_sequence = 2}, out);
  EXPECT_EQ(out, EmptyLogBatch(SchemaId(4), 1, 2));
}

TEST(RowLogBatch, DamagedRecordsAreRefused) {
  const std::string good = GoldenFile("small_indexed.bin");
  const auto first_error = [](const std::string& bytes) {
    return CheckRowAppend(*LogBatchView::Parse(bytes)).code();
  };
  EXPECT_EQ(first_error(good), ErrorCode::kNone);
  for (const int32_t length : {-1, 0, 1000, INT32_MAX}) {
    std::string bad = good;
    StoreLe(bad.data() + 48, length);
    EXPECT_EQ(first_error(bad), ErrorCode::kCorruptMessage) << length;
  }
  std::string bad = good;
  bad[52] = 5;
  EXPECT_EQ(first_error(bad), ErrorCode::kCorruptMessage) << "change type";
  bad = good;
  StoreLe(bad.data() + 44, int32_t{1});
  EXPECT_EQ(first_error(bad), ErrorCode::kCorruptMessage) << "bytes behind the last record";
  StoreLe(bad.data() + 44, int32_t{3});
  EXPECT_EQ(first_error(bad), ErrorCode::kCorruptMessage) << "a record is missing";
}

}  // namespace
}  // namespace weir
