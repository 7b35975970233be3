// Arrays, maps and rows nested in a row: opened step by step, every offset checked (INV-7).
// Bytes: docs/formats/rows.md. Java: org.apache.fluss.row.BinaryArray, BinaryMap.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "record/data_type.h"
#include "record/value.h"

namespace weir {

/// An opened array: its size is checked against its bytes, elements are checked when read.
class ArrayView {
 public:
  /// Errors  kCorruptRecord  the bytes are too short for their size
  static Result<ArrayView> Open(BytesView bytes, const DataType& element, RowFormat nested_format);

  int32_t size() const { return size_; }
  bool is_null(int32_t i) const;
  /// Element i in [0, size()); points into the array.
  /// Errors  kCorruptRecord  its offset or length leaves the array
  Result<Value> At(int32_t i) const;
  /// Append all elements to `out`.
  Status Read(std::vector<Value>& out) const;

 private:
  ArrayView() = default;

  BytesView bytes_;
  const DataType* element_ = nullptr;
  RowFormat nested_format_ = RowFormat::kCompacted;
  int32_t size_ = 0;
  uint32_t fixed_at_ = 0;
  uint32_t slot_bytes_ = 0;
};

struct MapView {
  ArrayView keys;
  ArrayView values;  // as many as keys
};

/// Open a kNested value of the given type. `type` must outlive the view.
/// Errors  kCorruptRecord  the bytes are damaged, or a map's arrays differ in size
Result<ArrayView> OpenArray(const Value& value, const DataType& type);
Result<MapView> OpenMap(const Value& value, const DataType& type);
/// Read the fields of a nested ROW into `out`, one Value per field.
Status OpenRow(const Value& value, const DataType& type, std::span<Value> out);

/// Append an array of `elements` in the binary layout; nested rows are (re-)encoded in `format`.
/// Errors  kCorruptRecord  an element is not of type `element`
Status AppendArray(const DataType& element, std::span<const Value> elements, RowFormat format, std::string& out);
/// The same for a map; keys.size() == values.size().
Status AppendMap(const DataType& type, std::span<const Value> keys, std::span<const Value> values, RowFormat format,
                 std::string& out);

/// Append the nested value's bytes so that rows inside are in `format`; copies when they already are.
Status AppendNested(const DataType& type, const Value& value, RowFormat format, std::string& out);

}  // namespace weir
