// Parquet files of ours as pyarrow reads them, pyarrow's as we read them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "base/matchers.h"
#include "lake/arrow_rows_for_test.h"
#include "lake/file_io.h"
#include "lake/parquet_reader.h"
#include "lake/parquet_writer.h"
#include "lake/peer_for_test.h"

namespace weir::iceberg {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Field Optional(int32_t id, std::string name, Type type) {
  return {.id = id, .name = std::move(name), .type = std::move(type)};
}
Field Required(int32_t id, std::string name, Type type) {
  return {.id = id, .name = std::move(name), .required = true, .type = std::move(type)};
}
Type T(TypeId id) { return Type::Of(id); }

class ParquetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "parquet_" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Result<DataFile> Write(const Schema& schema, const std::vector<std::vector<std::string>>& batches,
                         ParquetWriterOptions options = {}) {
    ASSIGN_OR_RETURN(auto writer, ParquetWriter::Open(io_, Path(), schema, std::move(options)));
    for (const auto& batch : batches) RETURN_IF_ERROR(writer->Write(*RowsOf(schema, batch)));
    return writer->Finish();
  }

  std::string Read(const Schema& schema, ParquetReadOptions options = {}) {
    auto reader = ParquetReader::Open(io_, Path(), schema, std::move(options));
    return reader.ok() ? TextOf(**reader) : "error: " + reader.error().message;
  }

  std::string Path() const { return folder_ + "/file.parquet"; }

  MetricRegistry registry_;
  FileIo io_{FileIoOptions{}, registry_};
  std::string folder_;
};

Schema EveryType() {
  return Schema::Make(
             1,
             {Required(1, "b", T(TypeId::kBoolean)),
              Optional(2, "i", T(TypeId::kInt)),
              Optional(3, "l", T(TypeId::kLong)),
              Optional(4, "f", T(TypeId::kFloat)),
              Optional(5, "d", T(TypeId::kDouble)),
              Optional(6, "d9", Type::Decimal(9, 2)),
              Optional(7, "d18", Type::Decimal(18, 3)),
              Optional(8, "d38", Type::Decimal(38, 10)),
              Optional(9, "day", T(TypeId::kDate)),
              Optional(10, "time", T(TypeId::kTime)),
              Optional(11, "ts", T(TypeId::kTimestamp)),
              Optional(12, "tsz", T(TypeId::kTimestamptz)),
              Optional(13, "s", T(TypeId::kString)),
              Optional(14, "u", T(TypeId::kUuid)),
              Optional(15, "fx", Type::Fixed(3)),
              Optional(16, "bin", T(TypeId::kBinary)),
              Optional(17, "st",
                       Type::Struct({Required(18, "x", T(TypeId::kInt)),
                                     Optional(19, "y", T(TypeId::kUuid))})),
              Optional(20, "li", Type::List(21, T(TypeId::kLong), false)),
              Optional(22, "m", Type::Map(23, T(TypeId::kString), 24, Type::Decimal(5, 1), false)),
              Optional(25, "ns", T(TypeId::kTimestampNs))})
      .value();
}

const std::vector<std::string> kEveryTypeRows = {
    "[true, false]",
    "[-5, null]",
    "[5000000000, null]",
    "[1.5, null]",
    "[-2.25, null]",
    R"(["1234567.89", null])",
    R"(["-123456789012345.678", null])",
    R"(["1234567890123456789012345678.0123456789", null])",
    "[19000, null]",
    "[3661000001, null]",
    "[1700000000000001, null]",
    "[1700000000000002, null]",
    R"(["grüße", null])",
    R"(["0123456789abcdef", null])",
    R"(["xyz", null])",
    R"(["bytes", null])",
    R"([{"x": 7, "y": "fedcba9876543210"}, null])",
    "[[1, null, 3], null]",
    R"([[["k", "1.5"], ["n", null]], null])",
    "[1700000000000000003, null]"};

