#include "sql/duckdb_types.h"

#include <set>
#include <vector>

#include "record/binary_array.h"
#include "record/decimal.h"
#include "record/row_format.h"
#include "sql/token.h"

namespace weir {
namespace {

constexpr int64_t kUsPerDay = 86'400'000'000;

duckdb_type PlainType(const DataType& type) {
  switch (type.kind) {
    case TypeKind::kBoolean:
      return DUCKDB_TYPE_BOOLEAN;
    case TypeKind::kTinyInt:
      return DUCKDB_TYPE_TINYINT;
    case TypeKind::kSmallInt:
      return DUCKDB_TYPE_SMALLINT;
    case TypeKind::kInt:
      return DUCKDB_TYPE_INTEGER;
    case TypeKind::kBigInt:
      return DUCKDB_TYPE_BIGINT;
    case TypeKind::kFloat:
      return DUCKDB_TYPE_FLOAT;
    case TypeKind::kDouble:
      return DUCKDB_TYPE_DOUBLE;
    case TypeKind::kBinary:
    case TypeKind::kBytes:
      return DUCKDB_TYPE_BLOB;
    case TypeKind::kDate:
      return DUCKDB_TYPE_DATE;
    case TypeKind::kTime:
      return DUCKDB_TYPE_TIME;
    case TypeKind::kTimestamp:
      return type.precision > 6 ? DUCKDB_TYPE_TIMESTAMP_NS : DUCKDB_TYPE_TIMESTAMP;
    case TypeKind::kTimestampLtz:
      return DUCKDB_TYPE_TIMESTAMP_TZ;
    default:
      return DUCKDB_TYPE_VARCHAR;
  }
}

std::vector<std::string> FieldNames(std::span<const Field> fields) {
  std::vector<std::string> names;
  for (const Field& field : fields) names.push_back(field.name);
  return DistinctNames(std::move(names));
}

DuckType StructType(std::span<const Field> fields) {
  std::vector<DuckType> owners;
  std::vector<duckdb_logical_type> types;
  std::vector<const char*> names;
  const std::vector<std::string> distinct = FieldNames(fields);
  for (size_t i = 0; i < fields.size(); ++i) {
    owners.push_back(ToDuckType(fields[i].type));
    types.push_back(owners.back().get());
    names.push_back(distinct[i].c_str());
  }
  return DuckType(Duck().create_struct_type(types.data(), names.data(), types.size()));
}

template <class T>
T& Slot(duckdb_vector vector, idx_t row) {
  return static_cast<T*>(Duck().vector_get_data(vector))[row];
}

// DuckDB stores decimals in the smallest integer that holds the width.
void WriteDecimal(duckdb_vector vector, idx_t row, int32_t precision, Int128 unscaled) {
  if (precision <= 4) {
    Slot<int16_t>(vector, row) = static_cast<int16_t>(unscaled);
  } else if (precision <= 9) {
    Slot<int32_t>(vector, row) = static_cast<int32_t>(unscaled);
  } else if (precision <= 18) {
    Slot<int64_t>(vector, row) = static_cast<int64_t>(unscaled);
  } else {
    Slot<duckdb_hugeint>(vector, row) = {.lower = static_cast<uint64_t>(unscaled),
                                         .upper = static_cast<int64_t>(unscaled >> 64)};
  }
}

Int128 ReadDecimal(duckdb_vector vector, idx_t row, int32_t precision) {
  if (precision <= 4) return Slot<int16_t>(vector, row);
  if (precision <= 9) return Slot<int32_t>(vector, row);
  if (precision <= 18) return Slot<int64_t>(vector, row);
  const auto& huge = Slot<duckdb_hugeint>(vector, row);
  return (static_cast<Int128>(huge.upper) << 64) | static_cast<Int128>(huge.lower);
}

void WriteNull(duckdb_vector vector, idx_t row, const DataType& type) {
  Duck().vector_ensure_validity_writable(vector);
  Duck().validity_set_row_invalid(Duck().vector_get_validity(vector), row);
  // A NULL struct has NULL fields, and a NULL list must not point anywhere.
  if (type.kind == TypeKind::kRow) {
    for (size_t i = 0; i < type.fields().size(); ++i)
      WriteNull(Duck().struct_vector_get_child(vector, i), row, type.fields()[i].type);
  } else if (type.is_nested()) {
    Slot<duckdb_list_entry>(vector, row) = {0, 0};
  }
}

/// Make room for `count` more entries behind a list vector's child; returns where they begin.
idx_t GrowList(duckdb_vector vector, idx_t row, idx_t count) {
  const idx_t begin = Duck().list_vector_get_size(vector);
  Duck().list_vector_reserve(vector, begin + count);
  Duck().list_vector_set_size(vector, begin + count);
  Slot<duckdb_list_entry>(vector, row) = {begin, count};
  return begin;
}

Status WriteElements(duckdb_vector child, idx_t begin, const DataType& type,
                     const ArrayView& elements) {
  for (int32_t i = 0; i < elements.size(); ++i) {
    Value element;
    if (!elements.is_null(i)) {
      ASSIGN_OR_RETURN(element, elements.At(i));
    }
    RETURN_IF_ERROR(WriteValue(child, begin + static_cast<idx_t>(i), type, element));
  }
  return {};
}

Status WriteNested(duckdb_vector vector, idx_t row, const DataType& type, const Value& value) {
  if (type.kind == TypeKind::kArray) {
    ASSIGN_OR_RETURN(const ArrayView array, OpenArray(value, type));
    const idx_t begin = GrowList(vector, row, static_cast<idx_t>(array.size()));
    return WriteElements(Duck().list_vector_get_child(vector), begin, type.element(), array);
  }
  if (type.kind == TypeKind::kMap) {
    ASSIGN_OR_RETURN(const MapView map, OpenMap(value, type));
    const idx_t begin = GrowList(vector, row, static_cast<idx_t>(map.keys.size()));
    const duckdb_vector entries = Duck().list_vector_get_child(vector);
    RETURN_IF_ERROR(
        WriteElements(Duck().struct_vector_get_child(entries, 0), begin, type.key(), map.keys));
    return WriteElements(Duck().struct_vector_get_child(entries, 1), begin, type.value(),
                         map.values);
  }
  std::vector<Value> fields(type.fields().size());
  RETURN_IF_ERROR(OpenRow(value, type, fields));
  for (size_t i = 0; i < fields.size(); ++i)
    RETURN_IF_ERROR(WriteValue(Duck().struct_vector_get_child(vector, i), row,
                               type.fields()[i].type, fields[i]));
  return {};
}

/// Floor division, for instants before 1970.
int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

Value TimestampFromUs(int64_t us) {
  const int64_t ms = FloorDiv(us, 1000);
  return Value::Timestamp(ms, static_cast<int32_t>(us - ms * 1000) * 1000);
}

bool IsNull(duckdb_vector vector, idx_t row) {
  const uint64_t* validity = Duck().vector_get_validity(vector);
  return validity != nullptr && (validity[row / 64] >> (row % 64) & 1) == 0;
}

/// Errors  kSqlFailed  null where `type`, of a part of a value, is NOT NULL
Status CheckPart(const Value& value, const DataType& type, std::string_view what) {
  if (!value.is_null() || type.nullable) return {};
  return Fail(ErrorCode::kSqlFailed, "{} is {}, and there is a NULL for it", what, type.ToString());
}

Result<std::vector<Value>> ReadElements(duckdb_vector child, duckdb_list_entry entry,
                                        const DataType& type, RowFormat format,
                                        std::deque<std::string>& arena) {
  std::vector<Value> elements;
  elements.reserve(entry.length);
  for (idx_t i = 0; i < entry.length; ++i) {
    ASSIGN_OR_RETURN(const Value element, ReadValue(child, entry.offset + i, type, format, arena));
    RETURN_IF_ERROR(CheckPart(element, type, "an element"));
    elements.push_back(element);
  }
  return elements;
}

Result<Value> ReadRow(duckdb_vector vector, idx_t row, const DataType& type, RowFormat format,
                      std::deque<std::string>& arena);

Result<Value> ReadNested(duckdb_vector vector, idx_t row, const DataType& type, RowFormat format,
                         std::deque<std::string>& arena) {
  if (type.kind == TypeKind::kRow) return ReadRow(vector, row, type, format, arena);
  const auto entry = Slot<duckdb_list_entry>(vector, row);
  const duckdb_vector child = Duck().list_vector_get_child(vector);
  if (type.kind == TypeKind::kArray) {
    ASSIGN_OR_RETURN(const auto elements,
                     ReadElements(child, entry, type.element(), format, arena));
    std::string& bytes = arena.emplace_back();
    RETURN_IF_ERROR(AppendArray(type.element(), elements, format, bytes));
    return Value::Nested(bytes, format);
  }
  ASSIGN_OR_RETURN(const auto keys, ReadElements(Duck().struct_vector_get_child(child, 0), entry,
                                                 type.key(), format, arena));
  ASSIGN_OR_RETURN(const auto values, ReadElements(Duck().struct_vector_get_child(child, 1), entry,
                                                   type.value(), format, arena));
  std::string& bytes = arena.emplace_back();
  RETURN_IF_ERROR(AppendMap(type, keys, values, format, bytes));
  return Value::Nested(bytes, format);
}

Value BytesOf(const duckdb_string_t& text) {
  const bool inlined = text.value.inlined.length <= 12;
  return Value::Bytes(
      {inlined ? text.value.inlined.inlined : text.value.pointer.ptr, text.value.inlined.length});
}

Result<Value> ReadBytes(duckdb_vector vector, idx_t row, const DataType& type) {
  const Value value = BytesOf(Slot<duckdb_string_t>(vector, row));
  if (type.kind == TypeKind::kBinary && value.bytes().size() > static_cast<size_t>(type.length))
    return Fail(ErrorCode::kSqlFailed, "a value of {} bytes does not fit {}", value.bytes().size(),
                type.ToString());
  return value;
}

}  // namespace

DuckType ToDuckType(const DataType& type) {
  switch (type.kind) {
    case TypeKind::kDecimal:
      return DuckType(Duck().create_decimal_type(static_cast<uint8_t>(type.precision),
                                                 static_cast<uint8_t>(type.scale)));
    case TypeKind::kArray:
      return DuckType(Duck().create_list_type(ToDuckType(type.element()).get()));
    case TypeKind::kMap:
      return DuckType(
          Duck().create_map_type(ToDuckType(type.key()).get(), ToDuckType(type.value()).get()));
    case TypeKind::kRow:
      return StructType(type.fields());
    default:
      return DuckType(Duck().create_logical_type(PlainType(type)));
  }
}

std::vector<std::string> DistinctNames(std::vector<std::string> names) {
  std::set<std::string> given, taken;
  for (const std::string& name : names) given.insert(Upper(name));
  if (given.size() == names.size()) return names;
  for (std::string& name : names) {
    if (taken.insert(Upper(name)).second) continue;
    std::string other;
    for (int number = 1; other.empty() || given.contains(Upper(other)); ++number)
      other = fmt::format("{}_{}", name, number);
    given.insert(Upper(other));
    name = std::move(other);
  }
  return names;
}

std::string DuckTypeName(const DataType& type) {
  switch (type.kind) {
    case TypeKind::kBoolean:
      return "BOOLEAN";
    case TypeKind::kTinyInt:
      return "TINYINT";
    case TypeKind::kSmallInt:
      return "SMALLINT";
    case TypeKind::kInt:
      return "INTEGER";
    case TypeKind::kBigInt:
      return "BIGINT";
    case TypeKind::kFloat:
      return "FLOAT";
    case TypeKind::kDouble:
      return "DOUBLE";
    case TypeKind::kChar:
    case TypeKind::kString:
      return "VARCHAR";
    case TypeKind::kBinary:
    case TypeKind::kBytes:
      return "BLOB";
    case TypeKind::kDecimal:
      return fmt::format("DECIMAL({},{})", type.precision, type.scale);
    case TypeKind::kDate:
      return "DATE";
    case TypeKind::kTime:
      return "TIME";
    case TypeKind::kTimestamp:
      return type.precision > 6 ? "TIMESTAMP_NS" : "TIMESTAMP";
    case TypeKind::kTimestampLtz:
      return "TIMESTAMP WITH TIME ZONE";
    case TypeKind::kArray:
      return DuckTypeName(type.element()) + "[]";
    case TypeKind::kMap:
      return fmt::format("MAP({}, {})", DuckTypeName(type.key()), DuckTypeName(type.value()));
    case TypeKind::kRow: {
      std::string fields;
      const std::vector<std::string> names = FieldNames(type.fields());
      for (size_t i = 0; i < names.size(); ++i)
        fields += fmt::format("{}{} {}", i == 0 ? "" : ", ", QuoteIdentifier(names[i]),
                              DuckTypeName(type.fields()[i].type));
      return fmt::format("STRUCT({})", fields);
    }
  }
  return "VARCHAR";
}

Status WriteValue(duckdb_vector vector, idx_t row, const DataType& type, const Value& value) {
  if (value.is_null()) {
    WriteNull(vector, row, type);
    return {};
  }
  switch (type.kind) {
    case TypeKind::kBoolean:
      Slot<bool>(vector, row) = value.boolean();
      return {};
    case TypeKind::kTinyInt:
      Slot<int8_t>(vector, row) = static_cast<int8_t>(value.integer());
      return {};
    case TypeKind::kSmallInt:
      Slot<int16_t>(vector, row) = static_cast<int16_t>(value.integer());
      return {};
    case TypeKind::kInt:
    case TypeKind::kDate:
      Slot<int32_t>(vector, row) = static_cast<int32_t>(value.integer());
      return {};
    case TypeKind::kBigInt:
      Slot<int64_t>(vector, row) = value.integer();
      return {};
    case TypeKind::kFloat:
      Slot<float>(vector, row) = value.float32();
      return {};
    case TypeKind::kDouble:
      Slot<double>(vector, row) = value.float64();
      return {};
    case TypeKind::kChar:
    case TypeKind::kString:
      Duck().vector_assign_string_element_len(vector, row, value.bytes().data(),
                                              value.bytes().size());
      // DuckDB answers text that is not UTF-8 with NULL; a wrong value must not pass for a missing
      // one.
      if (IsNull(vector, row))
        return Fail(ErrorCode::kCorruptRecord, "a string is not UTF-8: row={}", row);
      return {};
    case TypeKind::kBinary:
    case TypeKind::kBytes:
      Duck().vector_assign_string_element_len(vector, row, value.bytes().data(),
                                              value.bytes().size());
      return {};
    case TypeKind::kDecimal: {
      ASSIGN_OR_RETURN(const Int128 unscaled, UnscaledOf(value));
      WriteDecimal(vector, row, type.precision, unscaled);
      return {};
    }
    case TypeKind::kTime:
      Slot<int64_t>(vector, row) = value.integer() * 1000;
      return {};
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz: {
      const bool nanos = type.kind == TypeKind::kTimestamp && type.precision > 6;
      Slot<int64_t>(vector, row) =
          nanos ? value.timestamp_ms() * 1'000'000 + value.timestamp_nanos()
                : value.timestamp_ms() * 1000 + value.timestamp_nanos() / 1000;
      return {};
    }
    default:
      return WriteNested(vector, row, type, value);
  }
}

namespace {

Result<Value> ReadRow(duckdb_vector vector, idx_t row, const DataType& type, RowFormat format,
                      std::deque<std::string>& arena) {
  std::vector<Value> fields;
  for (size_t i = 0; i < type.fields().size(); ++i) {
    ASSIGN_OR_RETURN(const Value field, ReadValue(Duck().struct_vector_get_child(vector, i), row,
                                                  type.fields()[i].type, format, arena));
    RETURN_IF_ERROR(CheckPart(field, type.fields()[i].type, "field " + type.fields()[i].name));
    fields.push_back(field);
  }
  std::vector<DataType> types;
  for (const Field& field : type.fields()) types.push_back(field.type);
  std::string& bytes = arena.emplace_back();
  RETURN_IF_ERROR(RowEncoder(format, std::move(types)).Encode(fields, bytes));
  return Value::Nested(bytes, format);
}

}  // namespace

Result<Value> ReadValue(duckdb_vector vector, idx_t row, const DataType& type,
                        RowFormat nested_format, std::deque<std::string>& arena) {
  if (IsNull(vector, row)) return Value::Null();
  switch (type.kind) {
    case TypeKind::kBoolean:
      return Value::Bool(Slot<bool>(vector, row));
    case TypeKind::kTinyInt:
      return Value::Int(Slot<int8_t>(vector, row));
    case TypeKind::kSmallInt:
      return Value::Int(Slot<int16_t>(vector, row));
    case TypeKind::kInt:
    case TypeKind::kDate:
      return Value::Int(Slot<int32_t>(vector, row));
    case TypeKind::kBigInt:
      return Value::Int(Slot<int64_t>(vector, row));
    case TypeKind::kFloat:
      return Value::Float(Slot<float>(vector, row));
    case TypeKind::kDouble:
      return Value::Double(Slot<double>(vector, row));
    case TypeKind::kChar:
    case TypeKind::kString:
    case TypeKind::kBinary:
    case TypeKind::kBytes:
      return ReadBytes(vector, row, type);
    case TypeKind::kDecimal: {
      const Int128 unscaled = ReadDecimal(vector, row, type.precision);
      if (type.is_compact_decimal()) return Value::Int(static_cast<int64_t>(unscaled));
      std::string& bytes = arena.emplace_back(kDecimalBytesMax, '\0');
      bytes.resize(DecimalToBytes(unscaled, bytes.data()));
      return Value::Bytes(bytes);
    }
    case TypeKind::kTime:
      return Value::Int(Slot<int64_t>(vector, row) % kUsPerDay / 1000);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz: {
      const int64_t stored = Slot<int64_t>(vector, row);
      if (type.kind == TypeKind::kTimestampLtz || type.precision <= 6)
        return TimestampFromUs(stored);
      const int64_t ms = FloorDiv(stored, 1'000'000);
      return Value::Timestamp(ms, static_cast<int32_t>(stored - ms * 1'000'000));
    }
    default:
      return ReadNested(vector, row, type, nested_format, arena);
  }
}

}  // namespace weir
