#include "record/iceberg_key.h"

#include "base/endian.h"
#include "record/decimal.h"

namespace weir {
namespace {

int64_t Micros(const Value& timestamp) {
  return static_cast<int64_t>(static_cast<uint64_t>(timestamp.timestamp_ms()) * 1000) +
         timestamp.timestamp_nanos() / 1000;
}

Value TimestampOfMicros(int64_t micros) {
  const int64_t ms = micros / 1000 - (micros % 1000 < 0);
  return Value::Timestamp(ms, static_cast<int32_t>(micros - ms * 1000) * 1000);
}

template <class T>
Result<T> Whole(BytesView key) {
  if (key.size() != sizeof(T)) {
    return Fail(ErrorCode::kCorruptRecord, "iceberg key has the wrong size: bytes={} expected={}",
                key.size(), sizeof(T));
  }
  return LoadLe<T>(key.data());
}

/// An INT travels as 8 bytes.
Result<Value> Checked(const FieldPlan& plan, const Value& value) {
  if (!Fits(plan, value)) return DoesNotFit(plan, value);
  return value;
}

}  // namespace

bool IsIcebergKeyType(const DataType& type) {
  switch (type.kind) {
    case TypeKind::kBoolean:
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kTimestampLtz:
      return false;
    default:
      return !type.is_nested();
  }
}

Status AppendIcebergKey(const FieldPlan& plan, const Value& value, std::string& out) {
  switch (plan.type->kind) {
    case TypeKind::kInt:
    case TypeKind::kDate:
    case TypeKind::kBigInt:
      AppendLe(out, value.integer());
      return {};
    case TypeKind::kTime:
      AppendLe(out, value.integer() * 1000);
      return {};
    case TypeKind::kFloat:
      AppendLe(out, value.float32());
      return {};
    case TypeKind::kDouble:
      AppendLe(out, value.float64());
      return {};
    case TypeKind::kTimestamp:
      AppendLe(out, Micros(value));
      return {};
    case TypeKind::kDecimal: {
      ASSIGN_OR_RETURN(const Int128 unscaled, UnscaledOf(value));
      char bytes[kDecimalBytesMax];
      out.append(bytes, DecimalToBytes(unscaled, bytes));
      return {};
    }
    default:
      out.append(value.bytes());
      return {};
  }
}

Result<Value> ParseIcebergKey(const FieldPlan& plan, BytesView key) {
  switch (plan.type->kind) {
    case TypeKind::kInt:
    case TypeKind::kDate:
    case TypeKind::kBigInt: {
      ASSIGN_OR_RETURN(const auto integer, Whole<int64_t>(key));
      return Checked(plan, Value::Int(integer));
    }
    case TypeKind::kTime: {
      ASSIGN_OR_RETURN(const auto micros, Whole<int64_t>(key));
      return Checked(plan, Value::Int(micros / 1000));
    }
    case TypeKind::kFloat: {
      ASSIGN_OR_RETURN(const auto number, Whole<float>(key));
      return Value::Float(number);
    }
    case TypeKind::kDouble: {
      ASSIGN_OR_RETURN(const auto number, Whole<double>(key));
      return Value::Double(number);
    }
    case TypeKind::kTimestamp: {
      ASSIGN_OR_RETURN(const auto micros, Whole<int64_t>(key));
      return TimestampOfMicros(micros);
    }
    case TypeKind::kDecimal: {
      ASSIGN_OR_RETURN(const Int128 unscaled, DecimalFromBytes(key));
      if (plan.code == FieldCode::kBigDecimal) return Value::Bytes(key);
      if (unscaled != static_cast<int64_t>(unscaled)) return DoesNotFit(plan, Value::Bytes(key));
      return Value::Int(static_cast<int64_t>(unscaled));
    }
    default:
      return Value::Bytes(key);
  }
}

}  // namespace weir
