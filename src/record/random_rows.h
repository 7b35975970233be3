// For tests and fuzz targets: random types and rows, and a reader that opens everything in a row.
#pragma once

#include <deque>
#include <random>
#include <string>
#include <vector>

#include "base/check.h"
#include "record/binary_array.h"
#include "record/decimal.h"
#include "record/row_format.h"

namespace weir {

/// Open every nested value of a row down to the scalars; says how many values there were.
class RowWalk {
 public:
  Status Row(std::span<const Value> row, std::span<const DataType> types) {
    for (size_t i = 0; i < types.size(); ++i) RETURN_IF_ERROR(One(row[i], types[i]));
    return {};
  }

  Status One(const Value& value, const DataType& type) {
    ++values_;
    if (value.kind() == Value::Kind::kBytes) Touch(value.bytes());
    if (value.is_null() || !type.is_nested()) return {};
    if (type.kind == TypeKind::kArray) {
      ASSIGN_OR_RETURN(const ArrayView array, OpenArray(value, type));
      return Elements(array, type.element());
    }
    if (type.kind == TypeKind::kMap) {
      ASSIGN_OR_RETURN(const MapView map, OpenMap(value, type));
      RETURN_IF_ERROR(Elements(map.keys, type.key()));
      return Elements(map.values, type.value());
    }
    std::vector<Value> fields(type.fields().size());
    RETURN_IF_ERROR(OpenRow(value, type, fields));
    for (size_t i = 0; i < fields.size(); ++i)
      RETURN_IF_ERROR(One(fields[i], type.fields()[i].type));
    return {};
  }

  int64_t values() const { return values_; }
  int64_t bytes() const { return bytes_; }

 private:
  Status Elements(const ArrayView& array, const DataType& type) {
    for (int32_t i = 0; i < array.size(); ++i) {
      ASSIGN_OR_RETURN(const Value value, array.At(i));
      RETURN_IF_ERROR(One(value, type));
    }
    return {};
  }
  /// Read the ends, so that a sanitizer sees a view that points elsewhere.
  void Touch(BytesView bytes) {
    bytes_ += static_cast<int64_t>(bytes.size());
    if (bytes.empty()) return;
    volatile char sink = bytes.front();
    sink = bytes.back();
    static_cast<void>(sink);
  }

  int64_t values_ = 0;
  int64_t bytes_ = 0;
};

/// The same seed makes the same types and rows. Values live as long as this object.
class RandomRows {
 public:
  explicit RandomRows(uint32_t seed) : random_(seed) {}

  int Below(int n) { return static_cast<int>(random_() % static_cast<uint32_t>(n)); }

  DataType Type(int depth) {
    const auto kind = static_cast<TypeKind>(Below(depth > 0 ? 19 : 16));
    switch (kind) {
      case TypeKind::kChar:
        return DataType::Char(1 + Below(9));
      case TypeKind::kBinary:
        return DataType::Binary(1 + Below(9));
      case TypeKind::kDecimal:
        return DataType::Decimal(1 + Below(38), 0);
      case TypeKind::kTime:
      case TypeKind::kTimestamp:
      case TypeKind::kTimestampLtz:
        return DataType::Temporal(kind, Below(10));
      case TypeKind::kArray:
        return DataType::Array(Type(depth - 1));
      case TypeKind::kMap:
        return DataType::Map(Type(0), Type(depth - 1));
      case TypeKind::kRow: {
        std::vector<Field> fields;
        for (int i = Below(4); i >= 0; --i)
          fields.push_back(
              {.name = "f" + std::to_string(i), .type = Type(depth - 1), .comment = {}});
        return DataType::Row(std::move(fields));
      }
      default:
        return DataType::Of(kind);
    }
  }

  std::vector<DataType> Types(int columns_max, int depth) {
    std::vector<DataType> types;
    for (int i = Below(columns_max); i >= 0; --i) types.push_back(Type(depth));
    return types;
  }

  /// A value that fits `type`, nested ones encoded in `format`; null one time in five when allowed.
  Value One(const DataType& type, RowFormat format) {
    if (type.nullable && Below(5) == 0) return Value::Null();
    switch (type.kind) {
      case TypeKind::kBoolean:
        return Value::Bool(Below(2) != 0);
      case TypeKind::kTinyInt:
        return Value::Int(static_cast<int8_t>(random_()));
      case TypeKind::kSmallInt:
        return Value::Int(static_cast<int16_t>(random_()));
      case TypeKind::kInt:
      case TypeKind::kDate:
        return Value::Int(static_cast<int32_t>(Integer()));
      case TypeKind::kTime:
        return Value::Int(Below(86'400'000));
      case TypeKind::kBigInt:
        return Value::Int(Integer());
      case TypeKind::kFloat:
        return Value::Float(static_cast<float>(Integer()));
      case TypeKind::kDouble:
        return Value::Double(static_cast<double>(Integer()));
      case TypeKind::kChar:
      case TypeKind::kBinary:
        return Value::Bytes(Keep(Text(type.length)));
      case TypeKind::kString:
      case TypeKind::kBytes:
        return Value::Bytes(Keep(Text(Below(30))));
      case TypeKind::kDecimal:
        return Decimal(type);
      case TypeKind::kTimestamp:
      case TypeKind::kTimestampLtz:
        return Value::Timestamp(Integer(), type.is_compact_timestamp() ? 0 : Below(1'000'000));
      default:
        return Nested(type, format);
    }
  }

  std::vector<Value> Row(std::span<const DataType> types, RowFormat format) {
    std::vector<Value> row;
    for (const DataType& type : types) row.push_back(One(type, format));
    return row;
  }

 private:
  int64_t Integer() {
    const uint64_t bits = static_cast<uint64_t>(random_()) << 32 | random_();
    return static_cast<int64_t>(bits) >> Below(64);
  }
  std::string Text(int length) {
    std::string out;
    for (int i = 0; i < length; ++i) out += static_cast<char>('a' + Below(26));
    return out;
  }
  BytesView Keep(std::string bytes) { return kept_.emplace_back(std::move(bytes)); }

  Value Decimal(const DataType& type) {
    if (type.is_compact_decimal()) return Value::Int(Integer());
    char bytes[kDecimalBytesMax];
    const size_t size = DecimalToBytes(Int128{Integer()} * Integer(), bytes);
    return Value::Bytes(Keep(std::string(bytes, size)));
  }

  Value Nested(const DataType& type, RowFormat format) {
    std::string out;
    Status done;
    if (type.kind == TypeKind::kRow) {
      std::vector<Value> fields;
      for (const Field& field : type.fields()) fields.push_back(One(field.type, format));
      done = AppendRow(type, fields, format, out);
    } else {
      std::vector<Value> first;
      std::vector<Value> second;
      for (int i = Below(5); i > 0; --i) {
        first.push_back(One(type.fields()[0].type, format));
        if (type.kind == TypeKind::kMap) second.push_back(One(type.value(), format));
      }
      done = type.kind == TypeKind::kMap ? AppendMap(type, first, second, format, out)
                                         : AppendArray(type.element(), first, format, out);
    }
    WEIR_CHECK(done.ok());
    return Value::Nested(Keep(std::move(out)), format);
  }

  std::mt19937 random_;
  std::deque<std::string> kept_;
};

}  // namespace weir
