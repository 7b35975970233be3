// Arrow columns as DuckDB vectors, without copying what both store alike: the batch's memory lives
// as long as the vectors need it.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "base/result.h"
#include "record/data_type.h"
#include "sql/duckdb_handles.h"

namespace weir {

/// Converts one column of a table. Prepared once per scan and column; const, any thread.
class ArrowColumn {
 public:
  /// connection  any of the instance; must outlive the column
  static Result<std::unique_ptr<ArrowColumn>> Make(duckdb_connection connection,
                                                   const DataType& type);

  /// A batch's column, of ToArrowType(type), in the form that DuckDB imports; mostly the same
  /// memory.
  Result<std::shared_ptr<arrow::ArrayData>> Prepare(const arrow::Array& array) const;

  /// Make `out` show `length` rows of a prepared column from `offset` on.
  Status Fill(const arrow::ArrayData& prepared, int64_t offset, int64_t length,
              duckdb_vector out) const;

 private:
  ArrowColumn(duckdb_connection connection, DataType type)
      : connection_(connection), type_(std::move(type)) {}

  duckdb_connection connection_;
  DataType type_;
  DuckArrowSchema schema_;
};

}  // namespace weir
