// One field of a row in memory: 16 bytes, owns nothing. A row is std::span<const Value>, read
// together with the column types; whoever holds the Values also holds the bytes they point into.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/check.h"

namespace weir {

/// Layout of a row in bytes, and of the ROWs nested in its arrays and maps.
enum class RowFormat : uint8_t { kCompacted, kIndexed, kAligned };

class Value {
 public:
  /// Kind       column types
  /// kBool      BOOLEAN
  /// kInt       TINYINT SMALLINT INT BIGINT; DATE (days since 1970); TIME (ms of day); DECIMAL p <=
  /// 18 (unscaled) kFloat     FLOAT kDouble    DOUBLE kBytes     CHAR STRING (UTF-8, unpadded)
  /// BINARY BYTES; DECIMAL p > 18 (unscaled, big-endian, minimal) kTimestamp TIMESTAMP
  /// TIMESTAMP_LTZ kNested    ARRAY MAP ROW: encoded bytes, opened by record/binary_array.h
  enum class Kind : uint8_t { kNull, kBool, kInt, kFloat, kDouble, kBytes, kTimestamp, kNested };

  Value() = default;
  static Value Null() { return {}; }
  static Value Bool(bool v) { return {Kind::kBool, v}; }
  static Value Int(int64_t v) { return {Kind::kInt, v}; }
  static Value Float(float v) {
    Value out(Kind::kFloat, 0);
    out.f32_ = v;
    return out;
  }
  static Value Double(double v) {
    Value out(Kind::kDouble, 0);
    out.f64_ = v;
    return out;
  }
  /// The bytes must outlive the Value; at most 4 GiB.
  static Value Bytes(BytesView v) { return {Kind::kBytes, v, RowFormat::kCompacted}; }
  /// ms since 1970, negative before; nanos 0..999'999 within that millisecond.
  static Value Timestamp(int64_t ms, int32_t nanos = 0) {
    Value out(Kind::kTimestamp, ms);
    out.aux_ = static_cast<uint32_t>(nanos);
    return out;
  }
  /// An encoded ARRAY (BinaryArray), MAP (BinaryMap) or ROW whose nested rows are in `format`.
  static Value Nested(BytesView v, RowFormat format) { return {Kind::kNested, v, format}; }

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::kNull; }

  bool boolean() const { return i64_ != 0; }
  int64_t integer() const { return i64_; }
  float float32() const { return f32_; }
  double float64() const { return f64_; }
  BytesView bytes() const { return {data_, aux_}; }  // kBytes, kNested
  int64_t timestamp_ms() const { return i64_; }
  int32_t timestamp_nanos() const { return static_cast<int32_t>(aux_); }
  RowFormat nested_format() const { return format_; }

  /// Same kind and same content; floats by bits, nested values by bytes and format.
  friend bool operator==(const Value& a, const Value& b);

 private:
  Value(Kind kind, int64_t i64) : kind_(kind), i64_(i64) {}
  Value(Kind kind, BytesView v, RowFormat format)
      : kind_(kind), format_(format), aux_(static_cast<uint32_t>(v.size())), data_(v.data()) {}

  Kind kind_ = Kind::kNull;
  RowFormat format_ = RowFormat::kCompacted;
  uint32_t aux_ = 0;  // byte count, or nanoseconds
  union {
    int64_t i64_ = 0;
    double f64_;
    float f32_;
    const char* data_;
  };
};
static_assert(sizeof(Value) == 16);

}  // namespace weir
