// Literals as Arrow values. For .cc files only: pulls in Arrow.
#pragma once

#include <arrow/array/array_base.h>
#include <arrow/scalar.h>

#include <memory>
#include <optional>

#include "base/result.h"
#include "lake/literal.h"

namespace weir::iceberg {

/// In the literal's type as arrow_types.h has it. Errors: kInvalidTable for a type without a form there.
Result<std::shared_ptr<arrow::Scalar>> ToArrow(const Literal& literal);

/// `rows` times the same value, or null.
Result<std::shared_ptr<arrow::Array>> Repeat(const std::optional<Literal>& literal,
                                             const Type& type, int64_t rows);

}  // namespace weir::iceberg
