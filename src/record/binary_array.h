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
#include "record/field_code.h"
#include "record/value.h"

namespace weir {

/// An opened array: its size is checked against its bytes, elements are checked when read. Reading
/// all elements yields at most as many bytes as the array has, so a small array cannot unfold into
/// a huge one.
class ArrayView {
 public:
  /// Errors  kCorruptRecord  the bytes are too short for their size, or elements share bytes
  /// `element` must outlive the view.
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

  size_t SlotAt(int32_t i) const { return slots_at_ + static_cast<size_t>(i) * slot_bytes_; }

  BytesView bytes_;
  FieldPlan element_;
  RowFormat nested_format_ = RowFormat::kCompacted;
  int32_t size_ = 0;
  size_t slots_at_ = 0;
  size_t slot_bytes_ = 0;
};

struct MapView {
  ArrayView keys;    // none is null
  ArrayView values;  // as many as keys
};

/// Open a kNested value of the given type. `type` must outlive the view.
/// Errors  kCorruptRecord  the bytes are damaged, a map's arrays differ in size, or a map key is
/// null
Result<ArrayView> OpenArray(const Value& value, const DataType& type);
Result<MapView> OpenMap(const Value& value, const DataType& type);
/// Read the fields of a nested ROW into `out`, one Value per field.
Status OpenRow(const Value& value, const DataType& type, std::span<Value> out);

/// Append an array of `elements` in the binary layout; nested rows are (re-)encoded in `format`.
/// Errors  kCorruptRecord  an element is not of type `element`
Status AppendArray(const DataType& element, std::span<const Value> elements, RowFormat format,
                   std::string& out);
/// The same for a map; keys.size() == values.size().
Status AppendMap(const DataType& type, std::span<const Value> keys, std::span<const Value> values,
                 RowFormat format, std::string& out);

/// The same for a ROW; one Value per field.
Status AppendRow(const DataType& type, std::span<const Value> fields, RowFormat format,
                 std::string& out);

/// Append the nested value's bytes so that rows inside are in `format`; copies when they already
/// are.
Status AppendNested(const DataType& type, const Value& value, RowFormat format, std::string& out);

}  // namespace weir
