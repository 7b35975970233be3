#include "lake/table_reader.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "lake/arrow_error.h"
#include "lake/arrow_scalar.h"
#include "lake/arrow_types.h"
#include "lake/delete_cache.h"
#include "lake/deletion_vector.h"
#include "lake/parquet_reader.h"
#include "lake/table_metadata.h"

namespace weir::iceberg {
namespace {

/// Values of the partition's identity columns: a file may leave them out.
std::map<int32_t, std::optional<Literal>> PartitionConstants(const TableMetadata& table,
                                                             const DataFile& file) {
  std::map<int32_t, std::optional<Literal>> constants;
  const PartitionSpec* spec = table.FindSpec(file.spec_id);
  if (spec == nullptr) return constants;
  for (size_t i = 0; i < spec->fields.size() && i < file.partition.size(); ++i) {
    if (spec->fields[i].transform.kind == TransformKind::kIdentity) {
      constants[spec->fields[i].source_id()] = file.partition[i];
    }
  }
  return constants;
}

/// Computed here, never in a file.
bool IsComputed(int32_t id) { return id == kFilePathColumnId || id == kRowPositionColumnId; }
/// In a file or, where null, computed here.
bool IsLineage(int32_t id) {
  return id == kRowIdColumnId || id == kLastUpdatedSequenceNumberColumnId;
}

class Reader final : public TableReader {
 public:
  Reader(const TableMetadata& table, const FileScanTask& task, Schema projection)
      : path_(task.data_file.file_path),
        first_row_id_(task.data_file.first_row_id),
        sequence_number_(task.sequence_number),
        projection_(std::move(projection)),
        table_schema_(table.current_schema()) {}

  Status Begin(FileIo& io, DeleteCache::State& deletes, const TableMetadata& table,
               const FileScanTask& task, const TableReadOptions& options) {
    if (task.data_file.format != FileFormat::kParquet) {
      return Fail(ErrorCode::kUnsupportedVersion, "data in this format is not read: path={}",
                  path_);
    }
    ASSIGN_OR_RETURN(schema_, ToArrow(projection_));
    RETURN_IF_ERROR(LoadDeletes(deletes, task));
    ParquetReadOptions read;
    read.batch_rows_max = options.batch_rows_max;
    if (task.data_file.file_size_bytes > 0) read.file_bytes = task.data_file.file_size_bytes;
    read.filter = options.filter;
    read.constants = PartitionConstants(table, task.data_file);
    if (const auto text = table.Property("schema.name-mapping.default"); !text.empty()) {
      ASSIGN_OR_RETURN(auto mapping, NameMappingFromJsonText(text));
      read.name_mapping = std::make_shared<const NameMapping>(std::move(mapping));
    }
    ASSIGN_OR_RETURN(const Schema stored, StoredSchema());
    ASSIGN_OR_RETURN(reader_, ParquetReader::Open(io, path_, stored, std::move(read)));
    return {};
  }

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    while (true) {
      ASSIGN_OR_RETURN(const auto stored, reader_->Next());
      if (stored == nullptr) return nullptr;
      ASSIGN_OR_RETURN(const auto kept, Kept(*stored));
      if (kept != nullptr && kept->true_count() == 0) continue;
      ASSIGN_OR_RETURN(auto batch, Output(*stored));
      if (kept == nullptr) return batch;
      ASSIGN_OR_RETURN_ARROW(arrow::Datum live, arrow::compute::Filter(batch, kept),
                             "cannot leave deleted rows out", path_);
      return live.record_batch();
    }
  }

 private:
  Status LoadDeletes(DeleteCache::State& deletes, const FileScanTask& task) {
    for (const auto& file : task.deletes) {
      if (file->file.content == FileContent::kEqualityDeletes) {
        ASSIGN_OR_RETURN(keys_.emplace_back(), deletes.Keys(file->file, table_schema_));
        continue;
      }
      if (file->file.is_deletion_vector())
        RETURN_IF_ERROR(CheckVectorFits(file->file, task.data_file));
      ASSIGN_OR_RETURN(const auto rows, deletes.Positions(file->file));
      const auto found = rows->find(path_);
      if (found != rows->end()) positions_.AddAll(found->second);
    }
    return {};
  }

  /// What to read: the projection without what is computed, and what equality deletes compare.
  Result<Schema> StoredSchema() {
    std::vector<Field> fields;
    const auto column_of = [&](const Field& field) {
      const auto found = std::ranges::find(fields, field.id, &Field::id);
      const auto at = static_cast<int>(found - fields.begin());
      if (found == fields.end()) fields.push_back(field);
      return at;
    };
    for (Field field : projection_.fields()) {
      if (IsLineage(field.id)) field.required = false;
      output_columns_.push_back(IsComputed(field.id) ? -1 : column_of(field));
    }
    for (const auto& keys : keys_) {
      auto& columns = key_columns_.emplace_back();
      for (const Field& field : keys->columns) columns.push_back(column_of(field));
    }
    return Schema::Make(0, std::move(fields));
  }

