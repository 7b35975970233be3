#include "tiering/stored_rows.h"

#include <arrow/record_batch.h>

#include "record/arrow_batch_writer.h"
#include "record/row_format.h"

namespace weir {
namespace {

constexpr int32_t kBatchRows = 8192;

}  // namespace

/// Rows of one schema.
struct StoredRowBatches::Columns {
  RowDecoder decoder;
  std::unique_ptr<ArrowBatchWriter> writer;
};

StoredRowBatches::StoredRowBatches(TableRef table, BucketId bucket, Take take)
    : table_(std::move(table)), bucket_(bucket), take_(std::move(take)) {}
StoredRowBatches::~StoredRowBatches() = default;
StoredRowBatches::StoredRowBatches(StoredRowBatches&&) noexcept = default;

Result<StoredRowBatches> StoredRowBatches::Create(const TableRef& table,
                                                  const iceberg::Schema& lake, BucketId bucket,
                                                  Take take) {
  // The batches made here are Arrow, whatever the table's log has.
  auto arrow_table = std::make_shared<TableInfo>(*table);
  arrow_table->config.log_format = LogFormat::kArrow;
  StoredRowBatches out(arrow_table, bucket, std::move(take));
  ASSIGN_OR_RETURN(out.reader_, LakeBatchReader::Create(out.table_, lake));
  return out;
}

Status StoredRowBatches::Add(const StoredValue& stored) {
  ASSIGN_OR_RETURN(Columns* const columns, ColumnsOf(stored.schema_id));
  values_.assign(columns->decoder.size(), Value::Null());
  RETURN_IF_ERROR(columns->decoder.Decode(stored.row, values_));
  RETURN_IF_ERROR(columns->writer->Append(values_, ChangeType::kInsert));
  if (columns->writer->row_count() < kBatchRows) return {};
  return Flush(*columns);
}

Status StoredRowBatches::Flush() {
  for (auto& [id, columns] : columns_) RETURN_IF_ERROR(Flush(*columns));
  return {};
}

Result<StoredRowBatches::Columns*> StoredRowBatches::ColumnsOf(SchemaId id) {
  if (const auto found = columns_.find(id); found != columns_.end()) return found->second.get();
  const auto schema = table_->FindSchema(id);
  if (schema == nullptr) {
    return Fail(ErrorCode::kSchemaNotExist, "a row has an unknown schema: schema_id={}", id.value);
  }
  ASSIGN_OR_RETURN(auto writer,
                   ArrowBatchWriter::Create(*schema, id, {LogCompressionType::kNone, 1}));
  auto made = std::make_unique<Columns>(
      Columns{RowDecoder(table_->config.kv_format, schema->types()), std::move(writer)});
  return columns_.emplace(id, std::move(made)).first->second.get();
}

Status StoredRowBatches::Flush(Columns& columns) {
  if (columns.writer->row_count() == 0) return {};
  std::string bytes;
  RETURN_IF_ERROR(columns.writer->Finish({}, bytes));
  ASSIGN_OR_RETURN(const LogBatchView batch, LogBatchView::Parse(bytes));
  ASSIGN_OR_RETURN(const LakeRows rows, reader_->ReadState(batch, bucket_));
  return take_(rows.rows);
}

}  // namespace weir
