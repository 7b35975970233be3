#include "record/indexed_row.h"

#include "base/byte_reader.h"
#include "base/endian.h"
#include "record/binary_array.h"

namespace weir {
namespace {

bool IsVariable(FieldCode code) {
  return code == FieldCode::kBytes || code == FieldCode::kBigDecimal || code == FieldCode::kNested;
}

size_t VariableCount(std::span<const FieldPlan> plans) {
  size_t count = 0;
  for (const FieldPlan& plan : plans) count += IsVariable(plan.code);
  return count;
}

BytesView WithoutTrailingZeros(BytesView bytes) {
  while (!bytes.empty() && bytes.back() == '\0') bytes.remove_suffix(1);
  return bytes;
}

/// A damaged field leaves `values` not ok().
Value ReadField(const FieldPlan& plan, ByteReader& lengths, ByteReader& values) {
  switch (plan.code) {
    case FieldCode::kBool:
      return Value::Bool(values.Le<int8_t>() != 0);
    case FieldCode::kInt8:
      return Value::Int(values.Le<int8_t>());
    case FieldCode::kInt16:
      return Value::Int(values.Le<int16_t>());
    case FieldCode::kInt32:
      return Value::Int(values.Le<int32_t>());
    case FieldCode::kInt64:
      return Value::Int(values.Le<int64_t>());
    case FieldCode::kFloat:
      return Value::Float(values.Le<float>());
    case FieldCode::kDouble:
      return Value::Double(values.Le<double>());
    case FieldCode::kTimestampMs:
      return Value::Timestamp(values.Le<int64_t>());
    case FieldCode::kTimestampNanos: {
      const auto ms = values.Le<int64_t>();
      const auto nanos = values.Le<int32_t>();
      if (!ValidNanos(nanos)) values.Break();
      return Value::Timestamp(ms, nanos);
    }
    case FieldCode::kChar:
      return Value::Bytes(WithoutTrailingZeros(values.Bytes(plan.length)));
    case FieldCode::kBinary:
      return Value::Bytes(values.Bytes(plan.length));
    case FieldCode::kBytes:
      return Value::Bytes(values.Bytes(lengths.Le<int32_t>()));
    case FieldCode::kBigDecimal: {
      const BytesView bytes = values.Bytes(lengths.Le<int32_t>());
      if (bytes.empty() || bytes.size() > 16) values.Break();
      return Value::Bytes(bytes);
    }
    case FieldCode::kNested:
      return Value::Nested(values.Bytes(lengths.Le<int32_t>()), RowFormat::kIndexed);
  }
  return Value::Null();
}

void AppendPadded(std::string& out, BytesView bytes, size_t length) {
  out.append(bytes);
  out.append(length - bytes.size(), '\0');
}

/// Append a field that fits; its length when it is variable.
Status AppendField(const FieldPlan& plan, const Value& value, std::string& out) {
  switch (plan.code) {
    case FieldCode::kBool:
      AppendLe<int8_t>(out, value.boolean());
      break;
    case FieldCode::kInt8:
      AppendLe(out, static_cast<int8_t>(value.integer()));
      break;
    case FieldCode::kInt16:
      AppendLe(out, static_cast<int16_t>(value.integer()));
      break;
    case FieldCode::kInt32:
      AppendLe(out, static_cast<int32_t>(value.integer()));
      break;
    case FieldCode::kInt64:
      AppendLe(out, value.integer());
      break;
    case FieldCode::kFloat:
      AppendLe(out, value.float32());
      break;
    case FieldCode::kDouble:
      AppendLe(out, value.float64());
      break;
    case FieldCode::kTimestampMs:
      AppendLe(out, value.timestamp_ms());
      break;
    case FieldCode::kTimestampNanos:
      AppendLe(out, value.timestamp_ms());
      AppendLe(out, value.timestamp_nanos());
      break;
    case FieldCode::kChar:
    case FieldCode::kBinary:
      AppendPadded(out, value.bytes(), static_cast<size_t>(plan.length));
      break;
    case FieldCode::kBytes:
    case FieldCode::kBigDecimal:
      out.append(value.bytes());
      break;
    case FieldCode::kNested:
      return AppendNested(*plan.type, value, RowFormat::kIndexed, out);
  }
  return {};
}

bool FitsFixed(const FieldPlan& plan, const Value& value) {
  const bool fixed_bytes = plan.code == FieldCode::kChar || plan.code == FieldCode::kBinary;
  return Fits(plan, value) &&
         (!fixed_bytes || value.bytes().size() <= static_cast<size_t>(plan.length));
}

}  // namespace

Status DecodeIndexedRow(BytesView row, std::span<const FieldPlan> plans, std::span<Value> out) {
  ByteReader in(row);
  const BytesView bits = in.Bytes(static_cast<int64_t>((plans.size() + 7) / 8));
  ByteReader lengths(in.Bytes(static_cast<int64_t>(VariableCount(plans) * sizeof(int32_t))));
  if (!in.ok()) {
    return Fail(ErrorCode::kCorruptRecord, "indexed row is shorter than its header: bytes={}",
                row.size());
  }
  for (size_t i = 0; i < plans.size(); ++i) {
    out[i] = TestBit(bits.data(), i) ? Value::Null() : ReadField(plans[i], lengths, in);
    if (!in.ok()) [[unlikely]] {
      return Fail(ErrorCode::kCorruptRecord, "indexed row is damaged: bytes={} column={} type={}",
                  row.size(), i, plans[i].type->ToString());
    }
  }
  if (in.remaining() != 0) {
    return Fail(ErrorCode::kCorruptRecord, "indexed row has bytes left over: bytes={} rest={}",
                row.size(), in.remaining());
  }
  return {};
}

Status EncodeIndexedRow(std::span<const Value> row, std::span<const FieldPlan> plans,
                        std::string& out) {
  const size_t bits_at = out.size();
  size_t length_at = bits_at + (plans.size() + 7) / 8;
  out.resize(length_at + VariableCount(plans) * sizeof(int32_t));
  for (size_t i = 0; i < plans.size(); ++i) {
    if (row[i].is_null()) {
      SetBit(out.data() + bits_at, i);
      continue;
    }
    if (!FitsFixed(plans[i], row[i])) return DoesNotFit(plans[i], row[i]);
    const size_t start = out.size();
    RETURN_IF_ERROR(AppendField(plans[i], row[i], out));
    if (IsVariable(plans[i].code)) {
      StoreLe(out.data() + length_at, static_cast<int32_t>(out.size() - start));
      length_at += sizeof(int32_t);
    }
  }
  return {};
}

}  // namespace weir
