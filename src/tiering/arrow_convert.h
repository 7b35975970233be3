// Columns of log batches with the types that lake files have: same values, Iceberg's widths, units and time zones.
#pragma once

#include <memory>

#include "base/result.h"

namespace arrow {
class Array;
class DataType;
}  // namespace arrow

namespace weir {

/// `column` as `type`: smaller integers widened, times in microseconds (finer ones cut), time zones set, nested types
/// at every level. Without a copy when only names differ.
/// Errors  kInvalidTable  there is no such conversion
Result<std::shared_ptr<arrow::Array>> ConvertColumn(const std::shared_ptr<arrow::Array>& column,
                                                    const std::shared_ptr<arrow::DataType>& type);

}  // namespace weir
