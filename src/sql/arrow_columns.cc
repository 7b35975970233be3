#include "sql/arrow_columns.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

#include "record/arrow_schema.h"

namespace weir {
namespace {

/// What DuckDB's import makes of a type must be ToDuckType(type); where Fluss' Arrow type would
/// become something else, the data is changed first: timestamps of seconds and milliseconds to
/// microseconds, times of nanoseconds to microseconds, zones added to TIMESTAMP_LTZ.
bool NeedsChange(const DataType& type) {
  if (type.is_nested())
    return std::ranges::any_of(type.fields(),
                               [](const Field& field) { return NeedsChange(field.type); });
  return (type.kind == TypeKind::kTimestamp && type.precision <= 3) ||
         type.kind == TypeKind::kTimestampLtz ||
         (type.kind == TypeKind::kTime && type.precision > 6);
}

std::shared_ptr<arrow::DataType> ImportType(const DataType& type) {
  if (!NeedsChange(type)) return ToArrowType(type);
  switch (type.kind) {
    case TypeKind::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case TypeKind::kTimestampLtz:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case TypeKind::kTime:
      return arrow::time64(arrow::TimeUnit::MICRO);
    case TypeKind::kArray:
      return arrow::list(arrow::field("element", ImportType(type.element())));
    case TypeKind::kMap: {
      auto entries = arrow::struct_({arrow::field("key", ImportType(type.key()), false),
                                     arrow::field("value", ImportType(type.value()))});
      return std::make_shared<arrow::MapType>(arrow::field("entries", std::move(entries), false));
    }
    default: {
      arrow::FieldVector fields;
      for (const Field& field : type.fields())
        fields.push_back(arrow::field(field.name, ImportType(field.type)));
      return arrow::struct_(std::move(fields));
    }
  }
}

/// 64-bit values times `multiply`, divided by `divide` towards the past.
Result<std::shared_ptr<arrow::ArrayData>> Rescaled(const arrow::ArrayData& data, int64_t multiply,
                                                   int64_t divide,
                                                   std::shared_ptr<arrow::DataType> type) {
  auto values =
      arrow::AllocateBuffer((data.offset + data.length) * static_cast<int64_t>(sizeof(int64_t)));
  RETURN_IF_ERROR(FromArrow(values.status()));
  std::shared_ptr<arrow::Buffer> buffer = *std::move(values);
  const int64_t* from = data.GetValues<int64_t>(1);
  auto* to = reinterpret_cast<int64_t*>(buffer->mutable_data()) + data.offset;
  for (int64_t i = 0; i < data.length; ++i) {
    // Values under a null may be anything.
    const auto scaled =
        static_cast<int64_t>(static_cast<uint64_t>(from[i]) * static_cast<uint64_t>(multiply));
    to[i] = divide == 1 ? scaled : scaled / divide - (scaled % divide < 0 ? 1 : 0);
  }
  return arrow::ArrayData::Make(std::move(type), data.length, {data.buffers[0], std::move(buffer)},
                                data.null_count, data.offset);
}

Result<std::shared_ptr<arrow::ArrayData>> Changed(const std::shared_ptr<arrow::ArrayData>& data,
                                                  const DataType& type) {
  if (!NeedsChange(type)) return data;
  auto target = ImportType(type);
  switch (type.kind) {
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return Rescaled(*data,
                      type.precision == 0   ? 1'000'000
                      : type.precision <= 3 ? 1000
                                            : 1,
                      type.precision > 6 ? 1000 : 1, std::move(target));
    case TypeKind::kTime:
      return Rescaled(*data, 1, 1000, std::move(target));
    default:
      break;
  }
  auto changed = data->Copy();
  changed->type = target;
  if (type.kind == TypeKind::kMap) {
    auto entries = data->child_data[0]->Copy();
    entries->type = target->field(0)->type();
    ASSIGN_OR_RETURN(entries->child_data[0], Changed(entries->child_data[0], type.key()));
    ASSIGN_OR_RETURN(entries->child_data[1], Changed(entries->child_data[1], type.value()));
    changed->child_data[0] = std::move(entries);
    return changed;
  }
  for (size_t i = 0; i < changed->child_data.size(); ++i) {
    ASSIGN_OR_RETURN(changed->child_data[i],
                     Changed(changed->child_data[i], type.fields()[i].type));
  }
  return changed;
}

}  // namespace

Result<std::unique_ptr<ArrowColumn>> ArrowColumn::Make(duckdb_connection connection,
                                                       const DataType& type) {
  auto column = std::unique_ptr<ArrowColumn>(new ArrowColumn(connection, type));
  ArrowSchema exported;
  RETURN_IF_ERROR(FromArrow(
      arrow::ExportSchema(*arrow::schema({arrow::field("c", ImportType(type))}), &exported)));
  const Status converted =
      FromDuck(Duck().schema_from_arrow(connection, &exported, column->schema_.out()));
  exported.release(&exported);
  RETURN_IF_ERROR(converted);
  return column;
}

Result<std::shared_ptr<arrow::ArrayData>> ArrowColumn::Prepare(const arrow::Array& array) const {
  return Changed(array.data(), type_);
}

Status ArrowColumn::Fill(const arrow::ArrayData& prepared, int64_t offset, int64_t length,
                         duckdb_vector out) const {
  auto data = prepared.Slice(offset, length);
  // A struct of one column: DuckDB's import gives the memory of a whole batch to the vector of its
  // first column, so that other columns would dangle once that one is gone.
  const auto batch =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("c", data->type)}), length, {data});
  ArrowArray exported;
  RETURN_IF_ERROR(FromArrow(arrow::ExportRecordBatch(*batch, &exported)));
  DuckChunk chunk;
  const Status imported =
      FromDuck(Duck().data_chunk_from_arrow(connection_, &exported, schema_.get(), chunk.out()));
  if (exported.release != nullptr) exported.release(&exported);
  RETURN_IF_ERROR(imported);
  Duck().vector_reference_vector(out, Duck().data_chunk_get_vector(chunk.get(), 0));
  return {};
}

}  // namespace weir
