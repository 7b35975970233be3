#include "sql/lake_scan.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>

#include "lake/position_deletes.h"
#include "lake/scan_planner.h"
#include "lake/table_reader.h"
#include "sql/arrow_columns.h"
#include "sql/duckdb_types.h"
#include "sql/lake_columns.h"
#include "sql/lake_filter.h"

namespace weir {
namespace {

/// Shared by the parts of a scan.
struct LakeSource {
  iceberg::FileIo& files;
  LakeView view;
  iceberg::Expression filter;  // bound
  std::vector<iceberg::FileScanTask> tasks;
  iceberg::DeleteCache deletes;

  LakeSource(iceberg::FileIo& io, LakeView v) : files(io), view(std::move(v)), deletes(io, {}) {}
};

/// What one query reads of it.
struct LakeProjection {
  iceberg::Schema schema;    // fields read, each once
  std::vector<int> read_at;  // by vector of the output: position in `schema`, or kNoColumn
  std::vector<int> columns;  // by vector of the output: position in view.columns
  std::vector<std::unique_ptr<ArrowColumn>> converters;  // by position in `schema`
  std::vector<DataType> types;                           // likewise
};

/// A column that is not in the lake: null, or the same text in every row.
Status FillConstant(duckdb_vector out, int64_t count, const LakeColumn& column) {
  const Value value = column.always ? Value::Bytes(*column.always) : Value::Null();
  for (int64_t i = 0; i < count; ++i)
    RETURN_IF_ERROR(WriteValue(out, static_cast<idx_t>(i), column.column.type, value));
  return {};
}

class LakeScanPart : public ScanPart {
 public:
  LakeScanPart(std::shared_ptr<LakeSource> source, size_t task,
               std::shared_ptr<const LakeProjection> projection, ScanCounts& counts)
      : source_(std::move(source)),
        task_(source_->tasks[task]),
        projection_(std::move(projection)),
        counts_(counts) {}

  Result<bool> Next(duckdb_data_chunk out) override {
    while (row_ == rows_) {
      ASSIGN_OR_RETURN(const bool more, NextBatch());
      if (!more) return false;
    }
    const int64_t count = std::min<int64_t>(rows_ - row_, kChunkRows);
    for (size_t i = 0; i < projection_->columns.size(); ++i)
      RETURN_IF_ERROR(Fill(i, count, Duck().data_chunk_get_vector(out, i)));
    Duck().data_chunk_set_size(out, static_cast<idx_t>(count));
    counts_.cold_rows += count;
    row_ += count;
    return true;
  }

 private:
  Status Fill(size_t vector, int64_t count, duckdb_vector out) {
    const int column = projection_->columns[vector];
    if (column == kNoColumn) return {};
    const int read = projection_->read_at[vector];
    if (read == kNoColumn)
      return FillConstant(out, count, source_->view.columns[static_cast<size_t>(column)]);
    const auto at = static_cast<size_t>(read);
    if (prepared_[at] == nullptr) {
      ASSIGN_OR_RETURN(const auto values,
                       ToTableColumn(batch_->column(read), projection_->types[at]));
      ASSIGN_OR_RETURN(prepared_[at], projection_->converters[at]->Prepare(*values));
    }
    return projection_->converters[at]->Fill(*prepared_[at], row_, count, out);
  }

  /// Make rows [row_, rows_) readable; false at the end of the file.
  Result<bool> NextBatch() {
    row_ = rows_ = 0;
    // count(*) needs no file when all its rows are alive.
    if (projection_->types.empty() && task_.deletes.empty()) {
      rows_ = std::exchange(opened_, true) ? 0 : task_.data_file.record_count;
      return rows_ > 0;
    }
    if (!std::exchange(opened_, true)) RETURN_IF_ERROR(Open());
    ASSIGN_OR_RETURN(batch_, reader_->Next());
    if (batch_ == nullptr) return false;
    prepared_.assign(projection_->types.size(), nullptr);
    rows_ = batch_->num_rows();
    return true;
  }

  Status Open() {
    iceberg::Schema wanted = projection_->schema;
    if (wanted.fields().empty()) {
      ASSIGN_OR_RETURN(
          wanted, iceberg::Schema::Make(0, {{.id = iceberg::kRowPositionColumnId,
                                             .name = "_pos",
                                             .required = true,
                                             .type = iceberg::Type::Of(iceberg::TypeId::kLong)}}));
    }
    ASSIGN_OR_RETURN(
        reader_, iceberg::TableReader::Open(source_->files, source_->deletes, *source_->view.table,
                                            task_, wanted, {.filter = source_->filter}));
    ++counts_.files;
    counts_.cold_bytes += task_.data_file.file_size_bytes;
    return {};
  }