  /// Which rows live on; null when all do.
  Result<std::shared_ptr<arrow::BooleanArray>> Kept(const arrow::RecordBatch& stored) {
    const int64_t begin = reader_->position();
    const int64_t rows = stored.num_rows();
    const bool by_position = positions_.ContainsAny(begin, begin + rows);
    if (!by_position && keys_.empty()) return nullptr;
    std::vector<bool> kept(static_cast<size_t>(rows), true);
    for (int64_t row = 0; by_position && row < rows; ++row) {
      if (positions_.Contains(begin + row)) kept[static_cast<size_t>(row)] = false;
    }
    for (size_t i = 0; i < keys_.size(); ++i) {
      arrow::ArrayVector columns;
      for (const int column : key_columns_[i]) columns.push_back(stored.column(column));
      RowKeys row_keys(std::move(columns));
      for (int64_t row = 0; row < rows; ++row) {
        if (keys_[i]->keys.contains(row_keys.Of(row))) kept[static_cast<size_t>(row)] = false;
      }
    }
    if (std::ranges::find(kept, false) == kept.end()) return nullptr;
    arrow::BooleanBuilder builder;
    RETURN_IF_ARROW_ERROR(builder.AppendValues(kept), "cannot leave deleted rows out", path_);
    ASSIGN_OR_RETURN_ARROW(auto array, builder.Finish(), "cannot leave deleted rows out", path_);
    return std::static_pointer_cast<arrow::BooleanArray>(array);
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Output(const arrow::RecordBatch& stored) {
    arrow::ArrayVector columns;
    for (size_t i = 0; i < output_columns_.size(); ++i) {
      const int32_t id = projection_.fields()[i].id;
      const auto column = output_columns_[i] < 0 ? nullptr : stored.column(output_columns_[i]);
      ASSIGN_OR_RETURN(columns.emplace_back(), ColumnOf(id, column, stored.num_rows()));
    }
    return arrow::RecordBatch::Make(schema_, stored.num_rows(), std::move(columns));
  }

  Result<std::shared_ptr<arrow::Array>> ColumnOf(int32_t id,
                                                 const std::shared_ptr<arrow::Array>& stored,
                                                 int64_t rows) {
    switch (id) {
      case kFilePathColumnId:
        return Repeat(Literal::String(path_), Type::Of(TypeId::kString), rows);
      case kRowPositionColumnId:
        return Numbers(nullptr, rows, [&](int64_t row) { return reader_->position() + row; });
      case kRowIdColumnId:
        if (!first_row_id_) return stored;
        return Numbers(stored.get(), rows,
                       [&](int64_t row) { return *first_row_id_ + reader_->position() + row; });
      case kLastUpdatedSequenceNumberColumnId:
        if (!first_row_id_) return stored;
        return Numbers(stored.get(), rows, [&](int64_t) { return sequence_number_; });
      default:
        return stored;
    }
  }

  /// `number` of each row, but what `stored` (null: nothing) has already.
  template <class F>
  Result<std::shared_ptr<arrow::Array>> Numbers(const arrow::Array* stored, int64_t rows,
                                                F&& number) {
    arrow::Int64Builder builder;
    for (int64_t row = 0; row < rows; ++row) {
      const bool there = stored != nullptr && stored->IsValid(row);
      RETURN_IF_ARROW_ERROR(
          builder.Append(there ? static_cast<const arrow::Int64Array*>(stored)->Value(row)
                               : number(row)),
          "cannot number rows", path_);
    }
    ASSIGN_OR_RETURN_ARROW(auto array, builder.Finish(), "cannot number rows", path_);
    return array;
  }

  const std::string path_;
  const std::optional<int64_t> first_row_id_;
  const int64_t sequence_number_;
  const Schema projection_;
  const Schema table_schema_;
  std::shared_ptr<arrow::Schema> schema_;
  std::unique_ptr<ParquetReader> reader_;
  std::vector<int> output_columns_;  // of the projection: column of the reader, -1 = computed
  RowPositions positions_;
  std::vector<std::shared_ptr<const DeletedKeys>> keys_;
  std::vector<std::vector<int>> key_columns_;  // of each of keys_: columns of the reader
};

}  // namespace

Result<std::unique_ptr<TableReader>> TableReader::Open(FileIo& io, DeleteCache& deletes,
                                                       const TableMetadata& table,
                                                       const FileScanTask& task,
                                                       const Schema& projection,
                                                       TableReadOptions options) {
  auto reader = std::make_unique<Reader>(table, task, projection);
  RETURN_IF_ERROR(reader->Begin(io, deletes.state(), table, task, options));
  return reader;
}

}  // namespace weir::iceberg