TEST_F(ParquetTest, PyarrowReadsEveryTypeInThePhysicalFormThatIcebergWants) {
  if (!HasPeer()) GTEST_SKIP();
  ASSERT_THAT(Write(EveryType(), {kEveryTypeRows}), IsOk());
  EXPECT_EQ(RunPeer(R"(
import sys, pyarrow.parquet as pq
file = pq.ParquetFile(sys.argv[1] + "/file.parquet")
schema = file.schema
for i in range(len(schema)):
    c = schema.column(i)
    print(c.path, c.physical_type, c.length or "", c.logical_type if str(c.logical_type) != "None" else "")
print(file.metadata.row_group(0).column(1).compression)
)",
                    folder_),
            R"(b BOOLEAN  
i INT32  
l INT64  
f FLOAT  
d DOUBLE  
d9 INT32  Decimal(precision=9, scale=2)
d18 INT64  Decimal(precision=18, scale=3)
d38 FIXED_LEN_BYTE_ARRAY 16 Decimal(precision=38, scale=10)
day INT32  Date
time INT64  Time(isAdjustedToUTC=false, timeUnit=microseconds)
ts INT64  Timestamp(isAdjustedToUTC=false, timeUnit=microseconds, is_from_converted_type=false,)"
            R"( force_set_converted_type=false)
tsz INT64  Timestamp(isAdjustedToUTC=true, timeUnit=microseconds, is_from_converted_type=false,)"
            R"( force_set_converted_type=false)
s BYTE_ARRAY  String
u FIXED_LEN_BYTE_ARRAY 16 UUID
fx FIXED_LEN_BYTE_ARRAY 3 
bin BYTE_ARRAY  
st.x INT32  
st.y FIXED_LEN_BYTE_ARRAY 16 UUID
li.list.element INT64  
m.key_value.key BYTE_ARRAY  String
m.key_value.value INT32  Decimal(precision=5, scale=1)
ns INT64  Timestamp(isAdjustedToUTC=false, timeUnit=nanoseconds, is_from_converted_type=false,)"
            R"( force_set_converted_type=false)
ZSTD)");
}

TEST_F(ParquetTest, PyIcebergMapsTheFileToTheSchemaItWasWrittenWith) {
  if (!HasPeer()) GTEST_SKIP();
  ASSERT_THAT(Write(EveryType(), {kEveryTypeRows}), IsOk());
  EXPECT_EQ(
      RunPeer(R"(
import sys, pyarrow.parquet as pq
from pyiceberg.io.pyarrow import pyarrow_to_schema
table = pq.read_table(sys.argv[1] + "/file.parquet")
print(pyarrow_to_schema(table.schema, format_version=3))
print(table.drop_columns(["u", "st"]).to_pylist()[0])
print(table.to_pylist()[1])
)",
              folder_),
      R"(table {
  1: b: required boolean
  2: i: optional int
  3: l: optional long
  4: f: optional float
  5: d: optional double
  6: d9: optional decimal(9, 2)
  7: d18: optional decimal(18, 3)
  8: d38: optional decimal(38, 10)
  9: day: optional date
  10: time: optional time
  11: ts: optional timestamp
  12: tsz: optional timestamptz
  13: s: optional string
  14: u: optional uuid
  15: fx: optional fixed[3]
  16: bin: optional binary
  17: st: optional struct<18: x: required int, 19: y: optional uuid>
  20: li: optional list<long>
  22: m: optional map<string, decimal(5, 1)>
  25: ns: optional timestamp_ns
})"
      "\n"
      R"({'b': True, 'i': -5, 'l': 5000000000, 'f': 1.5, 'd': -2.25, 'd9': Decimal('1234567.89'), )"
      R"('d18': Decimal('-123456789012345.678'), 'd38': Decimal('1234567890123456789012345678.0123456789'), )"
      R"('day': datetime.date(2022, 1, 8), 'time': datetime.time(1, 1, 1, 1), )"
      R"('ts': datetime.datetime(2023, 11, 14, 22, 13, 20, 1), )"
      R"('tsz': datetime.datetime(2023, 11, 14, 22, 13, 20, 2, tzinfo=zoneinfo.ZoneInfo(key='UTC')), )"
      R"('s': 'grüße', 'fx': b'xyz', 'bin': b'bytes', 'li': [1, None, 3], )"
      R"('m': [('k', Decimal('1.5')), ('n', None)], 'ns': Timestamp('2023-11-14 22:13:20.000000003')})"
      "\n"
      R"({'b': False, 'i': None, 'l': None, 'f': None, 'd': None, 'd9': None, 'd18': None, 'd38': None, )"
      R"('day': None, 'time': None, 'ts': None, 'tsz': None, 's': None, 'u': None, 'fx': None, )"
      R"('bin': None, 'st': None, 'li': None, 'm': None, 'ns': None})");
}

