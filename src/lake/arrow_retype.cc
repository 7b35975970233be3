#include "lake/arrow_retype.h"

#include <arrow/extension_type.h>

namespace weir::iceberg {
namespace {

const arrow::DataType& StorageOf(const arrow::DataType& type) {
  if (type.id() != arrow::Type::EXTENSION) return type;
  return *static_cast<const arrow::ExtensionType&>(type).storage_type();
}

}  // namespace

Result<std::shared_ptr<arrow::ArrayData>> Retype(const arrow::ArrayData& data,
                                                 const std::shared_ptr<arrow::DataType>& to) {
  const arrow::DataType& from = StorageOf(*data.type);
  const arrow::DataType& target = StorageOf(*to);
  const bool nested = target.num_fields() > 0;
  if (from.id() != target.id() || from.num_fields() != target.num_fields() ||
      (!nested && !from.Equals(target))) {
    return Fail(ErrorCode::kInvalidTable, "a column has another type: wanted={} given={}",
                to->ToString(), data.type->ToString());
  }
  auto made = std::make_shared<arrow::ArrayData>(data);
  made->type = to;
  for (size_t i = 0; i < made->child_data.size(); ++i) {
    ASSIGN_OR_RETURN(made->child_data[i],
                     Retype(*data.child_data[i], target.field(static_cast<int>(i))->type()));
  }
  return made;
}

}  // namespace weir::iceberg
