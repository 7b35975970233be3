// What the row codecs need to know about a column, computed once per schema. Internal to record/.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "record/data_type.h"
#include "record/value.h"

namespace weir {

/// Types that are written alike share a code.
enum class FieldCode : uint8_t {
  kBool,
  kInt8,
  kInt16,
  kInt32,  // INT DATE TIME
  kInt64,  // BIGINT, DECIMAL p <= 18
  kFloat,
  kDouble,
  kTimestampMs,     // precision <= 3
  kTimestampNanos,  // precision > 3
  kChar,
  kBinary,
  kBytes,  // STRING BYTES
  kBigDecimal,
  kNested,
};

struct FieldPlan {
  FieldCode code;
  int32_t length = 0;  // CHAR, BINARY
  const DataType* type = nullptr;
};

FieldCode CodeOf(const DataType& type);

inline FieldPlan PlanOf(const DataType& type) {
  return {.code = CodeOf(type), .length = type.length, .type = &type};
}

/// The plans point into `types`.
std::vector<FieldPlan> PlansOf(std::span<const DataType> types);

/// Is the Value (not null) one that a column of this plan can hold: its kind, and integers in
/// range.
bool Fits(const FieldPlan& plan, const Value& value);

/// The error for a Value that does not fit.
Failure DoesNotFit(const FieldPlan& plan, const Value& value);

inline bool ValidNanos(int64_t nanos) { return nanos >= 0 && nanos <= 999'999; }

/// Null bits of rows: one per column, set = null, least significant first.
inline bool TestBit(const char* bits, size_t i) {
  return (static_cast<uint8_t>(bits[i / 8]) >> (i % 8) & 1) != 0;
}
inline void SetBit(char* bits, size_t i) {
  bits[i / 8] = static_cast<char>(bits[i / 8] | 1 << (i % 8));
}

}  // namespace weir
