// Some rows of a batch, by their positions in it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"

namespace arrow {
class RecordBatch;
}

namespace weir {

/// rows  ascending, all of the batch
Result<std::shared_ptr<arrow::RecordBatch>> TakeRows(
    const std::shared_ptr<arrow::RecordBatch>& batch, std::span<const int32_t> rows);

}  // namespace weir
