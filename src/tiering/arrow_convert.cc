#include "tiering/arrow_convert.h"

#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/type.h>

namespace weir {
namespace {

Failure NoConversion(const arrow::DataType& from, const arrow::DataType& to) {
  return Fail(ErrorCode::kInvalidTable, "a column of type {} cannot go to the lake as {}",
              from.ToString(), to.ToString());
}

Result<std::shared_ptr<arrow::ArrayData>> CastData(const std::shared_ptr<arrow::ArrayData>& data,
                                                   const std::shared_ptr<arrow::DataType>& type) {
  arrow::compute::CastOptions options;
  options.allow_time_truncate = true;
  auto cast = arrow::compute::Cast(arrow::Datum(data), type, options);
  if (!cast.ok()) return NoConversion(*data->type, *type);
  return cast->array();
}

/// The same bytes under another type.
std::shared_ptr<arrow::ArrayData> Relabel(const std::shared_ptr<arrow::ArrayData>& data,
                                          const std::shared_ptr<arrow::DataType>& type) {
  if (data->type.get() == type.get()) return data;
  auto out = data->Copy();
  out->type = type;
  return out;
}

Result<std::shared_ptr<arrow::ArrayData>> Convert(const std::shared_ptr<arrow::ArrayData>& data,
                                                  const std::shared_ptr<arrow::DataType>& type) {
  const arrow::DataType& from = *data->type;
  if (from.Equals(*type, /*check_metadata=*/false)) return Relabel(data, type);
  if (from.id() == arrow::Type::TIMESTAMP && type->id() == arrow::Type::TIMESTAMP) {
    const auto unit = static_cast<const arrow::TimestampType&>(*type).unit();
    ASSIGN_OR_RETURN(const auto cast, CastData(data, arrow::timestamp(unit)));
    return Relabel(cast, type);
  }
  if (from.id() != type->id()) return CastData(data, type);
  if (!arrow::is_nested(from.id())) {
    if (from.id() == arrow::Type::FIXED_SIZE_BINARY) return NoConversion(from, *type);
    return CastData(data, type);
  }
  if (data->child_data.size() != static_cast<size_t>(type->num_fields()))
    return NoConversion(from, *type);
  auto out = data->Copy();
  out->type = type;
  for (size_t i = 0; i < out->child_data.size(); ++i) {
    ASSIGN_OR_RETURN(out->child_data[i],
                     Convert(data->child_data[i], type->field(static_cast<int>(i))->type()));
  }
  return out;
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> ConvertColumn(const std::shared_ptr<arrow::Array>& column,
                                                    const std::shared_ptr<arrow::DataType>& type) {
  ASSIGN_OR_RETURN(const auto data, Convert(column->data(), type));
  return arrow::MakeArray(data);
}

}  // namespace weir
