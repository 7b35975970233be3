#include "tiering/tail_files.h"

#include <arrow/record_batch.h>

#include "lake/fluss_layout.h"

namespace weir {
namespace {

/// Rows that a writer gets at once: calls cost more than rows.
constexpr int64_t kRowsAtOnce = 8192;

/// A key of one column comes once in a file, and an offset once in a bucket.
std::vector<std::string> UniqueColumns(const TableInfo& table) {
  std::vector<std::string> out = {std::string(iceberg::kOffsetColumn)};
  const auto key = table.schema().primary_key();
  if (key.size() == 1) out.push_back(key.front());
  return out;
}

}  // namespace

Status TailFiles::Open() {
  path_ = folder_ + "/" + request_.new_name() + ".parquet";
  written_.push_back(path_);
  iceberg::ParquetWriterOptions options = request_.parquet;
  options.unique_columns = UniqueColumns(*request_.table);
  ASSIGN_OR_RETURN(
      writer_, iceberg::ParquetWriter::Open(*request_.io, path_, request_.lake->current_schema(),
                                            std::move(options)));
  return {};
}

Status TailFiles::Close() {
  if (writer_ == nullptr) return {};
  RETURN_IF_ERROR(WritePending());
  ASSIGN_OR_RETURN(iceberg::DataFile file, writer_->Finish());
  writer_.reset();
  file.spec_id = request_.lake->default_spec_id;
  file.partition = partition_;
  if (request_.lake->default_sort_order_id != 0)
    file.sort_order_id = request_.lake->default_sort_order_id;
  done_.push_back(std::move(file));
  return {};
}

Result<TailFiles::Place> TailFiles::Next() {
  // An empty file is never full: what Next promised is where Write goes.
  const bool used = writer_ != nullptr && writer_->rows() + pending_rows_ > 0;
  if (used && writer_->bytes() >= request_.limits.file_bytes_target) RETURN_IF_ERROR(Close());
  if (writer_ == nullptr) RETURN_IF_ERROR(Open());
  return Place{path_, writer_->rows() + pending_rows_};
}

Status TailFiles::Write(const std::shared_ptr<arrow::RecordBatch>& rows) {
  if (rows == nullptr || rows->num_rows() == 0) return {};
  RETURN_IF_ERROR(Next());
  pending_.push_back(rows);
  pending_rows_ += rows->num_rows();
  return pending_rows_ >= kRowsAtOnce ? WritePending() : Status();
}

Status TailFiles::WritePending() {
  if (pending_.empty()) return {};
  const auto batches = std::exchange(pending_, {});
  pending_rows_ = 0;
  if (batches.size() == 1) return writer_->Write(*batches.front());
  const auto joined = arrow::ConcatenateRecordBatches(batches);
  if (!joined.ok())
    return Fail(ErrorCode::kUnknownServerError, "arrow: {}", joined.status().message());
  return writer_->Write(**joined);
}

Result<std::vector<iceberg::DataFile>> TailFiles::Finish() {
  RETURN_IF_ERROR(Close());
  return std::move(done_);
}

}  // namespace weir
