#include "record/field_code.h"

#include "record/decimal.h"

namespace weir {

FieldCode CodeOf(const DataType& type) {
  switch (type.kind) {
    case TypeKind::kBoolean:
      return FieldCode::kBool;
    case TypeKind::kTinyInt:
      return FieldCode::kInt8;
    case TypeKind::kSmallInt:
      return FieldCode::kInt16;
    case TypeKind::kInt:
    case TypeKind::kDate:
    case TypeKind::kTime:
      return FieldCode::kInt32;
    case TypeKind::kBigInt:
      return FieldCode::kInt64;
    case TypeKind::kFloat:
      return FieldCode::kFloat;
    case TypeKind::kDouble:
      return FieldCode::kDouble;
    case TypeKind::kChar:
      return FieldCode::kChar;
    case TypeKind::kBinary:
      return FieldCode::kBinary;
    case TypeKind::kString:
    case TypeKind::kBytes:
      return FieldCode::kBytes;
    case TypeKind::kDecimal:
      return type.is_compact_decimal() ? FieldCode::kInt64 : FieldCode::kBigDecimal;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return type.is_compact_timestamp() ? FieldCode::kTimestampMs : FieldCode::kTimestampNanos;
    case TypeKind::kArray:
    case TypeKind::kMap:
    case TypeKind::kRow:
      return FieldCode::kNested;
  }
  return FieldCode::kNested;
}

std::vector<FieldPlan> PlansOf(std::span<const DataType> types) {
  std::vector<FieldPlan> plans;
  plans.reserve(types.size());
  for (const DataType& type : types) plans.push_back(PlanOf(type));
  return plans;
}

bool Fits(const FieldPlan& plan, const Value& value) {
  const Value::Kind kind = value.kind();
  const int64_t v = value.integer();
  switch (plan.code) {
    case FieldCode::kBool:
      return kind == Value::Kind::kBool;
    case FieldCode::kInt8:
      return kind == Value::Kind::kInt && v == static_cast<int8_t>(v);
    case FieldCode::kInt16:
      return kind == Value::Kind::kInt && v == static_cast<int16_t>(v);
    case FieldCode::kInt32:
      return kind == Value::Kind::kInt && v == static_cast<int32_t>(v);
    case FieldCode::kInt64:
      return kind == Value::Kind::kInt;
    case FieldCode::kFloat:
      return kind == Value::Kind::kFloat;
    case FieldCode::kDouble:
      return kind == Value::Kind::kDouble;
    case FieldCode::kTimestampMs:
      return kind == Value::Kind::kTimestamp;
    case FieldCode::kTimestampNanos:
      return kind == Value::Kind::kTimestamp && ValidNanos(value.timestamp_nanos());
    case FieldCode::kChar:
    case FieldCode::kBinary:
    case FieldCode::kBytes:
      return kind == Value::Kind::kBytes;
    case FieldCode::kBigDecimal:
      return kind == Value::Kind::kBytes && !value.bytes().empty() &&
             value.bytes().size() <= kDecimalBytesMax;
    case FieldCode::kNested:
      return kind == Value::Kind::kNested;
  }
  return false;
}

Failure DoesNotFit(const FieldPlan& plan, const Value& value) {
  return Fail(ErrorCode::kCorruptRecord, "value does not fit its column: type={} value_kind={}",
              plan.type->ToString(), static_cast<int>(value.kind()));
}

}  // namespace weir
