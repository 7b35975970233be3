// One typed, non-null value: a bound of a column, a value of a partition, a default, a constant of a filter.
// Source: Iceberg table specification, appendix D "Single-value serialization".
#pragma once

#include <boost/json/fwd.hpp>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "lake/type.h"

namespace weir::iceberg {

using Int128 = __int128;

class Literal {
 public:
  /// boolean: bool; int, date: int32_t; long, time, all timestamps: int64_t; float, double: themselves;
  /// decimal: the unscaled Int128; string, uuid (16 bytes), fixed, binary and the v3 blobs: std::string;
  /// monostate: a struct default `{}`.
  using Value =
      std::variant<std::monostate, bool, int32_t, int64_t, float, double, Int128, std::string>;

  Literal() = default;
  /// `value` must have the alternative that the table above gives for the type.
  Literal(Type type, Value value) : type_(std::move(type)), value_(std::move(value)) {}

  static Literal Bool(bool v) { return {Type::Of(TypeId::kBoolean), v}; }
  static Literal Int(int32_t v) { return {Type::Of(TypeId::kInt), v}; }
  static Literal Long(int64_t v) { return {Type::Of(TypeId::kLong), v}; }
  static Literal Float(float v) { return {Type::Of(TypeId::kFloat), v}; }
  static Literal Double(double v) { return {Type::Of(TypeId::kDouble), v}; }
  static Literal Date(int32_t days) { return {Type::Of(TypeId::kDate), days}; }
  /// time and every kind of timestamp, in the type's own unit.
  static Literal Temporal(TypeId id, int64_t v) { return {Type::Of(id), v}; }
  static Literal Decimal(Int128 unscaled, int32_t precision, int32_t scale) {
    return {Type::Decimal(precision, scale), unscaled};
  }
  static Literal String(std::string v) { return {Type::Of(TypeId::kString), std::move(v)}; }
  static Literal Binary(std::string v) { return {Type::Of(TypeId::kBinary), std::move(v)}; }
  static Literal Fixed(std::string v) {
    const auto length = static_cast<int32_t>(v.size());
    return {Type::Fixed(length), std::move(v)};
  }
  static Literal Uuid(std::string bytes16) { return {Type::Of(TypeId::kUuid), std::move(bytes16)}; }

  const Type& type() const { return type_; }
  const Value& value() const { return value_; }
  template <class T>
  const T& get() const {
    return std::get<T>(value_);
  }
  /// int, date, long, time and timestamps as one number.
  int64_t AsInt64() const;
  /// float and double.
  double AsDouble() const;

  /// Equal in type and value; floats by bits.
  friend bool operator==(const Literal& a, const Literal& b);

 private:
  Type type_;
  Value value_ = 0;
};

/// Order of two values of one type: numbers by value (-0.0 before 0.0, NaN last), strings and blobs by
/// unsigned bytes, false before true. Values of different types: unordered.
std::partial_ordering Compare(const Literal& a, const Literal& b);

/// The bytes of appendix D: as in lower_bounds and upper_bounds of manifests.
std::string ToBinary(const Literal& literal);
/// Reads also what was written before a promotion: 4 bytes as long, a float as double, a shorter decimal.
/// Errors  kInvalidTable  the number of bytes is not possible for the type
Result<Literal> LiteralFromBinary(const Type& type, BytesView bytes);

/// Appendix D's JSON: "2017-11-16", "14.20", a number, hexadecimal text for bytes.
boost::json::value ToJson(const Literal& literal);
/// Errors  kInvalidTable  not a value of the type
Result<Literal> LiteralFromJson(const Type& type, const boost::json::value& value);

/// For people and for partition paths: the JSON text without quotes; bytes in base64.
std::string ToText(const Literal& literal);

/// The same value in a type its own may be promoted to (CanPromote); nothing when it may not.
std::optional<Literal> Promote(const Literal& literal, const Type& to);

}  // namespace weir::iceberg
