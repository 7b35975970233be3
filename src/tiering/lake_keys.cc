#include "tiering/lake_keys.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <numeric>

#include "lake/position_deletes.h"

namespace weir {
namespace {

/// How the values of one key column become bytes: all of one width, or a length first.
struct KeyColumn {
  const uint8_t* values = nullptr;
  const int32_t* offsets = nullptr;  // strings
  int32_t width = 0;                 // 0: strings;  -1: booleans, bit by bit
  int64_t first = 0;                 // of the slice
};

Result<KeyColumn> Open(const arrow::Array& array) {
  if (array.null_count() != 0)
    return Fail(ErrorCode::kCorruptRecord, "a key of a lake row is null");
  const arrow::ArrayData& data = *array.data();
  KeyColumn out{.first = data.offset};
  const auto at = [&](size_t buffer) {
    return data.buffers[buffer] == nullptr ? nullptr : data.buffers[buffer]->data();
  };
  if (arrow::is_base_binary_like(data.type->id())) {
    out.offsets = reinterpret_cast<const int32_t*>(at(1));
    out.values = at(2);
    return out;
  }
  if (data.type->id() == arrow::Type::BOOL) {
    out.values = at(1);
    out.width = -1;
    return out;
  }
  const int32_t bits = data.type->bit_width();
  if (bits <= 0 || bits % 8 != 0)
    return Fail(ErrorCode::kInvalidTable, "a key of type {} is not supported in the lake",
                data.type->ToString());
  out.values = at(1);
  out.width = bits / 8;
  return out;
}

void Append(const KeyColumn& column, int64_t row, std::string& out) {
  const int64_t at = column.first + row;
  if (column.width > 0) {
    out.append(reinterpret_cast<const char*>(column.values) + at * column.width,
               static_cast<size_t>(column.width));
  } else if (column.width < 0) {
    out.push_back(static_cast<char>((column.values[at / 8] >> (at % 8)) & 1));
  } else {
    const auto length = static_cast<uint32_t>(column.offsets[at + 1] - column.offsets[at]);
    out.append(reinterpret_cast<const char*>(&length), sizeof length);
    if (length > 0)
      out.append(reinterpret_cast<const char*>(column.values) + column.offsets[at], length);
  }
}

}  // namespace

void KeyList::Reserve(size_t rows, size_t bytes) {
  ends_.reserve(rows);
  bytes_.reserve(bytes);
}

Result<LakeKeys> LakeKeys::Create(const TableInfo& table, const iceberg::Schema& lake) {
  LakeKeys keys;
  std::vector<iceberg::Field> fields;
  for (const std::string& name : table.schema().primary_key()) {
    const auto field = std::ranges::find(lake.fields(), name, &iceberg::Field::name);
    if (field == lake.fields().end())
      return Fail(ErrorCode::kInvalidTable, "the lake table lacks the key column '{}'", name);
    keys.positions_.push_back(static_cast<int>(field - lake.fields().begin()));
    fields.push_back(*field);
  }
  ASSIGN_OR_RETURN(keys.projection_, iceberg::Schema::Make(lake.schema_id(), std::move(fields)));
  return keys;
}

Result<iceberg::Schema> WithRowPosition(const iceberg::Schema& schema) {
  std::vector<iceberg::Field> fields(schema.fields().begin(), schema.fields().end());
  fields.push_back({.id = iceberg::kRowPositionColumnId,
                    .name = "_pos",
                    .required = true,
                    .type = iceberg::Type::Of(iceberg::TypeId::kLong)});
  return iceberg::Schema::Make(schema.schema_id(), std::move(fields));
}

LakeKeys LakeKeys::ForProjection() const {
  LakeKeys keys = *this;
  std::iota(keys.positions_.begin(), keys.positions_.end(), 0);
  return keys;
}

Result<KeyList> LakeKeys::Encode(const arrow::RecordBatch& batch) const {
  std::vector<KeyColumn> columns;
  for (const int position : positions_) {
    ASSIGN_OR_RETURN(columns.emplace_back(), Open(*batch.column(position)));
  }
  KeyList keys;
  const auto rows = static_cast<size_t>(batch.num_rows());
  keys.Reserve(rows, rows * 16 * columns.size());
  for (size_t row = 0; row < rows; ++row) {
    for (const KeyColumn& column : columns) Append(column, static_cast<int64_t>(row), keys.bytes_);
    keys.ends_.push_back(keys.bytes_.size());
  }
  return keys;
}

}  // namespace weir
