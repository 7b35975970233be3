#include "record/arrow_schema.h"

#include <arrow/type.h>

#include "record/data_type.h"
#include "record/schema.h"

namespace weir {

namespace {

std::shared_ptr<arrow::Field> ToArrowField(const std::string& name, const DataType& type) {
  return arrow::field(name, ToArrowType(type), type.nullable);
}

arrow::TimeUnit::type UnitOf(int32_t precision) {
  if (precision == 0) return arrow::TimeUnit::SECOND;
  if (precision <= 3) return arrow::TimeUnit::MILLI;
  if (precision <= 6) return arrow::TimeUnit::MICRO;
  return arrow::TimeUnit::NANO;
}

std::shared_ptr<arrow::DataType> TimeType(int32_t precision) {
  return precision <= 3 ? arrow::time32(UnitOf(precision)) : arrow::time64(UnitOf(precision));
}

std::shared_ptr<arrow::DataType> StructType(const DataType& type) {
  arrow::FieldVector fields;
  for (const Field& field : type.fields()) fields.push_back(ToArrowField(field.name, field.type));
  return arrow::struct_(fields);
}

std::shared_ptr<arrow::DataType> MapType(const DataType& type) {
  auto key = arrow::field("key", ToArrowType(type.key()), false);
  auto entries = arrow::struct_({std::move(key), ToArrowField("value", type.value())});
  return std::make_shared<arrow::MapType>(arrow::field("entries", std::move(entries), false));
}

}  // namespace

std::shared_ptr<arrow::DataType> ToArrowType(const DataType& type) {
  switch (type.kind) {
    case TypeKind::kBoolean:
      return arrow::boolean();
    case TypeKind::kTinyInt:
      return arrow::int8();
    case TypeKind::kSmallInt:
      return arrow::int16();
    case TypeKind::kInt:
      return arrow::int32();
    case TypeKind::kBigInt:
      return arrow::int64();
    case TypeKind::kFloat:
      return arrow::float32();
    case TypeKind::kDouble:
      return arrow::float64();
    case TypeKind::kChar:
    case TypeKind::kString:
      return arrow::utf8();
    case TypeKind::kBinary:
      return arrow::fixed_size_binary(type.length);
    case TypeKind::kBytes:
      return arrow::binary();
    case TypeKind::kDecimal:
      return std::make_shared<arrow::Decimal128Type>(type.precision, type.scale);
    case TypeKind::kDate:
      return arrow::date32();
    case TypeKind::kTime:
      return TimeType(type.precision);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return arrow::timestamp(UnitOf(type.precision));
    case TypeKind::kArray:
      return arrow::list(ToArrowField("element", type.element()));
    case TypeKind::kMap:
      return MapType(type);
    case TypeKind::kRow:
      return StructType(type);
  }
  return arrow::null();
}

std::shared_ptr<arrow::Schema> ToArrowSchema(const Schema& schema) {
  arrow::FieldVector fields;
  for (const Column& column : schema.columns())
    fields.push_back(ToArrowField(column.name, column.type));
  return arrow::schema(std::move(fields));
}

Status FromArrow(const arrow::Status& status) {
  if (status.ok()) return {};
  const bool bad_bytes = status.IsInvalid() || status.IsIOError() || status.IsSerializationError();
  return Fail(bad_bytes ? ErrorCode::kCorruptMessage : ErrorCode::kUnknownServerError, "arrow: {}",
              status.message());
}

}  // namespace weir
