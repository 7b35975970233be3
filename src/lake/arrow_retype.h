// The same values under another type of the same layout: other field names, nullability, uuid for 16 fixed bytes.
// For .cc files only: pulls in Arrow.
#pragma once

#include <arrow/array/data.h>
#include <arrow/type.h>

#include <memory>

#include "base/result.h"

namespace weir::iceberg {

/// Errors  kInvalidTable  the layouts differ
Result<std::shared_ptr<arrow::ArrayData>> Retype(const arrow::ArrayData& data,
                                                 const std::shared_ptr<arrow::DataType>& to);

}  // namespace weir::iceberg
