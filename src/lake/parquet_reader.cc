#include "lake/parquet_reader.h"

#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/properties.h>

#include <utility>

#include "lake/arrow_error.h"
#include "lake/arrow_projection.h"
#include "lake/arrow_types.h"
#include "lake/file_columns.h"
#include "lake/file_io.h"
#include "lake/parquet_guard.h"
#include "lake/row_group_filter.h"

namespace weir::iceberg {
namespace {

class Reader final : public ParquetReader {
 public:
  Reader(std::string location, Schema projection, ParquetReadOptions options)
      : location_(std::move(location)),
        projection_(std::move(projection)),
        options_(std::move(options)) {}

  Status Begin(std::shared_ptr<arrow::io::RandomAccessFile> file) {
    ASSIGN_OR_RETURN(schema_, ToArrow(projection_));
    parquet::ReaderProperties properties;
    properties.set_page_checksum_verification(true);
    auto parquet = parquet::ParquetFileReader::Open(std::move(file), properties);
    footer_ = parquet->metadata();

    parquet::ArrowReaderProperties arrow_properties;
    arrow_properties.set_batch_size(options_.batch_rows_max);
    arrow_properties.set_coerce_int96_timestamp_unit(arrow::TimeUnit::MICRO);
    RETURN_IF_ERROR(Ok(parquet::arrow::FileReader::Make(arrow::default_memory_pool(),
                                                        std::move(parquet), arrow_properties),
                       reader_));
    std::shared_ptr<arrow::Schema> stored;
    RETURN_IF_ERROR(Ok(reader_->GetSchema(&stored)));
    const auto columns = ColumnsOf(*stored, options_.name_mapping.get());
    if (!columns.empty() &&
        columns.back().first_leaf + columns.back().leaves != footer_->num_columns()) {
      return Damaged("its columns are nested in an unknown way");
    }
    RETURN_IF_ERROR(Named(CheckProjection(projection_.fields(), columns, options_.constants)));
    leaves_ = LeavesFor(projection_.fields(), columns);
    groups_ = RowGroupsFor(options_.filter, *footer_, columns);
    return {};
  }

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  int64_t position() const override { return position_; }
  int64_t file_rows() const override { return footer_->num_rows(); }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    return GuardParquet(location_, [&]() -> Result<std::shared_ptr<arrow::RecordBatch>> {
      while (true) {
        ASSIGN_OR_RETURN(auto batch, leaves_.empty() ? NextEmpty() : NextStored());
        if (batch != nullptr || next_group_ == groups_.size()) return batch;
        RETURN_IF_ERROR(NextGroup());
      }
    });
  }

 private:
  /// One reader for each row group: rows of a batch are then consecutive, and one row group is in memory.
  Status NextGroup() {
    const int group = groups_[next_group_++];
    next_position_ = 0;
    for (int i = 0; i < group; ++i) next_position_ += footer_->RowGroup(i)->num_rows();
    group_end_ = next_position_ + footer_->RowGroup(group)->num_rows();
    if (leaves_.empty()) return {};
    RETURN_IF_ERROR(Ok(reader_->GetRecordBatchReader({group}, leaves_), batches_));
    columns_ = ColumnsOf(*batches_->schema(), options_.name_mapping.get());
    return {};
  }

  Result<std::shared_ptr<arrow::RecordBatch>> NextStored() {
    while (batches_ != nullptr) {
      std::shared_ptr<arrow::RecordBatch> stored;
      RETURN_IF_ERROR(Ok(batches_->ReadNext(&stored)));
      if (stored == nullptr) {
        if (next_position_ != group_end_) return Damaged("a row group has fewer rows than it says");
        batches_.reset();
        break;
      }
      if (stored->num_rows() == 0) continue;
      RETURN_IF_ERROR(Ok(stored->Validate()));
      return Made(stored->num_rows(), stored->columns());
    }
    return nullptr;
  }

  /// Nothing of the projection is in the file: only the number of rows counts.
  Result<std::shared_ptr<arrow::RecordBatch>> NextEmpty() {
    const int64_t rows = std::min(options_.batch_rows_max, group_end_ - next_position_);
    if (rows <= 0) return nullptr;
    return Made(rows, {});
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Made(int64_t rows, const arrow::ArrayVector& stored) {
    auto columns = Project(projection_.fields(), columns_, stored, options_.constants, rows);
    RETURN_IF_ERROR(Named(columns));
    position_ = next_position_;
    next_position_ += rows;
    if (next_position_ > group_end_) return Damaged("a row group has more rows than it says");
    return arrow::RecordBatch::Make(schema_, rows, *std::move(columns));
  }

  Failure Damaged(std::string_view what) const {
    return Fail(ErrorCode::kCorruptRecord, "damaged parquet file: {}: path={}", what, location_);
  }

  /// What Arrow finds wrong with a file is damage, unless the reading of bytes failed.
  Status Ok(const arrow::Status& status) const {
    if (status.ok()) return {};
    Error error = FromArrow(status, "damaged parquet file", location_).value();
    if (error.code == ErrorCode::kStorage && status.detail() == nullptr) {
      error.code = ErrorCode::kCorruptRecord;
    }
    return Failure(std::move(error));
  }

  template <class T>
  Status Ok(arrow::Result<T> result, T& out) const {
    RETURN_IF_ERROR(Ok(result.status()));
    out = std::move(result).ValueUnsafe();
    return {};
  }

  template <class R>
  Status Named(const R& result) const {
    if (result.ok()) return {};
    return Fail(result.code(), "{}: path={}", result.error().message, location_);
  }

  const std::string location_;
  const Schema projection_;
  const ParquetReadOptions options_;
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<parquet::FileMetaData> footer_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::vector<int> leaves_;
  std::vector<int> groups_;
  size_t next_group_ = 0;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  std::vector<FileColumn> columns_;  // of batches_
  int64_t position_ = 0;
  int64_t next_position_ = 0;
  int64_t group_end_ = 0;
};

}  // namespace

Result<std::unique_ptr<ParquetReader>> ParquetReader::Open(FileIo& io, const std::string& location,
                                                           const Schema& projection,
                                                           ParquetReadOptions options) {
  ASSIGN_OR_RETURN(auto file, io.OpenInput(location, options.file_bytes));
  return GuardParquet(location, [&]() -> Result<std::unique_ptr<ParquetReader>> {
    auto reader = std::make_unique<Reader>(location, projection, std::move(options));
    RETURN_IF_ERROR(reader->Begin(std::move(file)));
    return reader;
  });
}

}  // namespace weir::iceberg