TEST_F(ParquetTest, WhatIsWrittenIsReadBack) {
  ASSERT_THAT(Write(EveryType(), {kEveryTypeRows, kEveryTypeRows}), IsOk());
  auto reader = ParquetReader::Open(io_, Path(), EveryType()).value();
  const auto batch = reader->Next().value();
  ASSERT_TRUE(batch->ValidateFull().ok());
  EXPECT_EQ(batch->num_rows(), 4);
  EXPECT_TRUE(batch->Slice(0, 2)->Equals(*RowsOf(EveryType(), kEveryTypeRows)));
  EXPECT_TRUE(batch->Slice(2, 2)->Equals(*RowsOf(EveryType(), kEveryTypeRows)));
  EXPECT_EQ(reader->Next().value(), nullptr);
}

TEST_F(ParquetTest, MetricsCountAndBoundEveryColumnThatIsNotRepeated) {
  const auto file = Write(EveryType(), {kEveryTypeRows}).value();
  EXPECT_EQ(file.record_count, 2);
  EXPECT_EQ(file.file_size_bytes, static_cast<int64_t>(std::filesystem::file_size(Path())));
  EXPECT_EQ(file.value_counts.at(2), 2);
  EXPECT_EQ(file.null_value_counts.at(2), 1);
  EXPECT_EQ(file.null_value_counts.at(1), 0);
  EXPECT_FALSE(file.value_counts.contains(21)) << "an element is not a row";
  EXPECT_GT(file.column_sizes.at(21), 0);
  EXPECT_EQ(file.lower_bounds.at(2), ToBinary(Literal::Int(-5)));
  EXPECT_EQ(file.upper_bounds.at(6), ToBinary(Literal::Decimal(123456789, 9, 2)));
  EXPECT_EQ(file.upper_bounds.at(13), "grüße");
  EXPECT_EQ(file.lower_bounds.at(14), "0123456789abcdef");
  EXPECT_EQ(file.lower_bounds.at(18), ToBinary(Literal::Int(7)));
  EXPECT_FALSE(file.lower_bounds.contains(23));
  EXPECT_THAT(file.split_offsets, ElementsAre(4));
}

TEST_F(ParquetTest, NansAreCountedAndBoundNothing) {
  const auto schema =
      Schema::Make(0, {Optional(1, "d", T(TypeId::kDouble)), Optional(2, "n", T(TypeId::kDouble))})
          .value();
  const auto file = Write(schema, {{"[NaN, 1.5, null]", "[NaN, NaN, NaN]"}}).value();
  EXPECT_EQ(file.nan_value_counts.at(1), 1);
  EXPECT_EQ(file.lower_bounds.at(1), ToBinary(Literal::Double(1.5)));
  EXPECT_EQ(file.nan_value_counts.at(2), 3);
  EXPECT_FALSE(file.lower_bounds.contains(2));
}

TEST_F(ParquetTest, LongBoundsAreCutSoThatTheyHold) {
  const auto schema = Schema::Make(0, {Optional(1, "s", T(TypeId::kString))}).value();
  const auto file =
      Write(schema, {{R"(["aaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbb"])"}}).value();
  EXPECT_EQ(file.lower_bounds.at(1), std::string(16, 'a'));
  EXPECT_EQ(file.upper_bounds.at(1), std::string(15, 'b') + "c");
}

TEST_F(ParquetTest, ModesOfMetricsAreObeyed) {
  const auto schema =
      Schema::Make(0, {Optional(1, "s", T(TypeId::kString)), Optional(2, "none", T(TypeId::kInt)),
                       Optional(3, "counts", T(TypeId::kInt))})
          .value();
  const auto options =
      ParquetWriterOptions::FromProperties({{"write.metadata.metrics.default", "truncate(2)"},
                                            {"write.metadata.metrics.column.none", "none"},
                                            {"write.metadata.metrics.column.counts", "counts"}})
          .value();
  const auto file = Write(schema, {{R"(["abc"])", "[1]", "[2]"}}, options).value();
  EXPECT_EQ(file.lower_bounds.at(1), "ab");
  EXPECT_EQ(file.upper_bounds.at(1), "ac");
  EXPECT_FALSE(file.value_counts.contains(2));
  EXPECT_TRUE(file.value_counts.contains(3));
  EXPECT_FALSE(file.lower_bounds.contains(3));
  EXPECT_THAT(ParquetWriterOptions::FromProperties({{"write.metadata.metrics.default", "all"}}),
              IsError(ErrorCode::kInvalidTable));
}

