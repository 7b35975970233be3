// How a row is laid out in bytes: the table's choice for KV rows (`table.kv.format`) and row logs.
// Java: org.apache.fluss.metadata.KvFormat, LogFormat. Bytes: docs/formats/rows.md.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "record/data_type.h"
#include "record/field_code.h"
#include "record/value.h"

namespace weir {

/// Rows of more columns are refused; keeps the buffers of a decoder bounded.
inline constexpr size_t kColumnsMax = 32768;

/// "COMPACTED" or "INDEXED", case-insensitive.
/// Errors  kInvalidConfig  any other name
Result<RowFormat> ParseKvFormat(std::string_view name);
std::string_view Name(RowFormat format);

/// Turns bytes into Values. Prepared once per schema and format; then const and usable from any
/// thread.
class RowDecoder {
 public:
  RowDecoder(RowFormat format, std::vector<DataType> types);

  /// Decode one whole row into `out`, one Value per column. Values point into `row`.
  /// Nested values are checked when they are opened (record/binary_array.h), not here.
  ///
  /// Errors  kCorruptRecord  the bytes end early or a length is impossible; `out` is then
  /// unspecified Source  Fluss 545c5539 CompactedRowReader, IndexedRowReader, AlignedRow
  Status Decode(BytesView row, std::span<Value> out) const;

  size_t size() const { return plans_.size(); }
  std::span<const DataType> types() const { return *types_; }
  RowFormat format() const { return format_; }

 private:
  RowFormat format_;
  std::shared_ptr<const std::vector<DataType>> types_;
  std::vector<FieldPlan> plans_;  // point into *types_
};

/// Turns Values into bytes. Prepared once per schema and format; then const and usable from any
/// thread.
class RowEncoder {
 public:
  RowEncoder(RowFormat format, std::vector<DataType> types);

  /// Append one row to `out`. Declared nullability is not enforced: a partial update carries nulls
  /// in NOT NULL columns it does not touch. Nested rows of another format are re-encoded.
  ///
  /// Errors  kCorruptRecord  a Value is not of its column's kind or its nested bytes are damaged
  ///         kRecordTooLarge the row would pass 2 GiB
  Status Encode(std::span<const Value> row, std::string& out) const;

  size_t size() const { return plans_.size(); }
  std::span<const DataType> types() const { return *types_; }
  RowFormat format() const { return format_; }

 private:
  RowFormat format_;
  std::shared_ptr<const std::vector<DataType>> types_;
  std::vector<FieldPlan> plans_;  // point into *types_
};

}  // namespace weir
