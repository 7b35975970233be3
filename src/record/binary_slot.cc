#include "record/binary_slot.h"

#include <climits>

#include "base/endian.h"
#include "record/binary_array.h"
#include "record/decimal.h"

namespace weir {
namespace {

Failure Outside(BytesView whole, uint64_t offset, uint64_t length) {
  return Fail(ErrorCode::kCorruptRecord,
              "slot points outside its row or array: bytes={} offset={} length={}", whole.size(),
              offset, length);
}

bool IsInline(uint64_t slot) { return slot >> 63 != 0; }

Result<BytesView> Pointed(BytesView whole, uint64_t offset, uint64_t length) {
  if (offset > whole.size() || length > whole.size() - offset)
    return Outside(whole, offset, length);
  return whole.substr(offset, length);
}

Result<Value> ReadBytesSlot(BytesView whole, size_t at, uint64_t slot) {
  if (IsInline(slot)) {
    const uint64_t length = slot >> 56 & 0x7f;
    if (length > kInlineBytesMax) return Outside(whole, at, length);
    return Value::Bytes(whole.substr(at, length));
  }
  ASSIGN_OR_RETURN(const BytesView bytes, Pointed(whole, slot >> 32, slot & UINT32_MAX));
  return Value::Bytes(bytes);
}

Result<Value> ReadTimestampSlot(BytesView whole, uint64_t slot) {
  const uint64_t nanos = slot & UINT32_MAX;
  ASSIGN_OR_RETURN(const BytesView ms, Pointed(whole, slot >> 32, sizeof(int64_t)));
  if (!ValidNanos(static_cast<int64_t>(nanos))) return Outside(whole, slot >> 32, nanos);
  return Value::Timestamp(LoadLe<int64_t>(ms.data()), static_cast<int32_t>(nanos));
}

Result<Value> ReadDecimalSlot(BytesView whole, uint64_t slot) {
  ASSIGN_OR_RETURN(const BytesView bytes, Pointed(whole, slot >> 32, slot & UINT32_MAX));
  if (bytes.empty() || bytes.size() > kDecimalBytesMax)
    return Outside(whole, slot >> 32, bytes.size());
  return Value::Bytes(bytes);
}

/// Point the slot at the end of `out`, where `area` zeroed bytes are added; return where they
/// start.
Result<size_t> Claim(std::string& out, size_t start, size_t at, size_t area, uint64_t low) {
  const size_t offset = out.size() - start;
  if (offset + area > INT_MAX)
    return Fail(ErrorCode::kRecordTooLarge, "row or array is too large: bytes={}", offset);
  StoreLe<uint64_t>(out.data() + start + at, static_cast<uint64_t>(offset) << 32 | low);
  out.resize(out.size() + area);
  return start + offset;
}

Status WriteBytesSlot(std::string& out, size_t start, size_t at, BytesView bytes) {
  if (bytes.size() <= kInlineBytesMax) {
    char* slot = out.data() + start + at;
    StoreLe<uint64_t>(slot, (0x80 | static_cast<uint64_t>(bytes.size())) << 56);
    std::memcpy(slot, bytes.data(), bytes.size());
    return {};
  }
  ASSIGN_OR_RETURN(const size_t to, Claim(out, start, at, RoundUp8(bytes.size()), bytes.size()));
  std::memcpy(out.data() + to, bytes.data(), bytes.size());
  return {};
}

/// Nested values are never inline.
Status WriteNestedSlot(std::string& out, size_t start, size_t at, const DataType& type,
                       const Value& value, RowFormat nested_format) {
  ASSIGN_OR_RETURN(const size_t to, Claim(out, start, at, 0, 0));
  RETURN_IF_ERROR(AppendNested(type, value, nested_format, out));
  const size_t length = out.size() - to;
  if (out.size() - start > INT_MAX)
    return Fail(ErrorCode::kRecordTooLarge, "row or array is too large: bytes={}", length);
  StoreLe<uint64_t>(out.data() + start + at, static_cast<uint64_t>(to - start) << 32 | length);
  out.resize(to + RoundUp8(length));
  return {};
}

}  // namespace

uint64_t ClaimedBytes(const char* slot, FieldCode code) {
  const auto word = LoadLe<uint64_t>(slot);
  switch (code) {
    case FieldCode::kChar:
    case FieldCode::kBinary:
    case FieldCode::kBytes:
      return IsInline(word) ? 0 : word & UINT32_MAX;
    case FieldCode::kBigDecimal:
    case FieldCode::kNested:
      return word & UINT32_MAX;
    default:
      return 0;
  }
}

Result<Value> ReadSlot(BytesView whole, size_t at, const FieldPlan& plan, RowFormat nested_format) {
  const char* slot = whole.data() + at;
  switch (plan.code) {
    case FieldCode::kBool:
      return Value::Bool(*slot != 0);
    case FieldCode::kInt8:
      return Value::Int(LoadLe<int8_t>(slot));
    case FieldCode::kInt16:
      return Value::Int(LoadLe<int16_t>(slot));
    case FieldCode::kInt32:
      return Value::Int(LoadLe<int32_t>(slot));
    case FieldCode::kInt64:
      return Value::Int(LoadLe<int64_t>(slot));
    case FieldCode::kFloat:
      return Value::Float(LoadLe<float>(slot));
    case FieldCode::kDouble:
      return Value::Double(LoadLe<double>(slot));
    case FieldCode::kTimestampMs:
      return Value::Timestamp(LoadLe<int64_t>(slot));
    case FieldCode::kTimestampNanos:
      return ReadTimestampSlot(whole, LoadLe<uint64_t>(slot));
    case FieldCode::kChar:
    case FieldCode::kBinary:
    case FieldCode::kBytes:
      return ReadBytesSlot(whole, at, LoadLe<uint64_t>(slot));
    case FieldCode::kBigDecimal:
      return ReadDecimalSlot(whole, LoadLe<uint64_t>(slot));
    case FieldCode::kNested:
      break;
  }
  const auto word = LoadLe<uint64_t>(slot);
  ASSIGN_OR_RETURN(const BytesView bytes, Pointed(whole, word >> 32, word & UINT32_MAX));
  return Value::Nested(bytes, nested_format);
}

Status WriteSlot(std::string& out, size_t start, size_t at, const FieldPlan& plan,
                 const Value& value, RowFormat nested_format) {
  if (!Fits(plan, value)) return DoesNotFit(plan, value);
  char* slot = out.data() + start + at;
  switch (plan.code) {
    case FieldCode::kBool:
      *slot = value.boolean() ? 1 : 0;
      return {};
    case FieldCode::kInt8:
      StoreLe(slot, static_cast<int8_t>(value.integer()));
      return {};
    case FieldCode::kInt16:
      StoreLe(slot, static_cast<int16_t>(value.integer()));
      return {};
    case FieldCode::kInt32:
      StoreLe(slot, static_cast<int32_t>(value.integer()));
      return {};
    case FieldCode::kInt64:
      StoreLe(slot, value.integer());
      return {};
    case FieldCode::kFloat:
      StoreLe(slot, value.float32());
      return {};
    case FieldCode::kDouble:
      StoreLe(slot, value.float64());
      return {};
    case FieldCode::kTimestampMs:
      StoreLe(slot, value.timestamp_ms());
      return {};
    case FieldCode::kTimestampNanos: {
      const auto nanos = static_cast<uint64_t>(value.timestamp_nanos());
      ASSIGN_OR_RETURN(const size_t to, Claim(out, start, at, sizeof(int64_t), nanos));
      StoreLe(out.data() + to, value.timestamp_ms());
      return {};
    }
    case FieldCode::kBigDecimal: {
      const BytesView bytes = value.bytes();
      ASSIGN_OR_RETURN(const size_t to, Claim(out, start, at, kDecimalBytesMax, bytes.size()));
      std::memcpy(out.data() + to, bytes.data(), bytes.size());
      return {};
    }
    case FieldCode::kChar:
    case FieldCode::kBinary:
    case FieldCode::kBytes:
      return WriteBytesSlot(out, start, at, value.bytes());
    case FieldCode::kNested:
      break;
  }
  return WriteNestedSlot(out, start, at, *plan.type, value, nested_format);
}

}  // namespace weir
