#include "sql/lake_columns.h"

#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/type.h>

#include "record/arrow_schema.h"

namespace weir {
namespace {

using ArrayDataPtr = std::shared_ptr<arrow::ArrayData>;

Result<ArrayDataPtr> Convert(const ArrayDataPtr& data,
                             const std::shared_ptr<arrow::DataType>& type) {
  const arrow::DataType& from = *data->type;
  if (from.Equals(*type)) return data;
  auto out = data->Copy();
  out->type = type;
  if (arrow::is_nested(from.id())) {
    if (from.id() != type->id() ||
        out->child_data.size() != static_cast<size_t>(type->num_fields()))
      return Fail(ErrorCode::kInvalidTable, "a column of the lake has another type: {} wanted={}",
                  from.ToString(), type->ToString());
    for (size_t i = 0; i < out->child_data.size(); ++i) {
      ASSIGN_OR_RETURN(out->child_data[i],
                       Convert(out->child_data[i], type->field(static_cast<int>(i))->type()));
    }
    return out;
  }
  arrow::compute::CastOptions options = arrow::compute::CastOptions::Safe(type);
  options.allow_time_truncate = true;  // the table's column has fewer digits
  ArrayDataPtr values = data;
  if (from.id() == arrow::Type::TIMESTAMP) {
    // Zones are names only: the values are UTC in both.
    values = data->Copy();
    values->type = arrow::timestamp(static_cast<const arrow::TimestampType&>(from).unit());
    if (values->type->Equals(*type)) return values;
  }
  auto cast = arrow::compute::Cast(arrow::Datum(values), options);
  if (!cast.ok())
    return Fail(ErrorCode::kInvalidTable, "a value of the lake does not fit its column: {}",
                cast.status().message());
  return cast->array();
}

Result<DataType> NestedTypeOf(const iceberg::Type& type) {
  if (type.id == iceberg::TypeId::kList) {
    ASSIGN_OR_RETURN(DataType element, DataTypeOf(type.element().type));
    return DataType::Array(std::move(element));
  }
  if (type.id == iceberg::TypeId::kMap) {
    ASSIGN_OR_RETURN(const DataType key, DataTypeOf(type.key().type));
    ASSIGN_OR_RETURN(DataType value, DataTypeOf(type.value().type));
    return DataType::Map(key, std::move(value));
  }
  std::vector<Field> fields;
  for (const iceberg::Field& field : type.fields()) {
    Field& out = fields.emplace_back();
    out.name = field.name;
    ASSIGN_OR_RETURN(out.type, DataTypeOf(field.type));
  }
  return DataType::Row(std::move(fields));
}

}  // namespace

Result<DataType> DataTypeOf(const iceberg::Type& type) {
  using enum iceberg::TypeId;
  switch (type.id) {
    case kBoolean:
      return DataType::Of(TypeKind::kBoolean);
    case kInt:
      return DataType::Of(TypeKind::kInt);
    case kLong:
      return DataType::Of(TypeKind::kBigInt);
    case kFloat:
      return DataType::Of(TypeKind::kFloat);
    case kDouble:
      return DataType::Of(TypeKind::kDouble);
    case kDecimal:
      return DataType::Decimal(type.precision, type.scale);
    case kDate:
      return DataType::Of(TypeKind::kDate);
    case kTime:
      return DataType::Temporal(TypeKind::kTime, 6);
    case kTimestamp:
      return DataType::Temporal(TypeKind::kTimestamp, 6);
    case kTimestamptz:
      return DataType::Temporal(TypeKind::kTimestampLtz, 6);
    case kTimestampNs:
      return DataType::Temporal(TypeKind::kTimestamp, 9);
    case kTimestamptzNs:
      return DataType::Temporal(TypeKind::kTimestampLtz, 9);
    case kString:
      return DataType::Of(TypeKind::kString);
    case kUuid:
      return DataType::Binary(16);
    case kFixed:
      return DataType::Binary(type.length);
    case kBinary:
      return DataType::Of(TypeKind::kBytes);
    case kStruct:
    case kList:
    case kMap:
      return NestedTypeOf(type);
    default:
      return Fail(ErrorCode::kUnsupportedVersion, "columns of type {} cannot be read in SQL",
                  type.ToString());
  }
}

Result<std::shared_ptr<arrow::Array>> ToTableColumn(const std::shared_ptr<arrow::Array>& column,
                                                    const DataType& type) {
  ASSIGN_OR_RETURN(const ArrayDataPtr data, Convert(column->data(), ToArrowType(type)));
  return arrow::MakeArray(data);
}

}  // namespace weir
