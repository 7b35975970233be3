// A number for the values of a row, the same whichever way its columns came here: out of a log batch, a Parquet file or
// a stored row. Rows are compared and counted by it; sums of it do not depend on the rows' order.
// Nothing stores it. Plain object, one thread.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace weir {

class RowHash {
 public:
  /// The columns that count, by their names in every batch.
  explicit RowHash(std::vector<std::string> columns) : columns_(std::move(columns)) {}

  /// One number per row of `batch`. A column that the batch lacks counts as null.
  /// Errors  kInvalidTable  a column has a type that lake tables do not have
  Result<std::vector<uint64_t>> Of(const arrow::RecordBatch& batch) const;

 private:
  const std::vector<std::string> columns_;
};

}  // namespace weir
