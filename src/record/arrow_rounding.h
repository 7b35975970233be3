// What an ARROW batch does not keep of a row. Rows on the wire may be finer than their columns:
// the Java and Rust clients send all nanoseconds of a TIMESTAMP(6), while its Arrow column holds
// microseconds. Who keeps such a row beside a log in ARROW rounds it first, or the two disagree.
// One thread at a time: it owns the bytes of what it replaces. Format: docs/formats/arrow_batch.md.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "record/data_type.h"
#include "record/value.h"

namespace weir {

class ArrowRounding {
 public:
  /// For rows with columns of these types.
  explicit ArrowRounding(std::span<const DataType> types);

  /// Replace each value that would come out of an ARROW batch changed by what would come out:
  ///   TIME(0) and TIMESTAMP(_LTZ)(0) whole seconds, TIMESTAMP(_LTZ)(4..6) whole microseconds, all
  ///   cut towards zero; BINARY(n) filled up with zero bytes; DECIMAL(p > 18) with minimal bytes;
  ///   the same inside ARRAY, MAP and ROW.
  ///
  /// Returns  whether there was any; the new values are valid until the next call
  /// Errors   kCorruptRecord  the bytes of a nested value are damaged
  Result<bool> Round(std::span<Value> row);

 private:
  struct Column {
    size_t index;
    DataType type;
  };

  Result<bool> RoundOne(const DataType& type, Value& value);
  bool RoundDecimal(Value& value);
  bool RoundBinary(size_t bytes, Value& value);
  Result<bool> RoundArray(const DataType& type, Value& value);
  Result<bool> RoundMap(const DataType& type, Value& value);
  Result<bool> RoundRow(const DataType& type, Value& value);
  std::string& Keep() { return kept_.emplace_back(); }

  std::vector<Column> columns_;   // those that may lose something
  std::deque<std::string> kept_;  // stays put while it grows
};

}  // namespace weir
