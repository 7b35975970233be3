// From a column's value to a partition's value.
// Source: Iceberg table specification, "Partition Transforms" and appendix B "32-bit Hash Requirements".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "lake/literal.h"

namespace weir::iceberg {

enum class TransformKind : uint8_t {
  kIdentity,
  kBucket,
  kTruncate,
  kYear,
  kMonth,
  kDay,
  kHour,
  kVoid,
  kUnknown,  // of a newer version: kept as text, never applied
};

struct Transform {
  TransformKind kind = TransformKind::kIdentity;
  int32_t parameter = 0;  // bucket: how many; truncate: the width; at least 1
  std::string text = {};  // kUnknown only

  static Transform Identity() { return {}; }
  static Transform Bucket(int32_t count) { return {TransformKind::kBucket, count}; }
  static Transform Truncate(int32_t width) { return {TransformKind::kTruncate, width}; }
  static Transform Of(TransformKind kind) { return {kind}; }

  /// "identity", "bucket[16]", "truncate[4]", "year", "month", "day", "hour", "void".
  std::string ToString() const;

  /// Errors  kInvalidTable  the transform does not take values of `source`
  Result<Type> ResultType(const Type& source) const;

  /// Null gives null.
  /// Errors  kInvalidTable  the transform does not take values of this type
  Result<std::optional<Literal>> Apply(const std::optional<Literal>& value) const;

  /// A transformed value for a partition path, not yet escaped: "2017-11-16" for day, "2017-11" for month,
  /// "2017-11-16-08" for hour, "null" for nothing.
  std::string ToPathText(const std::optional<Literal>& transformed) const;

  /// Whether order is kept: a <= b gives Apply(a) <= Apply(b).
  bool preserves_order() const {
    return kind != TransformKind::kBucket && kind != TransformKind::kVoid &&
           kind != TransformKind::kUnknown;
  }

  friend bool operator==(const Transform&, const Transform&) = default;
};

/// Unknown names are kept (kUnknown), as the specification asks of readers.
/// Errors  kInvalidTable  empty, longer than 256 bytes, or a bad parameter of a known transform
Result<Transform> TransformFromText(std::string_view text);

/// The hash behind bucket[n], before the modulo: murmur3 x86 32 bit, seed 0.
/// Errors  kInvalidTable  values of this type have no hash
Result<int32_t> BucketHash(const Literal& value);

}  // namespace weir::iceberg
