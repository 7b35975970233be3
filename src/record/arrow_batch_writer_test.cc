#include "record/arrow_batch_writer.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "record/arrow_batch_check.h"
#include "record/arrow_buffer_codec.h"
#include "record/binary_array.h"
#include "record/golden_batches.h"
#include "record/row_format.h"

namespace weir {
namespace {

using testing::ElementsAreArray;

LogCompression CompressionOf(const std::string& file) {
  if (file.find("lz4") != std::string::npos) return {.type = LogCompressionType::kLz4Frame};
  if (file.find("zstd") != std::string::npos) return {.type = LogCompressionType::kZstd};
  return {.type = LogCompressionType::kNone};
}

void CopyRows(const Schema& schema, const LogBatchView& batch, ArrowBatchWriter& writer) {
  const auto reader = *ArrowBatchReader::Create(schema);
  ASSERT_TRUE(reader->Open(batch).ok());
  for (int32_t i = 0; i < reader->row_count(); ++i) {
    const Status appended = writer.Append(*reader->Row(i), reader->change(i));
    ASSERT_TRUE(appended.ok()) << appended.error().message;
  }
}

// Read a batch and write its rows again.
std::string Rewrite(const Schema& schema, const LogBatchView& batch, LogCompression compression) {
  const auto writer = *ArrowBatchWriter::Create(schema, SchemaId(1), compression);
  CopyRows(schema, batch, *writer);
  std::string out;
  EXPECT_TRUE(writer->Finish({.writer_id = 7, .batch_sequence = 3}, out).ok());
  StampLogBatch(out.data(), {.base_offset = batch.header().base_offset});
  return out;
}

std::vector<std::string> PlainBuffers(const Schema& schema, const LogBatchView& batch) {
  const auto parts = CheckArrowBatch(batch, ArrowLayout(schema));
  EXPECT_TRUE(parts.ok());
  std::vector<std::string> plain;
  for (size_t i = 0; i < parts->message.buffer_count(); ++i) {
    const ArrowBuffer& place = parts->message.buffers()[i];
    BytesView stored = parts->body.substr(static_cast<size_t>(int64_t{place.offset}),
                                          static_cast<size_t>(int64_t{place.length}));
    int64_t declared = kStoredRaw;
    if (parts->message.compression() != LogCompressionType::kNone && !stored.empty()) {
      declared = LoadLe<int64_t>(stored.data());
      stored.remove_prefix(kBufferPrefixBytes);
    }
    std::string bytes(declared == kStoredRaw ? stored : BytesView());
    if (declared != kStoredRaw) {
      bytes.resize(static_cast<size_t>(declared));
      EXPECT_TRUE(
          DecompressBuffer(parts->message.compression(), stored, bytes.data(), bytes.size()).ok());
    }
    plain.push_back(bytes);
  }
  return plain;
}

TEST(ArrowBatchWriter, UncompressedBatchesAreTheJavaClientsToTheByte) {
  for (const auto& [file, rows] : ArrowGoldens()) {
    const std::string golden = GoldenFile(file);
    const auto batch = LogBatchView::Parse(golden);
    if (file.find("none") == std::string::npos || batch->header().magic != 0) continue;
    EXPECT_EQ(Rewrite(ReadGoldenRows(rows).schema, *batch, CompressionOf(file)), golden) << file;
  }
}

// Rows of few bytes may be large in Arrow's layout, and a batch no reader takes must not be written.
TEST(ArrowBatchWriter, ABatchStaysSuchThatReadersTakeIt) {
  constexpr int32_t kWidth = 64 * MiB;
  const Schema schema = *Schema::Make(
      {.columns = {{.name = "a", .type = DataType::Array(DataType::Of(TypeKind::kInt))},
                   {.name = "b", .type = DataType::Binary(kWidth)}}});
  const auto writer = *ArrowBatchWriter::Create(schema, SchemaId(1),
                                                {.type = LogCompressionType::kZstd, .level = 1});
  const auto reader = *ArrowBatchReader::Create(schema);
  for (int round = 0; round < 2; ++round) {
    const Value row[] = {Value::Null(), round == 0 ? Value::Null() : Value::Bytes("x")};
    int rows = 0;
    Status appended;
    for (; rows < 9; ++rows) {
      appended = writer->Append(row, ChangeType::kInsert);
      if (!appended.ok()) break;
    }
    EXPECT_EQ(appended.code(), ErrorCode::kRecordTooLarge);
    EXPECT_EQ(rows, 4);
    EXPECT_EQ(writer->row_count(), 4);
    std::string batch;
    ASSERT_TRUE(writer->Finish({}, batch).ok());
    StampLogBatch(batch.data(), {});
    ASSERT_TRUE(reader->Open(*LogBatchView::Parse(batch)).ok());
    ASSERT_EQ(reader->row_count(), 4);
    const auto last = reader->Row(3);
    ASSERT_TRUE(last.ok());
    EXPECT_EQ((*last)[1].is_null(), round == 0);
  }
}

TEST(ArrowBatchWriter, ARowThatUnfoldsBeyondAllBoundsLeavesTheBatchAsItWas) {
  const DataType wide = DataType::Binary(64 * MiB);
  const Schema schema = *Schema::Make({.columns = {{.name = "a", .type = DataType::Array(wide)}}});
  const auto writer = *ArrowBatchWriter::Create(schema, SchemaId(1), {});
  const std::vector<Value> nulls(9, Value::Null());
  std::string one, nine;
  ASSERT_TRUE(AppendArray(wide, std::span(nulls).first(1), RowFormat::kCompacted, one).ok());
  ASSERT_TRUE(AppendArray(wide, nulls, RowFormat::kCompacted, nine).ok());
  const Value small[] = {Value::Nested(one, RowFormat::kCompacted)};
  const Value large[] = {Value::Nested(nine, RowFormat::kCompacted)};
  ASSERT_TRUE(writer->Append(small, ChangeType::kInsert).ok());
  EXPECT_EQ(writer->Append(large, ChangeType::kInsert).code(), ErrorCode::kRecordTooLarge);
  ASSERT_TRUE(writer->Append(small, ChangeType::kInsert).ok());
  std::string batch;
  ASSERT_TRUE(writer->Finish({}, batch).ok());
  StampLogBatch(batch.data(), {});
  const auto reader = *ArrowBatchReader::Create(schema);
  ASSERT_TRUE(reader->Open(*LogBatchView::Parse(batch)).ok());
  ASSERT_EQ(reader->row_count(), 2);
  EXPECT_EQ(reader->Row(1)->front().bytes(), one);
}

TEST(ArrowBatchWriter, SmallCompressedBatchesAreTheJavaClientsToTheByte) {
  for (const char* codec : {"lz4_frame", "zstd"}) {
    for (const char* kind : {"append", "changes"}) {
      const std::string file = fmt::format("small_{}_{}_v0.bin", codec, kind);
      const std::string golden = GoldenFile(file);
      const Schema schema = ReadGoldenRows(fmt::format("small_{}", kind)).schema;
      EXPECT_EQ(Rewrite(schema, *LogBatchView::Parse(golden), CompressionOf(file)), golden) << file;
    }
  }
}

TEST(ArrowBatchWriter, CompressedBuffersHoldTheJavaClientsBytes) {
  for (const char* file :
       {"types_lz4_frame.bin", "types_zstd.bin", "wide_lz4_frame.bin", "wide_zstd.bin"}) {
    const std::string golden = GoldenFile(file);
    const Schema schema =
        ReadGoldenRows(std::string(file).substr(0, file[0] == 't' ? 5 : 4)).schema;
    const auto batch = LogBatchView::Parse(golden);
    const std::string written = Rewrite(schema, *batch, CompressionOf(file));
    const auto ours = LogBatchView::Parse(written);
    ASSERT_TRUE(ours.ok());
    EXPECT_TRUE(CheckAppend(*ours).ok());
    EXPECT_THAT(PlainBuffers(schema, *ours), ElementsAreArray(PlainBuffers(schema, *batch)))
        << file;
    EXPECT_LE(written.size(), golden.size() + golden.size() / 10) << file;
  }
}

TEST(ArrowBatchWriter, AWriterStartsAfreshAfterFinish) {
  const std::string golden = GoldenFile("types_none.bin");
  const Schema schema = ReadGoldenRows("types").schema;
  const auto batch = LogBatchView::Parse(golden);
  const auto writer =
      *ArrowBatchWriter::Create(schema, SchemaId(1), {.type = LogCompressionType::kNone});
  std::string batches;
  for (int i = 0; i < 3; ++i) {
    CopyRows(schema, *batch, *writer);
    EXPECT_GE(writer->bytes_estimate(), golden.size());
    ASSERT_TRUE(writer->Finish({.writer_id = 7, .batch_sequence = 3}, batches).ok());
    EXPECT_EQ(writer->row_count(), 0);
  }
  EXPECT_EQ(batches.size(), 3 * golden.size());
  EXPECT_EQ(batches.substr(8, golden.size() - 8), golden.substr(8));
  EXPECT_EQ(batches.substr(0, golden.size()), batches.substr(2 * golden.size()));
}

TEST(ArrowBatchWriter, WithoutRowsABatchIsEmpty) {
  const auto writer = *ArrowBatchWriter::Create(SchemaFromSql("a INT"), SchemaId(4), {});
  std::string out = "before";
  ASSERT_TRUE(writer->Finish({.writer_id = 1, .batch_sequence = 2}, out).ok());
  EXPECT_EQ(out, "before" + EmptyLogBatch(SchemaId(4), 1, 2));
}

struct Misfit {
  const char* column;
  Value value;
};

TEST(ArrowBatchWriter, AValueThatCannotStandInItsColumnLeavesTheBatchAsItWas) {
  const std::string large_decimal(16, '\x7f');
  const std::vector<Misfit> misfits = {
      {"INT", Value::Bytes("1")},
      {"STRING", Value::Bytes("\xff")},
      {"STRING", Value::Bytes("\xc0\x80")},
      {"BINARY(2)", Value::Bytes("abc")},
      {"DECIMAL(3, 0)", Value::Int(1000)},
      {"DECIMAL(3, 0)", Value::Int(-1000)},
      {"DECIMAL(20, 0)", Value::Bytes(large_decimal)},
      {"DECIMAL(20, 0)", Value::Bytes("12345678901234567")},
      {"TIME(3)", Value::Int(-1)},
      {"TIME(3)", Value::Int(86'400'000)},
      {"TIMESTAMP(9)", Value::Timestamp(INT64_MAX / 1000)},
      {"ARRAY<INT>", Value::Nested("abc", RowFormat::kCompacted)},
      {"MAP<INT, INT>", Value::Nested("abc", RowFormat::kCompacted)},
      {"ROW<x STRING>", Value::Nested("", RowFormat::kCompacted)},
  };
  for (const auto& [column, misfit] : misfits) {
    const Schema schema = SchemaFromSql(fmt::format("a STRING, b {}, c INT", column));
    const auto writer =
        *ArrowBatchWriter::Create(schema, SchemaId(1), {.type = LogCompressionType::kNone});
    const auto append = [&](const Value& value) {
      const Value row[] = {Value::Bytes("text"), value, Value::Int(1)};
      return writer->Append(row, ChangeType::kInsert);
    };
    const auto batch_of_nulls = [&] {
      std::string out;
      EXPECT_TRUE(append(Value::Null()).ok());
      EXPECT_TRUE(append(Value::Null()).ok());
      EXPECT_TRUE(writer->Finish({}, out).ok());
      return out;
    };
    const std::string expected = batch_of_nulls();
    EXPECT_TRUE(append(Value::Null()).ok());
    EXPECT_EQ(append(misfit).code(), ErrorCode::kCorruptRecord) << column;
    EXPECT_EQ(writer->row_count(), 1);
    EXPECT_TRUE(append(Value::Null()).ok());
    std::string out;
    EXPECT_TRUE(writer->Finish({}, out).ok());
    EXPECT_EQ(out, expected) << column;
  }
}

TEST(ArrowBatchWriter, ANestedMisfitLeavesTheBatchAsItWas) {
  const Schema schema = SchemaFromSql("a ARRAY<STRING>, b ROW<x ARRAY<STRING>, y STRING>");
  const DataType& list = schema.column(0).type;
  const DataType& row = schema.column(1).type;
  const auto array_of = [&](std::vector<Value> elements) {
    std::string bytes;
    EXPECT_TRUE(AppendArray(list.element(), elements, RowFormat::kCompacted, bytes).ok());
    return bytes;
  };
  const std::string good =
      array_of({Value::Bytes("x"), Value::Null(), Value::Bytes("long enough to be outside")});
  const std::string bad = array_of({Value::Bytes("fine"), Value::Bytes("\xfe")});
  const auto nested = [&](const std::string& array, BytesView text) {
    const Value fields[] = {Value::Nested(array, RowFormat::kCompacted), Value::Bytes(text)};
    std::string bytes;
    EXPECT_TRUE(RowEncoder(RowFormat::kCompacted, {row.fields()[0].type, row.fields()[1].type})
                    .Encode(fields, bytes)
                    .ok());
    return bytes;
  };
  const auto writer =
      *ArrowBatchWriter::Create(schema, SchemaId(1), {.type = LogCompressionType::kNone});
  const auto append = [&](const std::string& array, const std::string& inner) {
    const Value values[] = {Value::Nested(array, RowFormat::kCompacted),
                            Value::Nested(inner, RowFormat::kCompacted)};
    return writer->Append(values, ChangeType::kInsert).code();
  };
  std::string expected;
  EXPECT_EQ(append(good, nested(good, "y")), ErrorCode::kNone);
  EXPECT_EQ(append(good, nested(good, "z")), ErrorCode::kNone);
  ASSERT_TRUE(writer->Finish({}, expected).ok());

  EXPECT_EQ(append(good, nested(good, "y")), ErrorCode::kNone);
  EXPECT_EQ(append(bad, nested(good, "y")), ErrorCode::kCorruptRecord);
  EXPECT_EQ(append(good, nested(bad, "y")), ErrorCode::kCorruptRecord);
  EXPECT_EQ(append(good, nested(good, "\xff")), ErrorCode::kCorruptRecord);
  EXPECT_EQ(append(good, nested(good, "z")), ErrorCode::kNone);
  std::string out;
  ASSERT_TRUE(writer->Finish({}, out).ok());
  EXPECT_EQ(out, expected);
}

// The Java client refuses linked LZ4 blocks, which only show up above 64 KiB.
TEST(ArrowBatchWriter, LargeLz4BuffersHaveIndependentBlocks) {
  const Schema schema = SchemaFromSql("a BIGINT, b STRING");
  const auto writer =
      *ArrowBatchWriter::Create(schema, SchemaId(1), {.type = LogCompressionType::kLz4Frame});
  for (int64_t i = 0; i < 40'000; ++i) {
    const std::string text = fmt::format("value {}", i % 100);
    const Value row[] = {Value::Int(i), Value::Bytes(text)};
    ASSERT_TRUE(writer->Append(row, ChangeType::kAppendOnly).ok());
  }
  std::string out;
  ASSERT_TRUE(writer->Finish({}, out).ok());
  const auto batch = LogBatchView::Parse(out);
  const auto parts = CheckArrowBatch(*batch, ArrowLayout(schema));
  ASSERT_TRUE(parts.ok());
  const char* const values = parts->body.data() + int64_t{parts->message.buffers()[1].offset};
  ASSERT_EQ(LoadLe<int64_t>(values), 40'000 * 8);
  EXPECT_EQ(LoadLe<uint32_t>(values + 8), 0x184d2204u) << "LZ4 frame";
  EXPECT_EQ(values[12] & 0x20, 0x20) << "block independence";
  EXPECT_EQ(LinesOf(schema, *batch)[39'999], "+A 39999|value 99");
}

}  // namespace
}  // namespace weir
