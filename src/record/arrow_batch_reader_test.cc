#include "record/arrow_batch_reader.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/util/compression.h>
#include <gmock/gmock.h>

#include "record/arrow_batch_check.h"
#include "record/golden_arrow.h"
#include "record/golden_batches.h"

namespace weir {
namespace {

using testing::ElementsAreArray;

TEST(ArrowBatchReader, RowsOfTheJavaClientAreReadAsItReadsThem) {
  for (const auto& [file, rows] : ArrowGoldens()) {
    const GoldenRows expected = ReadGoldenRows(rows);
    const std::string bytes = GoldenFile(file);
    const auto batch = LogBatchView::Parse(bytes);
    ASSERT_TRUE(batch.ok());
    EXPECT_THAT(LinesOf(expected.schema, *batch), ElementsAreArray(expected.lines)) << file;
  }
}

TEST(ArrowBatchReader, BatchesAreReadAsArrowItselfReadsThem) {
  for (const auto& [file, rows] : ArrowGoldens()) {
    const GoldenRows expected = ReadGoldenRows(rows);
    const std::string bytes = GoldenFile(file);
    const auto batch = LogBatchView::Parse(bytes);
    const auto read = (*ArrowBatchReader::Create(expected.schema))->Read(*batch);
    ASSERT_TRUE(read.ok()) << file << ": " << read.error().message;
    EXPECT_TRUE(read->rows->Equals(*ReadByArrow(expected.schema, *batch),
                                   arrow::EqualOptions().nans_equal(true)))
        << file;
    EXPECT_EQ(read->changes.size(), batch->header().append_only() ? 0 : expected.lines.size());
  }
}

std::vector<arrow::ipc::IpcWriteOptions> ArrowWriteOptions() {
  std::vector<arrow::ipc::IpcWriteOptions> all;
  for (const auto codec : {arrow::Compression::UNCOMPRESSED, arrow::Compression::LZ4_FRAME,
                           arrow::Compression::ZSTD}) {
    for (const int alignment : {8, 64}) {
      auto options = arrow::ipc::IpcWriteOptions::Defaults();
      options.alignment = alignment;
      if (codec != arrow::Compression::UNCOMPRESSED)
        options.codec = arrow::util::Codec::Create(codec).ValueOrDie();
      all.push_back(std::move(options));
    }
  }
  return all;
}

TEST(ArrowBatchReader, BatchesWrittenByArrowItselfAreRead) {
  const GoldenRows expected = ReadGoldenRows("types");
  const std::string bytes = GoldenFile("types_none.bin");
  const auto rows =
      (*ArrowBatchReader::Create(expected.schema))->Read(*LogBatchView::Parse(bytes))->rows;
  for (const auto& options : ArrowWriteOptions()) {
    const std::string written = BatchByArrow(*rows, options);
    const auto batch = LogBatchView::Parse(written);
    ASSERT_TRUE(CheckAppend(*batch).ok());
    const Status fits = CheckArrowAppend(*batch, ArrowLayout(expected.schema));
    ASSERT_TRUE(fits.ok()) << fits.error().message;
    const auto read = (*ArrowBatchReader::Create(expected.schema))->Read(*batch);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_TRUE(read->rows->Equals(*rows, arrow::EqualOptions().nans_equal(true)));
    EXPECT_EQ(LinesOf(expected.schema, *batch)[2].substr(3), expected.lines[2].substr(3));
  }
}

// Arrow's LZ4 codec links the blocks of buffers above 64 KiB.
TEST(ArrowBatchReader, LargeBatchesWrittenByArrowItselfAreRead) {
  const Schema schema = SchemaFromSql("a BIGINT, b STRING");
  arrow::Int64Builder numbers;
  arrow::StringBuilder texts;
  for (int64_t i = 0; i < 40'000; ++i) {
    ASSERT_TRUE(numbers.Append(i % 1000).ok());
    ASSERT_TRUE(texts.Append(fmt::format("value {}", i % 100)).ok());
  }
  const auto rows = arrow::RecordBatch::Make(
      ToArrowSchema(schema), 40'000, {numbers.Finish().ValueOrDie(), texts.Finish().ValueOrDie()});
  for (const auto& options : ArrowWriteOptions()) {
    const std::string written = BatchByArrow(*rows, options);
    const auto batch = LogBatchView::Parse(written);
    ASSERT_TRUE(CheckArrowAppend(*batch, ArrowLayout(schema)).ok());
    const auto read = (*ArrowBatchReader::Create(schema))->Read(*batch);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_TRUE(read->rows->Equals(*rows));
    EXPECT_EQ(LinesOf(schema, *batch)[39'999], "+A 999|value 99");
  }
}

TEST(ArrowBatchReader, ChosenColumnsComeInTheOrderAskedFor) {
  const GoldenRows expected = ReadGoldenRows("types");
  const std::string bytes = GoldenFile("types_zstd.bin");
  const std::vector<int32_t> positions{29, 27, 0, 8};
  const auto read =
      (*ArrowBatchReader::Create(expected.schema, positions))->Read(*LogBatchView::Parse(bytes));
  ASSERT_TRUE(read.ok());
  const auto all = ReadByArrow(expected.schema, *LogBatchView::Parse(bytes));
  EXPECT_TRUE(read->rows->Equals(**all->SelectColumns(positions)));
}

TEST(ArrowBatchReader, AnUnknownPositionIsRefused) {
  const Schema schema = SchemaFromSql("a INT");
  EXPECT_EQ(ArrowBatchReader::Create(schema, std::vector<int32_t>{1}).code(),
            ErrorCode::kInvalidColumnProjection);
  EXPECT_EQ(ArrowBatchReader::Create(schema, std::vector<int32_t>{-1}).code(),
            ErrorCode::kInvalidColumnProjection);
}

TEST(ArrowBatchReader, AnEmptyBatchHasNoRows) {
  const Schema schema = SchemaFromSql("a INT, b ARRAY<STRING>");
  const std::string bytes = EmptyLogBatch(SchemaId(1), -1, -1);
  const auto reader = *ArrowBatchReader::Create(schema);
  const auto read = reader->Read(*LogBatchView::Parse(bytes));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->rows->num_rows(), 0);
  EXPECT_EQ(read->rows->num_columns(), 2);
  ASSERT_TRUE(reader->Open(*LogBatchView::Parse(bytes)).ok());
  EXPECT_EQ(reader->row_count(), 0);
}

TEST(ArrowBatchReader, AReaderGoesFromBatchToBatch) {
  const GoldenRows expected = ReadGoldenRows("wide");
  const auto reader = *ArrowBatchReader::Create(expected.schema);
  for (const char* file :
       {"wide_zstd.bin", "wide_none.bin", "wide_lz4_frame.bin", "wide_zstd.bin"}) {
    const std::string bytes = GoldenFile(file);
    ASSERT_TRUE(reader->Open(*LogBatchView::Parse(bytes)).ok());
    ASSERT_EQ(reader->row_count(), 700);
    EXPECT_EQ("+A " + RowToText(expected.schema.columns(), *reader->Row(699)), expected.lines[699])
        << file;
  }
}

TEST(ArrowBatchReader, ABatchOfAnotherSchemaIsRefused) {
  const std::string bytes = GoldenFile("wide_none.bin");
  const auto batch = LogBatchView::Parse(bytes);
  for (const char* columns :
       {"a BIGINT, b STRING, c DOUBLE", "a BIGINT, b STRING, c DOUBLE, d BOOLEAN, e INT",
        "a BIGINT, b DOUBLE, c DOUBLE, d BOOLEAN",
        "a DECIMAL(9, 2), b STRING, c DOUBLE, d BOOLEAN"}) {
    const Schema schema = SchemaFromSql(columns);
    EXPECT_EQ((*ArrowBatchReader::Create(schema))->Read(*batch).code(), ErrorCode::kCorruptMessage)
        << columns;
    EXPECT_EQ(CheckArrowAppend(*batch, ArrowLayout(schema)).code(), ErrorCode::kCorruptMessage)
        << columns;
  }
  EXPECT_TRUE(CheckArrowAppend(*batch, ArrowLayout(ReadGoldenRows("wide").schema)).ok());
}

// Whatever the bytes, reading ends with rows or an error. Run under ASan this is the point of the
// checks.
TEST(ArrowBatchReader, DamagedBytesAreSurvived) {
  for (const char* name : {"types_none", "types_lz4_frame", "types_zstd"}) {
    const GoldenRows expected = ReadGoldenRows("types");
    const std::string good = GoldenFile(std::string(name) + ".bin");
    const auto reader = *ArrowBatchReader::Create(expected.schema);
    for (size_t at = 48; at < good.size(); ++at) {
      for (const char flip : {'\x01', '\x80', '\xff'}) {
        std::string bad = good;
        bad[at] ^= flip;
        const auto batch = LogBatchView::Parse(bad);
        if (!batch.ok()) continue;
        (void)reader->Read(*batch);
        if (!reader->Open(*batch).ok()) continue;
        for (int32_t i = 0; i < reader->row_count(); ++i) (void)reader->Row(i);
      }
    }
  }
}

TEST(ArrowBatchCheck, ABufferThatClaimsToUnpackToTooMuchIsRefused) {
  const GoldenRows expected = ReadGoldenRows("wide");
  std::string bytes = GoldenFile("wide_zstd.bin");
  const auto batch = LogBatchView::Parse(bytes);
  const ArrowLayout layout(expected.schema);
  const auto parts = CheckArrowBatch(*batch, layout);
  ASSERT_TRUE(parts.ok());
  const ArrowBuffer& names = parts->message.buffers()[4];  // bytes of column "name"
  char* const declared = bytes.data() + (parts->body.data() - bytes.data()) + int64_t{names.offset};
  StoreLe(declared, int64_t{1} << 40);
  EXPECT_EQ(CheckArrowBatch(*batch, layout).code(), ErrorCode::kCorruptMessage);
  StoreLe(declared, int64_t{-2});
  EXPECT_EQ(CheckArrowBatch(*batch, layout).code(), ErrorCode::kCorruptMessage);
}

TEST(ArrowBatchCheck, ABufferTooSmallForItsRowsIsRefused) {
  const GoldenRows expected = ReadGoldenRows("wide");
  std::string bytes = GoldenFile("wide_none.bin");
  const auto batch = LogBatchView::Parse(bytes);
  const ArrowLayout layout(expected.schema);
  const auto parts = CheckArrowBatch(*batch, layout);
  for (const size_t buffer : {0, 1, 3, 5, 6, 8}) {
    auto& place = const_cast<ArrowBuffer&>(parts->message.buffers()[buffer]);
    const int64_t length = place.length;
    place.length = length - 1;
    EXPECT_EQ(CheckArrowBatch(*batch, layout).code(), ErrorCode::kCorruptMessage) << buffer;
    place.length = length;
  }
  EXPECT_TRUE(CheckArrowBatch(*batch, layout).ok());
}

TEST(ArrowBatchCheck, UnknownChangeTypesAreRefused) {
  std::string bytes = GoldenFile("small_none_changes_v0.bin");
  bytes[48] = 5;
  const ArrowLayout layout(ReadGoldenRows("small_changes").schema);
  EXPECT_EQ(CheckArrowBatch(*LogBatchView::Parse(bytes), layout).code(),
            ErrorCode::kCorruptMessage);
}

}  // namespace
}  // namespace weir
