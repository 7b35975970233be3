#include "record/arrow_rounding.h"

#include <gtest/gtest.h>

#include "record/arrow_batch_reader.h"
#include "record/arrow_batch_writer.h"
#include "record/log_batch.h"
#include "record/random_rows.h"
#include "record/schema.h"

namespace weir {
namespace {

Schema SchemaOf(std::span<const DataType> types) {
  Schema::Parts parts;
  for (size_t i = 0; i < types.size(); ++i)
    parts.columns.push_back({.name = "c" + std::to_string(i), .type = types[i]});
  return *Schema::Make(std::move(parts));
}

/// The row in bytes, as a batch would give it back; nothing when no batch takes it.
std::optional<std::string> ThroughArrow(std::span<const DataType> types,
                                        std::span<const Value> row) {
  const Schema schema = SchemaOf(types);
  const auto writer = *ArrowBatchWriter::Create(schema, SchemaId(1), {});
  if (!writer->Append(row, ChangeType::kInsert).ok()) return std::nullopt;
  std::string batch;
  EXPECT_TRUE(writer->Finish({}, batch).ok());
  StampLogBatch(batch.data(), {});
  const auto reader = *ArrowBatchReader::Create(schema);
  EXPECT_TRUE(reader->Open(*LogBatchView::Parse(batch)).ok());
  std::string bytes;
  EXPECT_TRUE(RowEncoder(RowFormat::kCompacted, {types.begin(), types.end()})
                  .Encode(*reader->Row(0), bytes)
                  .ok());
  return bytes;
}

TEST(ArrowRounding, ARoundedRowIsWhatAnArrowBatchGivesBack) {
  int rounded_rows = 0;
  int same_rows = 0;
  for (uint32_t seed = 0; seed < 10'000; ++seed) {
    RandomRows random(seed);
    const std::vector<DataType> types = random.Types(4, 2);
    std::vector<Value> row = random.Row(types, RowFormat::kCompacted);
    const auto expected = ThroughArrow(types, row);
    if (!expected) continue;
    std::string before, after;
    const RowEncoder encoder(RowFormat::kCompacted, types);
    ASSERT_TRUE(encoder.Encode(row, before).ok());
    ArrowRounding rounding(types);
    const auto rounded = rounding.Round(row);
    ASSERT_TRUE(rounded.ok());
    ASSERT_TRUE(encoder.Encode(row, after).ok());
    ASSERT_EQ(after, *expected) << "seed=" << seed;
    ASSERT_EQ(*rounded, before != after) << "seed=" << seed;
    ++(*rounded ? rounded_rows : same_rows);
  }
  EXPECT_GT(rounded_rows, 300);
  EXPECT_GT(same_rows, 300);
}

TEST(ArrowRounding, EveryKindOfLossIsKnown) {
  const auto rounded = [](DataType type, Value value) {
    const DataType types[] = {std::move(type)};
    ArrowRounding rounding(types);
    Value row[] = {value};
    const bool changed = *rounding.Round(row);
    EXPECT_EQ(changed, !(row[0] == value));
    if (row[0].kind() == Value::Kind::kBytes) return std::string(row[0].bytes());
    if (row[0].kind() == Value::Kind::kInt) return std::to_string(row[0].integer());
    return fmt::format("{} {}", row[0].timestamp_ms(), row[0].timestamp_nanos());
  };
  using enum TypeKind;
  EXPECT_EQ(rounded(DataType::Temporal(kTime, 0), Value::Int(1999)), "1000");
  EXPECT_EQ(rounded(DataType::Temporal(kTime, 1), Value::Int(1999)), "1999");
  EXPECT_EQ(rounded(DataType::Temporal(kTimestamp, 0), Value::Timestamp(-1999)), "-1000 0");
  EXPECT_EQ(rounded(DataType::Temporal(kTimestamp, 3), Value::Timestamp(1999)), "1999 0");
  EXPECT_EQ(rounded(DataType::Temporal(kTimestamp, 6), Value::Timestamp(-1, 123'456)), "-1 123000");
  EXPECT_EQ(rounded(DataType::Temporal(kTimestampLtz, 4), Value::Timestamp(1, 123'456)),
            "1 123000");
  EXPECT_EQ(rounded(DataType::Temporal(kTimestamp, 9), Value::Timestamp(1, 123'456)), "1 123456");
  EXPECT_EQ(rounded(DataType::Binary(4), Value::Bytes("ab")), std::string("ab\0\0", 4));
  EXPECT_EQ(rounded(DataType::Binary(2), Value::Bytes("ab")), "ab");
  EXPECT_EQ(rounded(DataType::Decimal(20, 0), Value::Bytes(BytesView("\0\0\x07", 3))), "\x07");
  EXPECT_EQ(rounded(DataType::Decimal(20, 0), Value::Bytes("\xff\xff\x80")), "\x80");
  EXPECT_EQ(rounded(DataType::Decimal(20, 0), Value::Bytes(BytesView("\0\x80", 2))),
            std::string("\0\x80", 2));
}

}  // namespace
}  // namespace weir
