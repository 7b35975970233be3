#include "tiering/take_rows.h"

#include <arrow/array.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>

namespace weir {

Result<std::shared_ptr<arrow::RecordBatch>> TakeRows(
    const std::shared_ptr<arrow::RecordBatch>& batch, std::span<const int32_t> rows) {
  if (static_cast<int64_t>(rows.size()) == batch->num_rows()) return batch;
  const auto bytes = arrow::Buffer::Wrap(rows.data(), rows.size());
  const arrow::Int32Array indices(static_cast<int64_t>(rows.size()), bytes);
  const auto taken = arrow::compute::Take(arrow::Datum(batch), arrow::Datum(indices.data()),
                                          arrow::compute::TakeOptions::NoBoundsCheck());
  if (!taken.ok())
    return Fail(ErrorCode::kUnknownServerError, "arrow: {}", taken.status().message());
  return taken->record_batch();
}

}  // namespace weir
