#include "lake/position_deletes.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <utility>

#include "lake/arrow_error.h"
#include "lake/file_io.h"
#include "lake/parquet_reader.h"
#include "lake/parquet_writer.h"

namespace weir::iceberg {
namespace {

constexpr int64_t kBatchRows = 65'536;

Result<Schema> DeleteSchema() {
  return Schema::Make(0, {{.id = kDeletePathColumnId,
                           .name = "file_path",
                           .required = true,
                           .type = Type::Of(TypeId::kString)},
                          {.id = kDeletePosColumnId,
                           .name = "pos",
                           .required = true,
                           .type = Type::Of(TypeId::kLong)}});
}

/// Delete files of writers that leave the ids out.
std::shared_ptr<const NameMapping> DeleteNames() {
  return std::make_shared<NameMapping>(
      NameMapping{{{.field_id = kDeletePathColumnId, .names = {"file_path"}, .fields = {}},
                   {.field_id = kDeletePosColumnId, .names = {"pos"}, .fields = {}}}});
}

/// Collects rows and hands them to the writer a batch at a time.
class DeleteRows {
 public:
  DeleteRows(ParquetWriter& writer, const std::string& location)
      : writer_(writer), location_(location) {}

  Status Add(const std::string& path, int64_t position) {
    RETURN_IF_ARROW_ERROR(paths_.Append(path), "cannot write deletes", location_);
    RETURN_IF_ARROW_ERROR(positions_.Append(position), "cannot write deletes", location_);
    return positions_.length() < kBatchRows ? Status{} : Flush();
  }

  Status Flush() {
    const int64_t rows = positions_.length();
    ASSIGN_OR_RETURN_ARROW(auto paths, paths_.Finish(), "cannot write deletes", location_);
    ASSIGN_OR_RETURN_ARROW(auto positions, positions_.Finish(), "cannot write deletes", location_);
    static const auto kSchema = arrow::schema({arrow::field("file_path", arrow::utf8(), false),
                                               arrow::field("pos", arrow::int64(), false)});
    return writer_.Write(
        *arrow::RecordBatch::Make(kSchema, rows, {std::move(paths), std::move(positions)}));
  }

 private:
  ParquetWriter& writer_;
  const std::string& location_;
  arrow::StringBuilder paths_;
  arrow::Int64Builder positions_;
};

}  // namespace

Result<DataFile> WritePositionDeletes(FileIo& io, const std::string& location,
                                      const DeletedRows& rows) {
  ASSIGN_OR_RETURN(const Schema schema, DeleteSchema());
  ParquetWriterOptions options;
  options.column_metrics["file_path"] = {.bounds_length = MetricsMode::kFull};
  options.key_values["delete-type"] = "position";
  options.unique_columns = {"pos"};
  ASSIGN_OR_RETURN(auto writer, ParquetWriter::Open(io, location, schema, std::move(options)));
  DeleteRows batch(*writer, location);
  const std::string* only_path = nullptr;
  int paths = 0;
  for (const auto& [path, positions] : rows) {
    if (positions.empty()) continue;
    only_path = ++paths == 1 ? &path : nullptr;
    for (const int64_t position : positions.ToVector()) {
      RETURN_IF_ERROR(batch.Add(path, position));
    }
  }
  if (paths == 0) return Fail(ErrorCode::kInvalidTable, "no row to delete: path={}", location);
  RETURN_IF_ERROR(batch.Flush());
  ASSIGN_OR_RETURN(DataFile file, writer->Finish());
  file.content = FileContent::kPositionDeletes;
  if (only_path != nullptr) file.referenced_data_file = *only_path;
  return file;
}

Result<DeletedRows> ReadPositionDeletes(FileIo& io, const DataFile& file,
                                        std::string_view data_path, int64_t memory_bytes_max) {
  if (file.format != FileFormat::kParquet) {
    return Fail(ErrorCode::kUnsupportedVersion, "deletes in this format are not read: path={}",
                file.file_path);
  }
  ASSIGN_OR_RETURN(const Schema schema, DeleteSchema());
  ParquetReadOptions options;
  options.name_mapping = DeleteNames();
  if (file.file_size_bytes > 0) options.file_bytes = file.file_size_bytes;
  if (!data_path.empty()) {
    options.filter = Expression::Compare(ExpressionOp::kEq, "file_path",
                                         Literal::String(std::string(data_path)));
    options.filter.field_id = kDeletePathColumnId;
  }
  ASSIGN_OR_RETURN(const auto reader,
                   ParquetReader::Open(io, file.file_path, schema, std::move(options)));
  DeletedRows rows;
  int64_t memory_bytes = 0;
  while (true) {
    ASSIGN_OR_RETURN(const auto batch, reader->Next());
    if (batch == nullptr) return rows;
    const auto& paths = static_cast<const arrow::StringArray&>(*batch->column(0));
    const auto& positions = static_cast<const arrow::Int64Array&>(*batch->column(1));
    RowPositions* current = nullptr;
    std::string_view current_path;
    for (int64_t i = 0; i < batch->num_rows(); ++i) {
      const std::string_view path = paths.GetView(i);
      if (paths.IsNull(i) || positions.IsNull(i) || positions.Value(i) < 0) {
        return Fail(ErrorCode::kCorruptRecord, "a delete without a file or a position: path={}",
                    file.file_path);
      }
      if (!data_path.empty() && path != data_path) continue;
      if (current == nullptr || path != current_path) {
        const auto [at, added] = rows.try_emplace(std::string(path));
        if (added) memory_bytes += static_cast<int64_t>(path.size() + sizeof(*at));
        current = &at->second;
        current_path = path;
      }
      memory_bytes -= current->memory_bytes();
      current->Add(positions.Value(i));
      memory_bytes += current->memory_bytes();
      if (memory_bytes > memory_bytes_max) {
        return Fail(ErrorCode::kRecordTooLarge,
                    "position deletes need too much memory: path={} bytes_max={}", file.file_path,
                    memory_bytes_max);
      }
    }
  }
}

}  // namespace weir::iceberg