TEST_F(ParquetTest, RowGroupsEndBySizeAndAreSkippedByTheirRanges) {
  const auto schema = Schema::Make(0, {Optional(1, "i", T(TypeId::kInt))}).value();
  ParquetWriterOptions options;
  options.row_group_bytes = 8;
  const auto file = Write(schema, {{"[1, 2]"}, {"[3, 4]"}, {"[5, 6]"}}, options).value();
  EXPECT_EQ(file.split_offsets.size(), 3u);
  EXPECT_EQ(file.lower_bounds.at(1), ToBinary(Literal::Int(1)));
  EXPECT_EQ(file.upper_bounds.at(1), ToBinary(Literal::Int(6)));

  ParquetReadOptions read;
  read.filter = Expression::Compare(ExpressionOp::kEq, "i", Literal::Int(6));
  read.filter.field_id = 1;
  auto reader = ParquetReader::Open(io_, Path(), schema, read).value();
  EXPECT_EQ(reader->Next().value()->num_rows(), 2);
  EXPECT_EQ(reader->position(), 4);
  EXPECT_EQ(reader->file_rows(), 6);
  EXPECT_EQ(reader->Next().value(), nullptr);
}

TEST_F(ParquetTest, UniqueColumnsHaveNoDictionary) {
  if (!HasPeer()) GTEST_SKIP();
  const auto schema =
      Schema::Make(0, {Optional(1, "i", T(TypeId::kLong)), Optional(2, "s", T(TypeId::kString))})
          .value();
  ParquetWriterOptions options;
  options.unique_columns = {"i", "no such column"};
  ASSERT_THAT(Write(schema, {{"[1, 2]", R"(["a", "a"])"}}, options), IsOk());
  EXPECT_EQ(RunPeer(R"(
import sys, pyarrow.parquet as pq
group = pq.ParquetFile(sys.argv[1] + "/file.parquet").metadata.row_group(0)
print([group.column(i).has_dictionary_page for i in range(2)])
)",
                    folder_),
            "[False, True]");
  EXPECT_THAT(Read(schema), HasSubstr("2"));
}

TEST_F(ParquetTest, ANullInARequiredColumnAndForeignColumnsAreRefused) {
  const auto schema = Schema::Make(0, {Required(1, "i", T(TypeId::kInt))}).value();
  EXPECT_THAT(Write(schema, {{"[null]"}}), IsError(ErrorCode::kInvalidTable));
  const auto other = Schema::Make(0, {Optional(1, "i", T(TypeId::kLong))}).value();
  auto writer = ParquetWriter::Open(io_, Path(), schema).value();
  EXPECT_THAT(writer->Write(*RowsOf(other, {"[1]"})), IsError(ErrorCode::kInvalidTable));
  writer.reset();
  EXPECT_TRUE(io_.List(folder_).value().empty()) << "nothing is left behind";
}

TEST_F(ParquetTest, ColumnsAreFoundByIdWhateverTheirNamesAndOrder) {
  const auto old =
      Schema::Make(0, {Optional(1, "a", T(TypeId::kInt)), Optional(2, "b", T(TypeId::kString)),
                       Optional(3, "s",
                                Type::Struct({Optional(4, "x", T(TypeId::kFloat)),
                                              Optional(5, "y", T(TypeId::kInt))}))})
          .value();
  ASSERT_THAT(Write(old, {{"[1, 2]", R"(["p", null])", R"([{"x": 1.5, "y": 2}, null])"}}), IsOk());
  Field with_default = Required(7, "new", T(TypeId::kLong));
  with_default.initial_default = std::make_shared<const Literal>(Literal::Long(42));
  const auto now = Schema::Make(1, {Optional(2, "renamed", T(TypeId::kString)),
                                    Optional(3, "s",
                                             Type::Struct({Optional(6, "z", T(TypeId::kInt)),
                                                           Optional(4, "x", T(TypeId::kDouble))})),
                                    Optional(1, "a", T(TypeId::kLong)), with_default,
                                    Optional(8, "part", T(TypeId::kString)),
                                    Optional(9, "later", T(TypeId::kDate))})
                       .value();
  ParquetReadOptions options;
  options.constants[8] = Literal::String("eu");
  EXPECT_EQ(Read(now, options),
            "p|{z:int32 = null, x:double = 1.5}|1|42|eu|null\n"
            "null|null|2|42|eu|null\n");
  const auto nothing = Schema::Make(2, {Optional(9, "later", T(TypeId::kDate))}).value();
  EXPECT_EQ(Read(nothing), "null\nnull\n");
}

