#include "lake/table_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/matchers.h"
#include "lake/arrow_rows_for_test.h"
#include "lake/deletion_vector.h"
#include "lake/file_io.h"
#include "lake/parquet_writer.h"
#include "lake/position_deletes.h"
#include "lake/table_metadata.h"

namespace weir::iceberg {
namespace {

using ::testing::HasSubstr;

class TableReaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "table_reader_" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    schema_ = Schema::Make(0, {{.id = 1, .name = "id", .type = Type::Of(TypeId::kInt)},
                               {.id = 2, .name = "name", .type = Type::Of(TypeId::kString)},
                               {.id = 3, .name = "x", .type = Type::Of(TypeId::kDouble)}})
                  .value();
    table_.schemas = {schema_};
    table_.partition_specs = {PartitionSpec{}};
    task_.data_file =
        Write(schema_, "data.parquet",
              {"[1, 2, 3, 4, 5]", R"(["a", "b", null, "d", "e"])", "[0.5, NaN, -0.0, null, 7]"});
    task_.sequence_number = 3;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  DataFile Write(const Schema& schema, const std::string& name,
                 const std::vector<std::string>& rows) {
    auto writer = ParquetWriter::Open(io_, folder_ + "/" + name, schema).value();
    EXPECT_THAT(writer->Write(*RowsOf(schema, rows)), IsOk());
    return writer->Finish().value();
  }

  void Delete(DataFile file) {
    task_.deletes.push_back(std::make_shared<const DeleteFile>(DeleteFile{std::move(file), 9}));
  }

  /// Rows that equal these in all columns of `schema`.
  void DeleteEqual(const Schema& schema, const std::vector<std::string>& rows) {
    DataFile file = Write(schema, fmt::format("eq-{}.parquet", task_.deletes.size()), rows);
    file.content = FileContent::kEqualityDeletes;
    for (const Field& field : schema.fields()) file.equality_ids.push_back(field.id);
    Delete(std::move(file));
  }

  std::string Read(const Schema& projection, int64_t batch_rows = 2) {
    auto reader =
        TableReader::Open(io_, deletes_, table_, task_, projection, {.batch_rows_max = batch_rows});
    return reader.ok() ? TextOf(**reader) : "error: " + reader.error().message;
  }
  std::string ReadIds() { return Read(Schema::Make(0, {schema_.fields()[0]}).value()); }
  Schema Only(size_t column) { return Schema::Make(0, {schema_.fields()[column]}).value(); }

