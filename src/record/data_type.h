// The types of Fluss columns. A DataType is a small value: copies share what is nested in it.
// Java: org.apache.fluss.types.DataType and its subclasses.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir {

enum class TypeKind : uint8_t {
  kBoolean,
  kTinyInt,
  kSmallInt,
  kInt,
  kBigInt,
  kFloat,
  kDouble,
  kChar,
  kString,
  kBinary,
  kBytes,
  kDecimal,
  kDate,
  kTime,
  kTimestamp,
  kTimestampLtz,
  kArray,
  kMap,
  kRow,
};

struct Field;

struct DataType {
  TypeKind kind = TypeKind::kInt;
  bool nullable = true;
  int32_t length = 0;     // CHAR, BINARY                        [1, 2^31)
  int32_t precision = 0;  // DECIMAL [1, 38]; TIME, TIMESTAMP, TIMESTAMP_LTZ [0, 9]
  int32_t scale = 0;      // DECIMAL                             [0, precision]
  std::shared_ptr<const std::vector<Field>> nested =
      nullptr;  // ARRAY: element; MAP: key, value; ROW: its fields

  static DataType Of(TypeKind kind) { return {.kind = kind}; }
  static DataType Char(int32_t length) { return {.kind = TypeKind::kChar, .length = length}; }
  static DataType Binary(int32_t length) { return {.kind = TypeKind::kBinary, .length = length}; }
  static DataType Decimal(int32_t precision, int32_t scale) {
    return {.kind = TypeKind::kDecimal, .precision = precision, .scale = scale};
  }
  /// TIME, TIMESTAMP or TIMESTAMP_LTZ.
  static DataType Temporal(TypeKind kind, int32_t precision) {
    return {.kind = kind, .precision = precision};
  }
  static DataType Array(DataType element);
  /// The key becomes NOT NULL, as in Java's MapType.
  static DataType Map(const DataType& key, DataType value);
  static DataType Row(std::vector<Field> fields);

  /// Read the SQL syntax of ToString() and of Flink DDL, case-insensitive: "DECIMAL(10, 2) NOT
  /// NULL", "MAP<STRING NOT NULL, BIGINT>", "ROW<`x` INT, y STRING 'comment'>", "INT ARRAY",
  /// "VARCHAR(20)" (becomes STRING), "VARBINARY(8)" (becomes BYTES), "TIMESTAMP(3) WITH LOCAL TIME
  /// ZONE". Omitted parameters are Fluss' defaults: CHAR(1), BINARY(1), DECIMAL(10, 0), TIME(0),
  /// TIMESTAMP(6). Errors  kInvalidTable  not a type, a parameter out of range, nested deeper than
  /// kTypeDepthMax
  static Result<DataType> Parse(std::string_view sql);
  /// The same for a type that starts `sql`, for parsers of column definitions; advances `sql`
  /// behind it.
  static Result<DataType> ParsePrefix(std::string_view& sql);

  /// SQL syntax as the Java client prints it (asSummaryString), with " NOT NULL" when not nullable.
  std::string ToString() const;

  DataType NotNull() const;

  const DataType& element() const;  // ARRAY
  const DataType& key() const;      // MAP
  const DataType& value() const;    // MAP
  std::span<const Field> fields()
      const;  // ROW; for ARRAY and MAP the children under invented names

  bool is_nested() const { return kind >= TypeKind::kArray; }
  /// DECIMAL whose unscaled value fits an int64.
  bool is_compact_decimal() const { return kind == TypeKind::kDecimal && precision <= 18; }
  /// TIMESTAMP or TIMESTAMP_LTZ stored as whole milliseconds.
  bool is_compact_timestamp() const {
    return (kind == TypeKind::kTimestamp || kind == TypeKind::kTimestampLtz) && precision <= 3;
  }

  /// Equal including nullability, field names, comments and field ids.
  friend bool operator==(const DataType& a, const DataType& b);
};

inline constexpr int kTypeDepthMax = 32;

/// A field of a ROW type.
struct Field {
  std::string name;
  DataType type;
  std::optional<std::string> comment;
  int32_t id = -1;  // unique within a schema together with column ids; -1 = not yet assigned

  friend bool operator==(const Field&, const Field&) = default;
};

/// The protocol's name of a type without parameters, such as "TIMESTAMP_WITH_LOCAL_TIME_ZONE".
std::string_view RootName(TypeKind kind);

/// Check the ranges printed beside the members above, at every level.
/// Errors  kInvalidTable  naming the type that is out of range
Status CheckType(const DataType& type);

}  // namespace weir
