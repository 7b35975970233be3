// Equality deletes: rows of values; a data row that has the same values in the same columns is gone. Read only: nothing
// here ever writes them. Source: Iceberg specification, "Equality Delete Files".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "lake/data_file.h"
#include "lake/schema.h"

namespace arrow {
class Array;
}

namespace weir::iceberg {

class FileIo;

/// Values of some columns as bytes that are equal when the values are: null equals null, NaN equals NaN, zero equals
/// minus zero.
class RowKeys {
 public:
  /// Columns in the form of arrow_types.h; primitives only.
  explicit RowKeys(std::vector<std::shared_ptr<arrow::Array>> columns);
  ~RowKeys();
  /// The key of a row, valid until the next call.
  const std::string& Of(int64_t row);

 private:
  std::vector<std::shared_ptr<arrow::Array>> columns_;
  std::string key_;
};

struct DeletedKeys {
  std::vector<Field> columns;  // ascending by id
  std::unordered_set<std::string> keys;
  int64_t memory_bytes = 0;
};

/// `schema` names the columns of file.equality_ids with the types that readers of the data use.
/// Errors  kUnsupportedVersion  nested columns, or a file that is not Parquet
///         kRecordTooLarge      more than `memory_bytes_max`
///         kCorruptRecord, kInvalidTable and those of FileIo
Result<DeletedKeys> ReadEqualityDeletes(FileIo& io, const DataFile& file, const Schema& schema,
                                        int64_t memory_bytes_max);

}  // namespace weir::iceberg
