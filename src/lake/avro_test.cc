#include "base/matchers.h"
#include "base/varint.h"
#include "lake/avro_reader.h"
#include "lake/avro_writer.h"

namespace weir::iceberg {
namespace {

using testing::ElementsAre;

constexpr std::string_view kSchema = R"({"type":"record","name":"r","fields":[
  {"name":"id","type":"long","field-id":7},
  {"name":"text","type":["null","string"],"default":null,"field-id":8},
  {"name":"list","type":{"type":"array","items":"int","element-id":9}},
  {"name":"fix","type":{"type":"fixed","name":"f4","size":4}},
  {"name":"again","type":"f4"},
  {"name":"real","type":"double"},
  {"name":"flag","type":"boolean"},
  {"name":"map","type":{"type":"map","values":"bytes"}}]})";

std::string Sample(AvroCodec codec, int records) {
  AvroWriter out(kSchema, {{"k", "v"}}, codec);
  for (int i = 0; i < records; ++i) {
    AvroEncoder& record = out.record();
    record.Long(-i);
    if (i % 2 == 0) {
      record.Null();
    } else {
      record.Some();
      record.String("row " + std::to_string(i));
    }
    record.BeginItems(2);
    record.Long(i);
    record.Long(INT32_MIN);
    record.EndItems();
    record.Fixed("abcd");
    record.Fixed("wxyz");
    record.Double(1.5);
    record.Bool(true);
    record.BeginItems(1);
    record.String("key");
    record.String("value");
    record.EndItems();
    out.EndRecord();
  }
  return std::move(out).Finish();
}

TEST(Avro, WhatIsWrittenWithAnyCodecIsRead) {
  for (const AvroCodec codec :
       {AvroCodec::kNull, AvroCodec::kDeflate, AvroCodec::kSnappy, AvroCodec::kZstandard}) {
    const std::string bytes = Sample(codec, 5000);
    const auto reader = AvroReader::Open(bytes);
    ASSERT_THAT(reader, IsOk());
    EXPECT_EQ(reader->Metadata("k"), "v");
    EXPECT_EQ(reader->Metadata("none"), std::nullopt);
    EXPECT_EQ(reader->type().fields[0].field_id, 7);
    EXPECT_EQ(reader->type().fields[2].field_id, -1);
    int64_t row = 0;
    EXPECT_THAT(reader->ForEach([&](const AvroValue& record) -> Status {
      EXPECT_EQ(record.items[0].integer, -row);
      EXPECT_EQ(record.items[1].is_null(), row % 2 == 0);
      if (row % 2 == 1) EXPECT_EQ(record.items[1].bytes, "row " + std::to_string(row));
      EXPECT_EQ(record.items[2].items[1].integer, INT32_MIN);
      EXPECT_EQ(record.items[4].bytes, "wxyz");
      EXPECT_EQ(record.items[5].number, 1.5);
      EXPECT_EQ(record.items[7].items[1].bytes, "value");
      ++row;
      return {};
    }),
                IsOk());
    EXPECT_EQ(row, 5000);
  }
}

TEST(Avro, FieldsWithoutIdsAreKnownByName) {
  const std::string bytes = Sample(AvroCodec::kNull, 1);
  constexpr AvroFieldId kKnown[] = {{"id", 1}, {"list", 99}};
  const auto reader = AvroReader::Open(bytes, kKnown);
  ASSERT_THAT(reader, IsOk());
  EXPECT_EQ(reader->type().fields[0].field_id, 7);
  EXPECT_EQ(reader->type().fields[2].field_id, 99);
}

Status ReadAll(BytesView bytes, AvroLimits limits = {}) {
  ASSIGN_OR_RETURN(const AvroReader reader, AvroReader::Open(bytes, {}, limits));
  return reader.ForEach([](const AvroValue&) -> Status { return {}; });
}

TEST(Avro, AFileThatEndsEarlyIsAnErrorAndAFlippedBitNeverACrash) {
  for (const AvroCodec codec :
       {AvroCodec::kNull, AvroCodec::kDeflate, AvroCodec::kSnappy, AvroCodec::kZstandard}) {
    const std::string bytes = Sample(codec, 3);
    ASSERT_THAT(ReadAll(bytes), IsOk());
    size_t fewest = bytes.size();
    for (size_t cut = 1; cut < bytes.size(); ++cut) {
      if (ReadAll(bytes.substr(0, bytes.size() - cut)).ok()) fewest = bytes.size() - cut;
    }
    // Only the header alone is a whole file, of no records.
    EXPECT_LT(fewest, bytes.size());
    EXPECT_FALSE(ReadAll(bytes.substr(0, fewest - 1)).ok());
    for (size_t at = 0; at < bytes.size(); ++at) {
      std::string flipped = bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
      (void)ReadAll(flipped);
    }
  }
}

std::string Container(std::string_view schema, int64_t count, std::string_view block) {
  AvroEncoder out;
  out.Fixed(std::string_view("Obj\x01", 4));
  out.BeginItems(1);
  out.String("avro.schema");
  out.String(schema);
  out.EndItems();
  out.Fixed("0123456789abcdef");
  out.Long(count);
  out.String(block);
  out.Fixed("0123456789abcdef");
  return out.bytes();
}

TEST(Avro, ClaimsWithoutBytesBehindThemCostNothing) {
  constexpr std::string_view kNothing = R"({"type":"record","name":"r","fields":[]})";
  EXPECT_THAT(ReadAll(Container(kNothing, INT64_MAX, "")), IsError(ErrorCode::kCorruptRecord));
  constexpr std::string_view kNulls =
      R"({"type":"record","name":"r","fields":[{"name":"a","type":{"type":"array","items":"null"}}]})";
  AvroEncoder many;
  many.Long(INT64_MAX);
  EXPECT_THAT(ReadAll(Container(kNulls, 1, many.bytes())), IsError(ErrorCode::kCorruptRecord));
  many.Clear();
  many.Long(INT64_MIN);
  many.Long(0);
  EXPECT_THAT(ReadAll(Container(kNulls, 1, many.bytes())), IsError(ErrorCode::kCorruptRecord));
}

TEST(Avro, SchemasThatReferToThemselvesOrNestTooDeepAreRefused) {
  constexpr std::string_view kSelf =
      R"({"type":"record","name":"r","fields":[{"name":"a","type":["null","r"]}]})";
  EXPECT_THAT(ReadAll(Container(kSelf, 0, "")), IsError(ErrorCode::kCorruptRecord));
  std::string deep;
  for (int i = 0; i < 60; ++i) deep += R"({"type":"array","items":)";
  deep += R"("int")" + std::string(60, '}');
  const std::string record =
      R"({"type":"record","name":"r","fields":[{"name":"a","type":)" + deep + "}]}";
  EXPECT_THAT(ReadAll(Container(record, 0, "")), IsError(ErrorCode::kCorruptRecord));
}

TEST(Avro, ABlockThatGrowsBeyondItsLimitIsRefused) {
  AvroWriter out(R"({"type":"record","name":"r","fields":[{"name":"a","type":"bytes"}]})", {},
                 AvroCodec::kDeflate);
  out.record().String(std::string(4 * MiB, 'x'));
  out.EndRecord();
  const std::string bytes = std::move(out).Finish();
  EXPECT_LT(bytes.size(), 64 * KiB);
  EXPECT_THAT(ReadAll(bytes), IsOk());
  EXPECT_THAT(ReadAll(bytes, {.block_bytes_max = 1 * MiB}), IsError(ErrorCode::kCorruptRecord));
}

}  // namespace
}  // namespace weir::iceberg
