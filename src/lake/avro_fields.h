// Reading the fields of an Avro record into ours: small functions that take what they can and mark the rest.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "lake/avro_reader.h"

namespace weir::iceberg {

/// Turns values into ours; remembers the first that had another kind than it must.
class AvroFields {
 public:
  bool ok() const { return ok_; }
  void Break() { ok_ = false; }

  template <class T>
  T Integer(const AvroValue& value) {
    if (value.kind() != AvroKind::kInt && value.kind() != AvroKind::kLong) return Break<T>();
    if (value.integer < std::numeric_limits<T>::min() ||
        value.integer > std::numeric_limits<T>::max()) {
      return Break<T>();
    }
    return static_cast<T>(value.integer);
  }
  template <class T>
  std::optional<T> MaybeInteger(const AvroValue& value) {
    if (value.is_null()) return std::nullopt;
    return Integer<T>(value);
  }
  bool Boolean(const AvroValue& value) {
    if (value.kind() != AvroKind::kBoolean) return Break<bool>();
    return value.integer != 0;
  }
  std::string Bytes(const AvroValue& value) {
    const AvroKind kind = value.kind();
    if (kind != AvroKind::kString && kind != AvroKind::kBytes && kind != AvroKind::kFixed) {
      return Break<std::string>();
    }
    return std::string(value.bytes);
  }
  std::optional<std::string> MaybeBytes(const AvroValue& value) {
    if (value.is_null()) return std::nullopt;
    return Bytes(value);
  }
  /// The elements of an array; none for null.
  const std::vector<AvroValue>& Items(const AvroValue& value) {
    static const std::vector<AvroValue> kNone;
    if (value.is_null()) return kNone;
    if (value.kind() != AvroKind::kArray) ok_ = false;
    return ok_ ? value.items : kNone;
  }

 private:
  template <class T>
  T Break() {
    ok_ = false;
    return T{};
  }

  bool ok_ = true;
};

}  // namespace weir::iceberg