TEST_F(ParquetTest, WhatCannotBecomeTheTablesTypeIsRefusedWithTheFilesName) {
  const auto schema = Schema::Make(0, {Optional(1, "a", T(TypeId::kLong))}).value();
  ASSERT_THAT(Write(schema, {{"[1]"}}), IsOk());
  const auto narrower = Schema::Make(0, {Optional(1, "a", T(TypeId::kInt))}).value();
  EXPECT_THAT(Read(narrower), HasSubstr(Path()));
  const auto required = Schema::Make(0, {Required(2, "b", T(TypeId::kInt))}).value();
  EXPECT_THAT(Read(required), HasSubstr("a required column is not in the file"));
}

TEST_F(ParquetTest, FilesOfPyarrowWithoutIdsAreReadThroughANameMapping) {
  if (!HasPeer()) GTEST_SKIP();
  ASSERT_EQ(RunPeer(R"(
import sys, pyarrow as pa, pyarrow.parquet as pq, datetime as dt, decimal
pq.write_table(pa.table({
  "id": pa.array([1, 2], pa.int16()),
  "Name": pa.array(["a", None], pa.large_string()),
  "at": pa.array([dt.datetime(2024, 1, 2, 3, 4, 5, 6), None], pa.timestamp("ns")),
  "price": pa.array([decimal.Decimal("1.25"), None], pa.decimal128(7, 2)),
  "tags": pa.array([["x", "y"], None]),
  "dict": pa.array(["u", "v"]).dictionary_encode(),
}), sys.argv[1] + "/file.parquet", use_deprecated_int96_timestamps=True)
)",
                    folder_),
            "");
  const auto schema =
      Schema::Make(
          0, {Optional(1, "id", T(TypeId::kLong)), Optional(2, "name", T(TypeId::kString)),
              Optional(3, "at", T(TypeId::kTimestamp)), Optional(4, "price", Type::Decimal(9, 2)),
              Optional(5, "tags", Type::List(6, T(TypeId::kString), false)),
              Optional(7, "dict", T(TypeId::kString))})
          .value();
  ParquetReadOptions options;
  options.name_mapping = std::make_shared<const NameMapping>(NameMappingFromJsonText(R"([
      {"field-id": 1, "names": ["id"]}, {"field-id": 2, "names": ["name", "Name"]},
      {"field-id": 3, "names": ["at"]}, {"field-id": 4, "names": ["price"]},
      {"field-id": 5, "names": ["tags"], "fields": [{"field-id": 6, "names": ["element"]}]},
      {"field-id": 7, "names": ["dict"]}])")
                                                                 .value());
  EXPECT_EQ(Read(schema, options),
            "1|a|2024-01-02 03:04:05.000006|1.25|list<element: string>[x, y]|u\n"
            "2|null|null|null|null|v\n");
  EXPECT_EQ(Read(schema), "null|null|null|null|null|null\nnull|null|null|null|null|null\n")
      << "without a mapping the file has no columns of ours";
}

TEST_F(ParquetTest, ADamagedFileIsAnErrorThatNamesItOrReadsAsItWas) {
  const auto schema =
      Schema::Make(0, {Optional(1, "i", T(TypeId::kInt)), Optional(2, "s", T(TypeId::kString))})
          .value();
  ASSERT_THAT(Write(schema, {{"[1, 2, 3]", R"(["a", "b", null])"}}), IsOk());
  const std::string good_text = Read(schema);
  const std::string good = io_.ReadAll(Path()).value();
  uint32_t footer_bytes = 0;
  std::memcpy(&footer_bytes, good.data() + good.size() - 8, sizeof(footer_bytes));
  const size_t footer_begin = good.size() - 8 - footer_bytes;
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x55);
    std::ofstream(Path(), std::ios::binary) << bad;
    const std::string text = Read(schema);
    // Pages have checksums. The footer has none: what it says may change without being noticed, but not harm us.
    if (at < footer_begin && text != good_text) {
      EXPECT_THAT(text, HasSubstr(Path())) << at;
    }
  }
  for (const size_t bytes : {size_t{0}, size_t{3}, size_t{12}, good.size() / 2, good.size() - 1}) {
    std::ofstream(Path(), std::ios::binary) << good.substr(0, bytes);
    EXPECT_THAT(ParquetReader::Open(io_, Path(), schema), IsError(ErrorCode::kCorruptRecord));
  }
}

}  // namespace
}  // namespace weir::iceberg
