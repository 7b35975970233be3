#include "record/binary_array.h"

#include <climits>

#include "base/byte_reader.h"
#include "base/endian.h"
#include "record/aligned_row.h"
#include "record/binary_slot.h"
#include "record/compacted_row.h"
#include "record/indexed_row.h"

namespace weir {
namespace {

constexpr size_t kSizeBytes = 4;

size_t HeaderBytes(size_t size) { return kSizeBytes + (size + 31) / 32 * 4; }

size_t SlotBytes(FieldCode code) {
  switch (code) {
    case FieldCode::kBool:
    case FieldCode::kInt8:
      return 1;
    case FieldCode::kInt16:
      return 2;
    case FieldCode::kInt32:
    case FieldCode::kFloat:
      return 4;
    default:
      return 8;
  }
}

Failure Damaged(std::string_view what, BytesView bytes, int64_t size) {
  return Fail(ErrorCode::kCorruptRecord, "{} is damaged: bytes={} size={}", what, bytes.size(),
              size);
}

bool ContainsRow(const DataType& type) {
  if (type.kind == TypeKind::kRow) return true;
  for (const Field& field : type.fields()) {
    if (ContainsRow(field.type)) return true;
  }
  return false;
}

std::vector<FieldPlan> FieldPlans(const DataType& row) {
  std::vector<FieldPlan> plans;
  plans.reserve(row.fields().size());
  for (const Field& field : row.fields()) plans.push_back(PlanOf(field.type));
  return plans;
}

Status DecodeRow(BytesView bytes, RowFormat format, std::span<const FieldPlan> plans,
                 std::span<Value> out) {
  switch (format) {
    case RowFormat::kCompacted:
      return DecodeCompactedRow(bytes, plans, out);
    case RowFormat::kIndexed:
      return DecodeIndexedRow(bytes, plans, out);
    case RowFormat::kAligned:
      return DecodeAlignedRow(bytes, plans, out);
  }
  return {};
}

Status ReencodeArray(const DataType& type, const Value& value, RowFormat format, std::string& out) {
  ASSIGN_OR_RETURN(const ArrayView array, OpenArray(value, type));
  std::vector<Value> elements;
  RETURN_IF_ERROR(array.Read(elements));
  return AppendArray(type.element(), elements, format, out);
}

Status ReencodeMap(const DataType& type, const Value& value, RowFormat format, std::string& out) {
  ASSIGN_OR_RETURN(const MapView map, OpenMap(value, type));
  std::vector<Value> keys;
  std::vector<Value> values;
  RETURN_IF_ERROR(map.keys.Read(keys));
  RETURN_IF_ERROR(map.values.Read(values));
  return AppendMap(type, keys, values, format, out);
}

Status ReencodeRow(const DataType& type, const Value& value, RowFormat format, std::string& out) {
  std::vector<Value> fields(type.fields().size());
  RETURN_IF_ERROR(OpenRow(value, type, fields));
  return AppendRow(type, fields, format, out);
}

}  // namespace

Result<ArrayView> ArrayView::Open(BytesView bytes, const DataType& element,
                                  RowFormat nested_format) {
  if (bytes.size() < kSizeBytes) return Damaged("array", bytes, -1);
  const auto size = LoadLe<int32_t>(bytes.data());
  ArrayView view;
  view.bytes_ = bytes;
  view.element_ = PlanOf(element);
  view.nested_format_ = nested_format;
  view.size_ = size;
  view.slot_bytes_ = SlotBytes(view.element_.code);
  if (size < 0) return Damaged("array", bytes, size);
  view.slots_at_ = HeaderBytes(static_cast<size_t>(size));
  if (view.SlotAt(size) > bytes.size()) return Damaged("array", bytes, size);
  if (view.element_.code < FieldCode::kChar) return view;
  uint64_t claimed = 0;
  for (int32_t i = 0; i < size; ++i) {
    if (!view.is_null(i))
      claimed += ClaimedBytes(bytes.data() + view.SlotAt(i), view.element_.code);
  }
  if (claimed > bytes.size()) return Damaged("array whose elements overlap", bytes, size);
  return view;
}

bool ArrayView::is_null(int32_t i) const {
  return TestBit(bytes_.data() + kSizeBytes, static_cast<size_t>(i));
}

Result<Value> ArrayView::At(int32_t i) const {
  if (is_null(i)) return Value::Null();
  return ReadSlot(bytes_, SlotAt(i), element_, nested_format_);
}

Status ArrayView::Read(std::vector<Value>& out) const {
  out.reserve(out.size() + static_cast<size_t>(size_));
  for (int32_t i = 0; i < size_; ++i) {
    ASSIGN_OR_RETURN(const Value value, At(i));
    out.push_back(value);
  }
  return {};
}

Result<ArrayView> OpenArray(const Value& value, const DataType& type) {
  return ArrayView::Open(value.bytes(), type.element(), value.nested_format());
}

Result<MapView> OpenMap(const Value& value, const DataType& type) {
  ByteReader in(value.bytes());
  const auto key_bytes = in.Le<int32_t>();
  const BytesView keys = in.Bytes(key_bytes);
  if (!in.ok()) return Damaged("map", value.bytes(), key_bytes);
  ASSIGN_OR_RETURN(const ArrayView key_array,
                   ArrayView::Open(keys, type.key(), value.nested_format()));
  ASSIGN_OR_RETURN(const ArrayView value_array,
                   ArrayView::Open(in.rest(), type.value(), value.nested_format()));
  if (key_array.size() != value_array.size())
    return Damaged("map", value.bytes(), key_array.size());
  for (int32_t i = 0; i < key_array.size(); ++i) {
    if (key_array.is_null(i)) return Damaged("map with a null key", value.bytes(), i);
  }
  return MapView{.keys = key_array, .values = value_array};
}

Status OpenRow(const Value& value, const DataType& type, std::span<Value> out) {
  return DecodeRow(value.bytes(), value.nested_format(), FieldPlans(type), out);
}

Status AppendArray(const DataType& element, std::span<const Value> elements, RowFormat format,
                   std::string& out) {
  const FieldPlan plan = PlanOf(element);
  const size_t start = out.size();
  const size_t slots_at = HeaderBytes(elements.size());
  const size_t slot_bytes = SlotBytes(plan.code);
  const size_t fixed = RoundUp8(slots_at + elements.size() * slot_bytes);
  if (fixed > INT_MAX)
    return Fail(ErrorCode::kRecordTooLarge, "array is too large: elements={}", elements.size());
  out.resize(start + fixed);
  StoreLe(out.data() + start, static_cast<int32_t>(elements.size()));
  for (size_t i = 0; i < elements.size(); ++i) {
    if (elements[i].is_null()) {
      SetBit(out.data() + start + kSizeBytes, i);
    } else {
      RETURN_IF_ERROR(WriteSlot(out, start, slots_at + i * slot_bytes, plan, elements[i], format));
    }
  }
  return {};
}

Status AppendMap(const DataType& type, std::span<const Value> keys, std::span<const Value> values,
                 RowFormat format, std::string& out) {
  const size_t start = out.size();
  AppendLe<int32_t>(out, 0);
  RETURN_IF_ERROR(AppendArray(type.key(), keys, format, out));
  StoreLe(out.data() + start, static_cast<int32_t>(out.size() - start - sizeof(int32_t)));
  return AppendArray(type.value(), values, format, out);
}

Status AppendRow(const DataType& type, std::span<const Value> fields, RowFormat format,
                 std::string& out) {
  const std::vector<FieldPlan> plans = FieldPlans(type);
  switch (format) {
    case RowFormat::kCompacted:
      return EncodeCompactedRow(fields, plans, out);
    case RowFormat::kIndexed:
      return EncodeIndexedRow(fields, plans, out);
    case RowFormat::kAligned:
      return EncodeAlignedRow(fields, plans, out);
  }
  return {};
}

Status AppendNested(const DataType& type, const Value& value, RowFormat format, std::string& out) {
  if (value.nested_format() == format || !ContainsRow(type)) {
    out.append(value.bytes());
    return {};
  }
  switch (type.kind) {
    case TypeKind::kArray:
      return ReencodeArray(type, value, format, out);
    case TypeKind::kMap:
      return ReencodeMap(type, value, format, out);
    default:
      return ReencodeRow(type, value, format, out);
  }
}

}  // namespace weir
