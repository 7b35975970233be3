#include "record/compacted_row.h"

#include <cstring>

#include "record/binary_array.h"

namespace weir {
namespace {

template <class T>
const char* ReadFixed(const char* at, const char* end, T& value) {
  if (end - at < static_cast<ptrdiff_t>(sizeof(T))) return nullptr;
  value = LoadLe<T>(at);
  return at + sizeof(T);
}

const char* ReadBytes(const char* at, const char* end, BytesView& bytes) {
  uint32_t length = 0;
  at = ReadVarint32(at, end, length);
  if (at == nullptr || length > static_cast<size_t>(end - at)) return nullptr;
  bytes = BytesView(at, length);
  return at + length;
}

const char* ReadTimestampNanos(const char* at, const char* end, Value& out) {
  uint64_t ms = 0;
  uint32_t nanos = 0;
  at = ReadVarint64(at, end, ms);
  if (at != nullptr) at = ReadVarint32(at, end, nanos);
  if (at == nullptr || !ValidNanos(nanos)) return nullptr;
  out = Value::Timestamp(static_cast<int64_t>(ms), static_cast<int32_t>(nanos));
  return at;
}

/// Room for the longest form of a field of the plan, without the bytes of a variable one.
constexpr size_t kFieldBytesMax = kVarint64BytesMax + kVarint32BytesMax;

char* WriteBytes(char* to, BytesView bytes) {
  to = WriteVarint32(to, static_cast<uint32_t>(bytes.size()));
  std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

template <class T>
char* WriteFixed(char* to, T value) {
  StoreLe(to, value);
  return to + sizeof(T);
}

/// Write a field that fits and needs no re-encoding; there is room.
char* WriteField(FieldCode code, const Value& value, char* to) {
  switch (code) {
    case FieldCode::kBool:
      return WriteFixed<int8_t>(to, value.boolean());
    case FieldCode::kInt8:
      return WriteFixed(to, static_cast<int8_t>(value.integer()));
    case FieldCode::kInt16:
      return WriteFixed(to, static_cast<int16_t>(value.integer()));
    case FieldCode::kInt32:
      return WriteVarint32(to, static_cast<uint32_t>(value.integer()));
    case FieldCode::kInt64:
      return WriteVarint64(to, static_cast<uint64_t>(value.integer()));
    case FieldCode::kFloat:
      return WriteFixed(to, value.float32());
    case FieldCode::kDouble:
      return WriteFixed(to, value.float64());
    case FieldCode::kTimestampMs:
      return WriteVarint64(to, static_cast<uint64_t>(value.timestamp_ms()));
    case FieldCode::kTimestampNanos:
      to = WriteVarint64(to, static_cast<uint64_t>(value.timestamp_ms()));
      return WriteVarint32(to, static_cast<uint32_t>(value.timestamp_nanos()));
    case FieldCode::kChar:
    case FieldCode::kBinary:
    case FieldCode::kBytes:
    case FieldCode::kBigDecimal:
    case FieldCode::kNested:
      return WriteBytes(to, value.bytes());
  }
  return to;
}

bool IsVariable(FieldCode code) { return code >= FieldCode::kChar; }

bool NeedsReencoding(FieldCode code, const Value& value) {
  return code == FieldCode::kNested && value.nested_format() != RowFormat::kCompacted;
}

Status AppendReencoded(const FieldPlan& plan, const Value& value, std::string& out) {
  std::string nested;
  RETURN_IF_ERROR(AppendNested(*plan.type, value, RowFormat::kCompacted, nested));
  AppendVarint32(out, static_cast<uint32_t>(nested.size()));
  out += nested;
  return {};
}

}  // namespace

const char* DecodeCompactedField(const FieldPlan& plan, const char* at, const char* end,
                                 Value& out) {
  uint32_t u32 = 0;
  uint64_t u64 = 0;
  int8_t i8 = 0;
  int16_t i16 = 0;
  float f32 = 0;
  double f64 = 0;
  BytesView bytes;
  switch (plan.code) {
    case FieldCode::kBool:
      at = ReadFixed(at, end, i8);
      out = Value::Bool(i8 != 0);
      return at;
    case FieldCode::kInt8:
      at = ReadFixed(at, end, i8);
      out = Value::Int(i8);
      return at;
    case FieldCode::kInt16:
      at = ReadFixed(at, end, i16);
      out = Value::Int(i16);
      return at;
    case FieldCode::kInt32:
      at = ReadVarint32(at, end, u32);
      out = Value::Int(static_cast<int32_t>(u32));
      return at;
    case FieldCode::kInt64:
      at = ReadVarint64(at, end, u64);
      out = Value::Int(static_cast<int64_t>(u64));
      return at;
    case FieldCode::kFloat:
      at = ReadFixed(at, end, f32);
      out = Value::Float(f32);
      return at;
    case FieldCode::kDouble:
      at = ReadFixed(at, end, f64);
      out = Value::Double(f64);
      return at;
    case FieldCode::kTimestampMs:
      at = ReadVarint64(at, end, u64);
      out = Value::Timestamp(static_cast<int64_t>(u64));
      return at;
    case FieldCode::kTimestampNanos:
      return ReadTimestampNanos(at, end, out);
    case FieldCode::kBigDecimal:
      at = ReadBytes(at, end, bytes);
      if (bytes.empty() || bytes.size() > 16) return nullptr;
      out = Value::Bytes(bytes);
      return at;
    case FieldCode::kChar:
    case FieldCode::kBinary:
    case FieldCode::kBytes:
      at = ReadBytes(at, end, bytes);
      out = Value::Bytes(bytes);
      return at;
    case FieldCode::kNested:
      at = ReadBytes(at, end, bytes);
      out = Value::Nested(bytes, RowFormat::kCompacted);
      return at;
  }
  return nullptr;
}

Status DecodeCompactedRow(BytesView row, std::span<const FieldPlan> plans, std::span<Value> out) {
  const size_t null_bytes = (plans.size() + 7) / 8;
  if (row.size() < null_bytes) {
    return Fail(ErrorCode::kCorruptRecord, "compacted row is shorter than its null bits: bytes={}",
                row.size());
  }
  const char* at = row.data() + null_bytes;
  const char* end = row.data() + row.size();
  for (size_t i = 0; i < plans.size(); ++i) {
    if (TestBit(row.data(), i)) {
      out[i] = Value::Null();
      continue;
    }
    at = DecodeCompactedField(plans[i], at, end, out[i]);
    if (at == nullptr) [[unlikely]] {
      return Fail(ErrorCode::kCorruptRecord, "compacted row is damaged: bytes={} column={} type={}",
                  row.size(), i, plans[i].type->ToString());
    }
  }
  if (at != end) {
    return Fail(ErrorCode::kCorruptRecord, "compacted row has bytes left over: bytes={} rest={}",
                row.size(), end - at);
  }
  return {};
}

Status EncodeCompactedField(const FieldPlan& plan, const Value& value, std::string& out) {
  if (!Fits(plan, value)) return DoesNotFit(plan, value);
  if (NeedsReencoding(plan.code, value)) return AppendReencoded(plan, value, out);
  const size_t start = out.size();
  out.resize(start + kFieldBytesMax + (IsVariable(plan.code) ? value.bytes().size() : 0));
  const char* end = WriteField(plan.code, value, out.data() + start);
  out.resize(static_cast<size_t>(end - out.data()));
  return {};
}

Status EncodeCompactedRow(std::span<const Value> row, std::span<const FieldPlan> plans,
                          std::string& out) {
  const size_t null_bytes = (plans.size() + 7) / 8;
  size_t room = null_bytes;
  bool reencode = false;
  for (size_t i = 0; i < plans.size(); ++i) {
    if (row[i].is_null()) continue;
    if (!Fits(plans[i], row[i])) return DoesNotFit(plans[i], row[i]);
    reencode |= NeedsReencoding(plans[i].code, row[i]);
    room += kFieldBytesMax + (IsVariable(plans[i].code) ? row[i].bytes().size() : 0);
  }
  const size_t start = out.size();
  if (reencode) {  // rare: a nested row from another format
    out.append(null_bytes, '\0');
    for (size_t i = 0; i < plans.size(); ++i) {
      if (row[i].is_null()) {
        SetBit(out.data() + start, i);
      } else {
        RETURN_IF_ERROR(EncodeCompactedField(plans[i], row[i], out));
      }
    }
    return {};
  }
  out.resize(start + room);
  char* bits = out.data() + start;
  char* at = bits + null_bytes;
  for (size_t i = 0; i < plans.size(); ++i) {
    if (row[i].is_null()) {
      SetBit(bits, i);
    } else {
      at = WriteField(plans[i].code, row[i], at);
    }
  }
  out.resize(static_cast<size_t>(at - out.data()));
  return {};
}

}  // namespace weir
