// The types of Iceberg columns. A Type is a small value: copies share what is nested in it.
// Source: Iceberg table specification, "Schemas and Data Types" (v1 to v3) and appendix C for the JSON form.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::iceberg {

class Literal;
struct Field;

enum class TypeId : uint8_t {
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kDecimal,
  kDate,           // days since 1970-01-01
  kTime,           // microseconds of the day
  kTimestamp,      // microseconds since 1970-01-01, no zone
  kTimestamptz,    // microseconds since 1970-01-01 UTC
  kTimestampNs,    // v3
  kTimestamptzNs,  // v3
  kString,
  kUuid,
  kFixed,
  kBinary,
  kUnknown,    // v3: always null
  kVariant,    // v3
  kGeometry,   // v3
  kGeography,  // v3
  kStruct,
  kList,
  kMap,
};

struct Type {
  TypeId id = TypeId::kInt;
  int32_t precision = 0;  // decimal [1, 38]
  int32_t scale = 0;      // decimal [0, precision]
  int32_t length = 0;     // fixed   [0, 2^31)
  std::string parameters =
      {};  // geometry, geography: what is between the parentheses, such as "OGC:CRS84"
  /// struct: its fields; list: one field "element"; map: the fields "key" and "value".
  std::shared_ptr<const std::vector<Field>> nested = nullptr;

  static Type Of(TypeId id) { return {.id = id}; }
  static Type Decimal(int32_t precision, int32_t scale) {
    return {.id = TypeId::kDecimal, .precision = precision, .scale = scale};
  }
  static Type Fixed(int32_t length) { return {.id = TypeId::kFixed, .length = length}; }
  static Type Struct(std::vector<Field> fields);
  static Type List(int32_t element_id, Type element, bool element_required);
  static Type Map(int32_t key_id, Type key, int32_t value_id, Type value, bool value_required);

  bool is_nested() const { return id >= TypeId::kStruct; }
  bool is_primitive() const { return !is_nested(); }
  /// The children; empty for primitives.
  std::span<const Field> fields() const;
  const Field& element() const;  // list
  const Field& key() const;      // map
  const Field& value() const;    // map

  /// The specification's text: "decimal(9,2)", "struct<1: id: required int, ...>".
  std::string ToString() const;

  /// Equal including field ids, names, docs and defaults.
  friend bool operator==(const Type& a, const Type& b);
};

struct Field {
  int32_t id = 0;
  std::string name;
  bool required = false;
  Type type;
  std::optional<std::string> doc = std::nullopt;
  std::shared_ptr<const Literal> initial_default =
      nullptr;  // v3: of rows written before the column was
  std::shared_ptr<const Literal> write_default = nullptr;  // v3: of rows written without it

  friend bool operator==(const Field& a, const Field& b);
};

/// Types nested deeper are refused.
inline constexpr int kNestingMax = 64;

/// Read a primitive's name, such as "long", "fixed[16]", "decimal(10, 2)".
/// Errors  kInvalidTable  not a type, or a parameter out of range
Result<Type> PrimitiveFromText(std::string_view text);

/// A JSON string for a primitive, an object for the others.
boost::json::value ToJson(const Type& type);
boost::json::object ToJson(const Field& field);
/// Errors  kInvalidTable  not a type, or nested deeper than kNestingMax
Result<Type> TypeFromJson(const boost::json::value& value);

/// Whether a column of type `from` may become `to` and its old files still be read:
/// int to long, float to double, a wider decimal; in v3 also date to timestamp and unknown to anything.
bool CanPromote(const Type& from, const Type& to);

/// The lowest format version that has the type, nested ones included: 1 or 3.
int FormatVersionOf(const Type& type);

}  // namespace weir::iceberg