  MetricRegistry registry_;
  FileIo io_{FileIoOptions{}, registry_};
  DeleteCache deletes_{io_, DeleteLimits{}};
  std::string folder_;
  Schema schema_;
  TableMetadata table_;
  FileScanTask task_;
};

TEST_F(TableReaderTest, RowsNamedByPositionDeletesAreGone) {
  DeletedRows rows;
  rows[task_.data_file.file_path].Add(1);
  rows[task_.data_file.file_path].Add(4);
  rows["another.parquet"].Add(0);
  const DataFile file = WritePositionDeletes(io_, folder_ + "/pos.parquet", rows).value();
  EXPECT_EQ(file.content, FileContent::kPositionDeletes);
  EXPECT_EQ(file.record_count, 3);
  EXPECT_EQ(file.referenced_data_file, std::nullopt);
  EXPECT_EQ(file.upper_bounds.at(kDeletePathColumnId), "another.parquet");
  Delete(file);
  EXPECT_EQ(ReadIds(), "1\n3\n4\n");
  EXPECT_EQ(ReadPositionDeletes(io_, file, "another.parquet").value().size(), 1u);
}

TEST_F(TableReaderTest, RowsOfADeletionVectorAreGone) {
  DeletedRows rows;
  rows[task_.data_file.file_path].AddRange(0, 3);
  Delete(WriteDeletionVectors(io_, folder_ + "/dv.puffin", rows).value()[0]);
  EXPECT_EQ(ReadIds(), "4\n5\n") << "a batch without a row that lives is not handed out";
}

TEST_F(TableReaderTest, AVectorOfMoreRowsThanTheFileHasIsRefusedBeforeItIsRead) {
  DeletedRows rows;
  rows[task_.data_file.file_path].AddRange(0, 6);
  DataFile file = WriteDeletionVectors(io_, folder_ + "/dv.puffin", rows).value()[0];
  ASSERT_THAT(io_.Delete(file.file_path), IsOk());
  Delete(std::move(file));
  EXPECT_THAT(ReadIds(), HasSubstr("more rows than its data file"));
}

TEST_F(TableReaderTest, PositionDeletesStopAtTheirLimitWhileTheyAreRead) {
  DeletedRows rows;
  for (int64_t i = 0; i < 100'000; ++i) rows[task_.data_file.file_path].Add(i << 16);
  const DataFile file = WritePositionDeletes(io_, folder_ + "/pos.parquet", rows).value();
  EXPECT_THAT(ReadPositionDeletes(io_, file, {}, 1 * MiB), IsError(ErrorCode::kRecordTooLarge));
  EXPECT_THAT(ReadPositionDeletes(io_, file), IsOk());
}

TEST_F(TableReaderTest, RowsWithTheValuesOfEqualityDeletesAreGone) {
  DeleteEqual(Only(1), {R"([null, "e"])"});
  EXPECT_EQ(ReadIds(), "1\n2\n4\n");
  DeleteEqual(Only(2), {"[NaN, 0.0, null]"});
  EXPECT_EQ(Read(schema_), "1|a|0.5\n") << "NaN equals NaN, zero minus zero, null null";
}

TEST_F(TableReaderTest, EqualityOfSeveralColumnsNeedsAllOfThem) {
  DeleteEqual(Schema::Make(0, {schema_.fields()[1], schema_.fields()[0]}).value(),
              {R"(["a", "b"])", "[1, 1]"});
  EXPECT_EQ(ReadIds(), "2\n3\n4\n5\n");
}

TEST_F(TableReaderTest, MetadataColumnsSayWhereARowIs) {
  task_.data_file.first_row_id = 100;
  DeletedRows rows;
  rows[task_.data_file.file_path].AddRange(0, 3);
  Delete(WritePositionDeletes(io_, folder_ + "/pos.parquet", rows).value());
  const auto long_of = [](int32_t id, std::string name) {
    return Field{.id = id, .name = std::move(name), .type = Type::Of(TypeId::kLong)};
  };
  const auto projection =
      Schema::Make(
          0, {long_of(kRowPositionColumnId, "_pos"), long_of(kRowIdColumnId, "_row_id"),
              long_of(kLastUpdatedSequenceNumberColumnId, "_last_updated"), schema_.fields()[0]})
          .value();
  EXPECT_EQ(Read(projection), "3|103|3|4\n4|104|3|5\n");
  const auto path =
      Schema::Make(0,
                   {{.id = kFilePathColumnId, .name = "_file", .type = Type::Of(TypeId::kString)}})
          .value();
  EXPECT_EQ(Read(path), task_.data_file.file_path + "\n" + task_.data_file.file_path + "\n");
}

TEST_F(TableReaderTest, ColumnsOfThePartitionNeedNotBeInTheFile) {
  const Field country{.id = 7, .name = "country", .type = Type::Of(TypeId::kString)};
  table_.partition_specs = {PartitionSpec{
      .spec_id = 0, .fields = {{.source_ids = {7}, .field_id = 1000, .name = "country"}}}};
  task_.data_file.partition = {Literal::String("de")};
  EXPECT_EQ(Read(Schema::Make(0, {country}).value(), 100), "de\nde\nde\nde\nde\n");
}

TEST_F(TableReaderTest, MoreDeletesThanFitAreAnErrorNotAWrongAnswer) {
  DeleteEqual(Only(0), {"[1, 2]"});
  DeleteCache small(io_, {.memory_bytes_max = 100});
  const auto reader = TableReader::Open(io_, small, table_, task_, schema_);
  EXPECT_THAT(reader, IsError(ErrorCode::kRecordTooLarge));
  EXPECT_THAT(reader.error().message, HasSubstr("eq-0.parquet"));
}

TEST_F(TableReaderTest, FilesInOtherFormatsAreToldByName) {
  task_.data_file.format = FileFormat::kOrc;
  EXPECT_THAT(Read(schema_), HasSubstr("data.parquet"));
}

}  // namespace
}  // namespace weir::iceberg