  const std::shared_ptr<LakeSource> source_;
  const iceberg::FileScanTask& task_;  // of source_
  const std::shared_ptr<const LakeProjection> projection_;
  ScanCounts& counts_;  // of the scan
  bool opened_ = false;
  std::unique_ptr<iceberg::TableReader> reader_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  std::vector<std::shared_ptr<arrow::ArrayData>> prepared_;  // columns of batch_
  int64_t row_ = 0;
  int64_t rows_ = 0;
};

class LakeScan : public TableScan {
 public:
  LakeScan(std::shared_ptr<LakeSource> source, duckdb_connection connection)
      : source_(std::move(source)), connection_(connection) {
    for (const LakeColumn& column : source_->view.columns) columns_.push_back(column.column);
  }

  std::span<const ScanColumn> columns() const override { return columns_; }
  size_t part_count() const override { return source_->tasks.size(); }
  int64_t rows_estimate() const override {
    int64_t rows = 0;
    for (const iceberg::FileScanTask& task : source_->tasks) rows += task.data_file.record_count;
    return rows;
  }
  Result<std::unique_ptr<ScanPart>> Open(size_t part, std::span<const int> projection) override {
    ASSIGN_OR_RETURN(auto prepared, Prepare(projection));
    return std::make_unique<LakeScanPart>(source_, part, std::move(prepared), counts());
  }

 private:
  Result<std::shared_ptr<const LakeProjection>> Prepare(std::span<const int> projection) const {
    auto out = std::make_shared<LakeProjection>();
    const iceberg::TableMetadata& table = *source_->view.table;
    const iceberg::Snapshot* snapshot = table.FindSnapshot(source_->view.snapshot_id);
    const iceberg::Schema& schema = table.SchemaOf(*snapshot);
    std::vector<iceberg::Field> fields;
    for (const int column : projection) {
      out->columns.push_back(column);
      out->read_at.push_back(kNoColumn);
      if (column == kNoColumn) continue;
      const LakeColumn& wanted = source_->view.columns[static_cast<size_t>(column)];
      const iceberg::Field* field = wanted.field_id ? schema.FindField(*wanted.field_id) : nullptr;
      if (field == nullptr) continue;
      out->read_at.back() = static_cast<int>(fields.size());
      fields.push_back(*field);
      out->types.push_back(wanted.column.type);
      ASSIGN_OR_RETURN(auto converter, ArrowColumn::Make(connection_, wanted.column.type));
      out->converters.push_back(std::move(converter));
    }
    ASSIGN_OR_RETURN(out->schema, iceberg::Schema::Make(0, std::move(fields)));
    return out;
  }

  const std::shared_ptr<LakeSource> source_;
  const duckdb_connection connection_;
  std::vector<ScanColumn> columns_;
};

}  // namespace

Result<std::vector<LakeColumn>> AllLakeColumns(const iceberg::TableMetadata& table,
                                               const iceberg::Snapshot& snapshot) {
  std::vector<LakeColumn> columns;
  for (const iceberg::Field& field : table.SchemaOf(snapshot).fields()) {
    ASSIGN_OR_RETURN(DataType type, DataTypeOf(field.type));
    columns.push_back(
        {.column = {field.name, std::move(type)}, .field_id = field.id, .always = {}});
  }
  return columns;
}

Result<std::shared_ptr<TableScan>> MakeLakeScan(iceberg::FileIo& files, LakeView view,
                                                const Conditions& conditions,
                                                duckdb_connection connection) {
  const std::shared_ptr<const iceberg::TableMetadata> table = view.table;
  const iceberg::Snapshot* snapshot = table->FindSnapshot(view.snapshot_id);
  if (snapshot == nullptr)
    return Fail(ErrorCode::kInvalidTable, "the lake has no such snapshot any more: snapshot={}",
                view.snapshot_id);
  auto source = std::make_shared<LakeSource>(files, std::move(view));
  // Plans are made with the present schema; a snapshot from before a change is read whole.
  const iceberg::Schema& schema = table->current_schema();
  iceberg::ScanRequest request;
  if (table->SchemaOf(*snapshot).SameFields(schema))
    request.filter = LakeFilter(conditions, schema);
  ASSIGN_OR_RETURN(source->filter, iceberg::Bind(request.filter, schema, true));
  ASSIGN_OR_RETURN(iceberg::ScanPlan plan, iceberg::PlanScan(files, *table, *snapshot, request));
  source->tasks = std::move(plan.tasks);
  auto scan = std::make_shared<LakeScan>(std::move(source), connection);
  scan->counts().files_skipped = plan.skipped_data_files;
  scan->counts().manifests_skipped = plan.skipped_manifests;
  return scan;
}

}  // namespace weir
