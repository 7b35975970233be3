#include "record/arrow_projection.h"

#include <arrow/record_batch.h>
#include <gmock/gmock.h>

#include "record/arrow_batch_check.h"
#include "record/arrow_batch_writer.h"
#include "record/golden_arrow.h"
#include "record/golden_batches.h"

namespace weir {
namespace {

using testing::ElementsAre;

Schema Select(const Schema& schema, const std::vector<int32_t>& positions) {
  Schema::Parts parts;
  for (const int32_t position : positions) {
    const Column& column = schema.column(static_cast<size_t>(position));
    parts.columns.push_back({.name = column.name, .type = column.type});
  }
  return *Schema::Make(std::move(parts));
}

std::string ProjectAll(const ArrowProjection& projection, BytesView source) {
  ProjectedBatches out;
  LogBatches batches(source);
  for (auto batch = batches.Next(); *batch; batch = batches.Next()) {
    const auto done =
        projection.Project((*batch)->bytes(), (*batch)->bytes().data() - source.data(), out);
    EXPECT_TRUE(done.ok()) << done.error().message;
    EXPECT_EQ(*done, 0u);
  }
  const std::string joined = out.Join(source);
  EXPECT_EQ(joined.size(), static_cast<size_t>(out.bytes));
  return joined;
}

void ExpectSelected(const std::string& file, const Schema& schema,
                    const std::vector<int32_t>& positions) {
  const std::string source = GoldenFile(file);
  const auto projection = ArrowProjection::Create(schema, schema, positions);
  ASSERT_TRUE(projection.ok());
  const std::string projected = ProjectAll(*projection, source);
  const auto before = LogBatchView::Parse(source);
  const auto after = LogBatchView::Parse(projected);
  ASSERT_TRUE(after.ok());

  const Schema selected = Select(schema, positions);
  const auto parts = CheckArrowBatch(*after, ArrowLayout(selected));
  ASSERT_TRUE(parts.ok()) << file << ": " << parts.error().message;
  EXPECT_TRUE(ReadByArrow(selected, *after)
                  ->Equals(**ReadByArrow(schema, *before)->SelectColumns(positions),
                           arrow::EqualOptions().nans_equal(true)))
      << file;
  EXPECT_EQ(after->header().statistics_bytes, 0);
  EXPECT_EQ(after->header().base_offset, before->header().base_offset);
  EXPECT_EQ(after->header().writer_id, before->header().writer_id);
  EXPECT_EQ(after->header().crc, before->header().crc);
  EXPECT_EQ(after->arrow_change_types(), before->arrow_change_types());
}

TEST(ArrowProjection, SelectsWhatArrowItselfSelects) {
  for (const auto& [file, rows] : ArrowGoldens()) {
    const Schema schema = ReadGoldenRows(rows).schema;
    const auto columns = static_cast<int32_t>(schema.size());
    std::vector<int32_t> all(schema.size());
    for (int32_t i = 0; i < columns; ++i) {
      ExpectSelected(file, schema, {i});
      if (i + 1 < columns) ExpectSelected(file, schema, {i, columns - 1});
      if (i > 0) ExpectSelected(file, schema, {0, i});
      all[static_cast<size_t>(i)] = i;
    }
    ExpectSelected(file, schema, all);
  }
}

struct ProjectedGolden {
  const char* source;
  const char* rows;
  const char* projected;
  std::vector<int32_t> positions;
};

TEST(ArrowProjection, IsTheUpstreamServersToTheByte) {
  const ProjectedGolden goldens[] = {
      {"wide_statistics.bin", "wide", "wide_statistics_columns_1_3.bin", {1, 3}},
      {"types_none.bin", "types", "types_none_columns_0_8_9_24_27_28.bin", {0, 8, 9, 24, 27, 28}},
      {"types_lz4_frame.bin", "types", "types_lz4_frame_columns_26.bin", {26}},
  };
  for (const auto& [source, rows, projected, positions] : goldens) {
    const Schema schema = ReadGoldenRows(rows).schema;
    const auto projection = ArrowProjection::Create(schema, schema, positions);
    EXPECT_EQ(ProjectAll(*projection, GoldenFile(source)), GoldenFile(projected)) << projected;
  }
}

TEST(ArrowProjection, AllColumnsOfAJavaBatchAreTheSameBytes) {
  const std::string source = GoldenFile("types_zstd.bin");
  const Schema schema = ReadGoldenRows("types").schema;
  std::vector<int32_t> all(schema.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int32_t>(i);
  EXPECT_EQ(ProjectAll(*ArrowProjection::Create(schema, schema, all), source), source);
}

TEST(ArrowProjection, NeighbouringColumnsAreOneRangeOfTheSource) {
  const std::string source = GoldenFile("wide_none.bin");
  const Schema schema = ReadGoldenRows("wide").schema;
  const auto projection = ArrowProjection::Create(schema, schema, std::vector<int32_t>{1, 2});
  ProjectedBatches out;
  ASSERT_EQ(*projection->Project(source, 1000, out), 0u);
  ASSERT_EQ(out.pieces.size(), 2u);
  EXPECT_TRUE(out.pieces[0].owned);
  EXPECT_FALSE(out.pieces[1].owned);
  EXPECT_GT(out.pieces[1].offset, 1000);
}

TEST(ArrowProjection, OnlyTheFrontOfABatchIsNeeded) {
  for (const char* file :
       {"wide_statistics.bin", "types_zstd.bin", "small_none_changes_v2.bin", "small_empty.bin"}) {
    const std::string source = GoldenFile(file);
    const Schema schema = ReadGoldenRows(file[0] == 'w'   ? "wide"
                                         : file[0] == 't' ? "types"
                                                          : "small_changes")
                              .schema;
    const auto projection = *ArrowProjection::Create(schema, schema, std::vector<int32_t>{1});
    const std::string expected = ProjectAll(projection, source);
    ProjectedBatches out;
    size_t given = 0;
    int rounds = 0;
    while (true) {
      const auto needed = projection.Project(BytesView(source).substr(0, given), 0, out);
      ASSERT_TRUE(needed.ok());
      if (*needed == 0) break;
      ASSERT_GT(*needed, given);
      ASSERT_LE(*needed, source.size());
      ASSERT_TRUE(out.pieces.empty() && out.head.empty());
      given = *needed;
      ++rounds;
    }
    EXPECT_LE(rounds, 4);
    EXPECT_EQ(out.Join(source), expected) << file;
  }
}

TEST(ArrowProjection, EmptyBatchesArePassedOn) {
  const std::string empty = GoldenFile("small_empty.bin");
  const std::string batch = GoldenFile("small_none_changes_v0.bin");
  const Schema schema = ReadGoldenRows("small_changes").schema;
  const auto projection = ArrowProjection::Create(schema, schema, std::vector<int32_t>{0});
  const std::string projected = ProjectAll(*projection, empty + batch + empty);
  EXPECT_EQ(projected.substr(0, empty.size()), empty);
  EXPECT_EQ(projected.substr(projected.size() - empty.size()), empty);
}

TEST(ArrowProjection, ColumnsNewerThanTheBatchAreNull) {
  const Schema latest = SchemaFromSql(
      "a INT, b STRING, ts TIMESTAMP_LTZ(6), flag BOOLEAN, name STRING, id BIGINT, list "
      "ARRAY<ROW<x INT, y STRING>>, "
      "row ROW<m MAP<INT, STRING>, z INT>, fixed BINARY(5), dec DECIMAL(30, 2)");
  for (const char* codec : {"none", "lz4_frame", "zstd"}) {
    const std::string source = GoldenFile(fmt::format("small_{}_changes_v0.bin", codec));
    const Schema stored = ReadGoldenRows("small_changes").schema;
    const auto projection =
        ArrowProjection::Create(stored, latest, std::vector<int32_t>{1, 3, 4, 5, 6, 7, 8, 9});
    ASSERT_TRUE(projection.ok());
    const std::string projected = ProjectAll(*projection, source);
    const Schema selected = Select(latest, {1, 3, 4, 5, 6, 7, 8, 9});
    const auto batch = LogBatchView::Parse(projected);
    EXPECT_THAT(LinesOf(selected, *batch), ElementsAre("+I x|null|null|null|null|null|null|null",
                                                       "-D yz|null|null|null|null|null|null|null"));
    const auto read = (*ArrowBatchReader::Create(selected))->Read(*batch);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_TRUE(read->rows->Equals(*ReadByArrow(selected, *batch)));
  }
}

TEST(ArrowProjection, OnlyNewColumnsGiveOnlyNulls) {
  const Schema latest =
      SchemaFromSql("id BIGINT, name STRING, score DOUBLE, flag BOOLEAN, added DOUBLE");
  const Schema stored = ReadGoldenRows("wide").schema;
  const std::string source = GoldenFile("wide_zstd.bin");
  const auto projection = ArrowProjection::Create(stored, latest, std::vector<int32_t>{4});
  const std::string projected = ProjectAll(*projection, source);
  EXPECT_LT(projected.size(), 400u) << "zeros are compressed";
  const auto lines = LinesOf(Select(latest, {4}), *LogBatchView::Parse(projected));
  EXPECT_EQ(lines.size(), 700u);
  EXPECT_THAT(lines, testing::Each("+A null"));
}

TEST(ArrowProjection, BadPositionsAreRefused) {
  const Schema schema = SchemaFromSql("a INT, b INT");
  for (const std::vector<int32_t>& positions :
       std::vector<std::vector<int32_t>>{{}, {2}, {-1}, {1, 0}, {0, 0}, {0, 1, 2}}) {
    EXPECT_EQ(ArrowProjection::Create(schema, schema, positions).code(),
              ErrorCode::kInvalidColumnProjection);
  }
}

TEST(ArrowProjection, ABatchOfAnotherSchemaIsRefused) {
  const std::string source = GoldenFile("wide_none.bin");
  const Schema schema = SchemaFromSql("a INT, b INT");
  ProjectedBatches out;
  EXPECT_EQ(ArrowProjection::Create(schema, schema, std::vector<int32_t>{0})
                ->Project(source, 0, out)
                .code(),
            ErrorCode::kCorruptMessage);
  EXPECT_TRUE(out.pieces.empty() && out.head.empty());
}

TEST(ArrowProjection, DamagedBytesAreSurvived) {
  const Schema schema = ReadGoldenRows("types").schema;
  const auto projection =
      *ArrowProjection::Create(schema, schema, std::vector<int32_t>{0, 8, 27, 28});
  const std::string good = GoldenFile("types_none.bin");
  for (size_t at = 0; at < good.size(); ++at) {
    for (const char flip : {'\x01', '\x80', '\xff'}) {
      std::string bad = good;
      bad[at] ^= flip;
      ProjectedBatches out;
      const auto done = projection.Project(bad, 0, out);
      if (!done.ok() || *done != 0) continue;
      for (const auto& piece : out.pieces) {
        const size_t limit = piece.owned ? out.head.size() : bad.size();
        ASSERT_LE(static_cast<size_t>(piece.offset + piece.bytes), limit);
      }
    }
  }
}

}  // namespace
}  // namespace weir
