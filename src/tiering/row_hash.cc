#include "tiering/row_hash.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <bit>
#include <cmath>

#include "base/bytes.h"
#include "base/hash.h"

namespace weir {
namespace {

constexpr uint64_t kNull = 0x9ae16a3b2f90404fULL;

uint64_t Mix(uint64_t hash, uint64_t value) {
  hash ^= value + 0x9e3779b97f4a7c15ULL + (hash << 6) + (hash >> 2);
  hash ^= hash >> 32;
  hash *= 0xd6e8feb86659fd93ULL;
  return hash ^ hash >> 32;
}

uint64_t HashOf(BytesView bytes) { return HashBytes(bytes); }
uint64_t HashOf(int64_t value) { return Mix(1, static_cast<uint64_t>(value)); }
/// All NaN are one value, the two zeros are two, as in Iceberg.
uint64_t HashOf(double value) {
  return Mix(2, std::isnan(value) ? 0x7ff8ULL << 48 : std::bit_cast<uint64_t>(value));
}

template <class A>
const A& As(const arrow::Array& array) {
  return static_cast<const A&>(array);
}

Result<uint64_t> ValueHash(const arrow::Array& array, int64_t row);

Result<uint64_t> ItemsHash(const arrow::Array& items, int64_t begin, int64_t end) {
  uint64_t hash = Mix(3, static_cast<uint64_t>(end - begin));
  for (int64_t i = begin; i < end; ++i) {
    ASSIGN_OR_RETURN(const uint64_t item, ValueHash(items, i));
    hash = Mix(hash, item);
  }
  return hash;
}

/// Entries of a map have no order.
Result<uint64_t> MapHash(const arrow::MapArray& map, int64_t row) {
  uint64_t sum = 0;
  for (int64_t i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
    ASSIGN_OR_RETURN(const uint64_t key, ValueHash(*map.keys(), i));
    ASSIGN_OR_RETURN(const uint64_t item, ValueHash(*map.items(), i));
    sum += Mix(key, item);
  }
  return Mix(4, sum);
}

Result<uint64_t> StructHash(const arrow::StructArray& parent, int64_t row) {
  uint64_t hash = 5;
  for (int i = 0; i < parent.num_fields(); ++i) {
    ASSIGN_OR_RETURN(const uint64_t field, ValueHash(*parent.field(i), row));
    hash = Mix(hash, field);
  }
  return hash;
}

Result<uint64_t> ValueHash(const arrow::Array& array, int64_t row) {
  if (array.IsNull(row)) return kNull;
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      return HashOf(int64_t{As<arrow::BooleanArray>(array).Value(row)});
    case arrow::Type::INT32:
      return HashOf(int64_t{As<arrow::Int32Array>(array).Value(row)});
    case arrow::Type::DATE32:
      return HashOf(int64_t{As<arrow::Date32Array>(array).Value(row)});
    case arrow::Type::INT64:
      return HashOf(As<arrow::Int64Array>(array).Value(row));
    case arrow::Type::TIME64:
      return HashOf(As<arrow::Time64Array>(array).Value(row));
    case arrow::Type::TIMESTAMP:
      return HashOf(As<arrow::TimestampArray>(array).Value(row));
    case arrow::Type::FLOAT:
      return HashOf(double{As<arrow::FloatArray>(array).Value(row)});
    case arrow::Type::DOUBLE:
      return HashOf(As<arrow::DoubleArray>(array).Value(row));
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return HashOf(As<arrow::BinaryArray>(array).GetView(row));
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return HashOf(As<arrow::LargeBinaryArray>(array).GetView(row));
    case arrow::Type::FIXED_SIZE_BINARY:
    case arrow::Type::DECIMAL128:
      return HashOf(As<arrow::FixedSizeBinaryArray>(array).GetView(row));
    case arrow::Type::STRUCT:
      return StructHash(As<arrow::StructArray>(array), row);
    case arrow::Type::MAP:
      return MapHash(As<arrow::MapArray>(array), row);
    case arrow::Type::LIST: {
      const auto& list = As<arrow::ListArray>(array);
      return ItemsHash(*list.values(), list.value_offset(row), list.value_offset(row + 1));
    }
    default:
      return Fail(ErrorCode::kInvalidTable, "rows of this type are not compared: type={}",
                  array.type()->ToString());
  }
}

}  // namespace

Result<std::vector<uint64_t>> RowHash::Of(const arrow::RecordBatch& batch) const {
  std::vector<uint64_t> hashes(static_cast<size_t>(batch.num_rows()), 0);
  for (const std::string& name : columns_) {
    const auto column = batch.GetColumnByName(name);
    for (size_t row = 0; row < hashes.size(); ++row) {
      uint64_t value = kNull;
      if (column != nullptr) {
        ASSIGN_OR_RETURN(value, ValueHash(*column, static_cast<int64_t>(row)));
      }
      hashes[row] = Mix(hashes[row], value);
    }
  }
  return hashes;
}

}  // namespace weir
