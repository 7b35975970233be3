#include "lake/arrow_scalar.h"

#include <arrow/array/util.h>
#include <arrow/util/decimal.h>

#include "lake/arrow_error.h"
#include "lake/arrow_types.h"

namespace weir::iceberg {

Result<std::shared_ptr<arrow::Scalar>> ToArrow(const Literal& literal) {
  ASSIGN_OR_RETURN(const auto type, ToArrow(literal.type()));
  switch (literal.type().id) {
    case TypeId::kBoolean:
      return std::make_shared<arrow::BooleanScalar>(literal.get<bool>());
    case TypeId::kInt:
      return std::make_shared<arrow::Int32Scalar>(literal.get<int32_t>());
    case TypeId::kDate:
      return std::make_shared<arrow::Date32Scalar>(literal.get<int32_t>());
    case TypeId::kLong:
      return std::make_shared<arrow::Int64Scalar>(literal.get<int64_t>());
    case TypeId::kTime:
      return std::make_shared<arrow::Time64Scalar>(literal.get<int64_t>(), type);
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return std::make_shared<arrow::TimestampScalar>(literal.get<int64_t>(), type);
    case TypeId::kFloat:
      return std::make_shared<arrow::FloatScalar>(literal.get<float>());
    case TypeId::kDouble:
      return std::make_shared<arrow::DoubleScalar>(literal.get<double>());
    case TypeId::kDecimal: {
      const Int128 value = literal.get<Int128>();
      const arrow::Decimal128 decimal(static_cast<int64_t>(value >> 64),
                                      static_cast<uint64_t>(value));
      return std::make_shared<arrow::Decimal128Scalar>(decimal, type);
    }
    case TypeId::kString:
      return std::make_shared<arrow::StringScalar>(literal.get<std::string>());
    case TypeId::kBinary:
      return std::make_shared<arrow::BinaryScalar>(
          arrow::Buffer::FromString(literal.get<std::string>()));
    case TypeId::kUuid:
    case TypeId::kFixed:
      return std::make_shared<arrow::FixedSizeBinaryScalar>(
          arrow::Buffer::FromString(literal.get<std::string>()), type);
    default:
      return Fail(ErrorCode::kInvalidTable, "a literal has no column form: type={}",
                  literal.type().ToString());
  }
}

Result<std::shared_ptr<arrow::Array>> Repeat(const std::optional<Literal>& literal,
                                             const Type& type, int64_t rows) {
  if (literal) {
    ASSIGN_OR_RETURN(const auto scalar, ToArrow(*literal));
    ASSIGN_OR_RETURN_ARROW(auto array, arrow::MakeArrayFromScalar(*scalar, rows),
                           "cannot make a column", "");
    return array;
  }
  ASSIGN_OR_RETURN(const auto arrow_type, ToArrow(type));
  ASSIGN_OR_RETURN_ARROW(auto array, arrow::MakeArrayOfNull(arrow_type, rows),
                         "cannot make a column", "");
  return array;
}

}  // namespace weir::iceberg
