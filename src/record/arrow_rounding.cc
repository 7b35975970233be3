#include "record/arrow_rounding.h"

#include <algorithm>

#include "record/binary_array.h"
#include "record/decimal.h"

namespace weir {
namespace {

constexpr int32_t kNanosPerMicro = 1'000;
constexpr int64_t kMsPerSecond = 1'000;

bool MayLose(const DataType& type) {
  switch (type.kind) {
    case TypeKind::kTime:
      return type.precision == 0;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return type.precision == 0 || (type.precision > 3 && type.precision <= 6);
    case TypeKind::kBinary:
      return true;
    case TypeKind::kDecimal:
      return !type.is_compact_decimal();
    case TypeKind::kArray:
      return MayLose(type.element());
    case TypeKind::kMap:
      return MayLose(type.key()) || MayLose(type.value());
    case TypeKind::kRow:
      return std::ranges::any_of(type.fields(),
                                 [](const Field& field) { return MayLose(field.type); });
    default:
      return false;
  }
}

bool RoundTime(Value& value) {
  const int64_t rest = value.integer() % kMsPerSecond;
  if (rest == 0) return false;
  value = Value::Int(value.integer() - rest);
  return true;
}

bool RoundTimestamp(int32_t precision, Value& value) {
  const int64_t rest_ms = precision == 0 ? value.timestamp_ms() % kMsPerSecond : 0;
  const int32_t rest_nanos =
      precision == 0 ? value.timestamp_nanos() : value.timestamp_nanos() % kNanosPerMicro;
  if (rest_ms == 0 && rest_nanos == 0) return false;
  value = Value::Timestamp(value.timestamp_ms() - rest_ms, value.timestamp_nanos() - rest_nanos);
  return true;
}

}  // namespace

ArrowRounding::ArrowRounding(std::span<const DataType> types) {
  for (size_t i = 0; i < types.size(); ++i) {
    if (MayLose(types[i])) columns_.push_back({i, types[i]});
  }
}

Result<bool> ArrowRounding::Round(std::span<Value> row) {
  if (columns_.empty()) return false;
  if (!kept_.empty()) kept_.clear();
  bool rounded = false;
  for (const Column& column : columns_) {
    ASSIGN_OR_RETURN(const bool changed, RoundOne(column.type, row[column.index]));
    rounded |= changed;
  }
  return rounded;
}

Result<bool> ArrowRounding::RoundOne(const DataType& type, Value& value) {
  if (value.is_null() || (type.is_nested() && !MayLose(type))) return false;
  switch (type.kind) {
    case TypeKind::kTime:
      return type.precision == 0 && RoundTime(value);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return MayLose(type) && RoundTimestamp(type.precision, value);
    case TypeKind::kBinary:
      return RoundBinary(static_cast<size_t>(type.length), value);
    case TypeKind::kDecimal:
      return !type.is_compact_decimal() && RoundDecimal(value);
    case TypeKind::kArray:
      return RoundArray(type, value);
    case TypeKind::kMap:
      return RoundMap(type, value);
    case TypeKind::kRow:
      return RoundRow(type, value);
    default:
      return false;
  }
}

bool ArrowRounding::RoundBinary(size_t bytes, Value& value) {
  if (value.bytes().size() >= bytes) return false;  // what is too long is refused later
  std::string& filled = Keep();
  filled.assign(value.bytes());
  filled.resize(bytes, '\0');
  value = Value::Bytes(filled);
  return true;
}

bool ArrowRounding::RoundDecimal(Value& value) {
  const auto unscaled = DecimalFromBytes(value.bytes());
  if (!unscaled.ok()) return false;
  std::string minimal(kDecimalBytesMax, '\0');
  minimal.resize(DecimalToBytes(*unscaled, minimal.data()));
  if (minimal.size() == value.bytes().size()) return false;
  value = Value::Bytes(Keep() = std::move(minimal));
  return true;
}

Result<bool> ArrowRounding::RoundArray(const DataType& type, Value& value) {
  ASSIGN_OR_RETURN(const ArrayView array, OpenArray(value, type));
  std::vector<Value> elements;
  RETURN_IF_ERROR(array.Read(elements));
  bool rounded = false;
  for (Value& element : elements) {
    ASSIGN_OR_RETURN(const bool changed, RoundOne(type.element(), element));
    rounded |= changed;
  }
  if (!rounded) return false;
  std::string& bytes = Keep();
  RETURN_IF_ERROR(AppendArray(type.element(), elements, value.nested_format(), bytes));
  value = Value::Nested(bytes, value.nested_format());
  return true;
}

Result<bool> ArrowRounding::RoundMap(const DataType& type, Value& value) {
  ASSIGN_OR_RETURN(const MapView map, OpenMap(value, type));
  std::vector<Value> keys;
  std::vector<Value> values;
  RETURN_IF_ERROR(map.keys.Read(keys));
  RETURN_IF_ERROR(map.values.Read(values));
  bool rounded = false;
  for (size_t i = 0; i < keys.size(); ++i) {
    ASSIGN_OR_RETURN(const bool key_changed, RoundOne(type.key(), keys[i]));
    ASSIGN_OR_RETURN(const bool value_changed, RoundOne(type.value(), values[i]));
    rounded |= key_changed || value_changed;
  }
  if (!rounded) return false;
  std::string& bytes = Keep();
  RETURN_IF_ERROR(AppendMap(type, keys, values, value.nested_format(), bytes));
  value = Value::Nested(bytes, value.nested_format());
  return true;
}

Result<bool> ArrowRounding::RoundRow(const DataType& type, Value& value) {
  std::vector<Value> fields(type.fields().size());
  RETURN_IF_ERROR(OpenRow(value, type, fields));
  bool rounded = false;
  for (size_t i = 0; i < fields.size(); ++i) {
    ASSIGN_OR_RETURN(const bool changed, RoundOne(type.fields()[i].type, fields[i]));
    rounded |= changed;
  }
  if (!rounded) return false;
  std::string& bytes = Keep();
  RETURN_IF_ERROR(AppendRow(type, fields, value.nested_format(), bytes));
  value = Value::Nested(bytes, value.nested_format());
  return true;
}

}  // namespace weir
