// Reads one Parquet file as columns of an Iceberg schema: by field id, whatever the file calls its columns, in whatever
// order it has them, and whatever smaller types it was written with. Column projection rules: Iceberg
// specification, "Column Projection" and "Schema Evolution".
//
// Hostile-safe: a damaged file is an error that names it. One thread per reader.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/expression.h"
#include "lake/literal.h"
#include "lake/name_mapping.h"
#include "lake/schema.h"

namespace arrow {
class RecordBatch;
class Schema;
}  // namespace arrow

namespace weir::iceberg {

class FileIo;

struct ParquetReadOptions {
  int64_t batch_rows_max = 32'768;
  /// Size of the file when known; saves a request to an object store.
  std::optional<int64_t> file_bytes;
  /// Bound to the table's schema. Row groups without a row that can satisfy it are skipped; rows are not filtered.
  Expression filter = Expression::True();
  /// Ids for files that have none (schema.name-mapping.default). Without, such a file has no columns of ours.
  std::shared_ptr<const NameMapping> name_mapping;
  /// Columns that the file may lack because they are its partition: field id -> value (nullopt = null).
  std::map<int32_t, std::optional<Literal>> constants;
};

class ParquetReader {
 public:
  virtual ~ParquetReader() = default;

  /// Open a file to read the columns of `projection`, in its order and with its types.
  /// A column that the file does not have is its initial default, or null; a required one without either is an error.
  ///
  /// Errors  kCorruptRecord  not a Parquet file, or damaged
  ///         kInvalidTable   a column whose type cannot become the projection's; a required column is missing
  ///         those of FileIo
  static Result<std::unique_ptr<ParquetReader>> Open(FileIo& io, const std::string& location,
                                                     const Schema& projection,
                                                     ParquetReadOptions options = {});

  /// The Arrow form of the projection (arrow_types.h).
  virtual const std::shared_ptr<arrow::Schema>& schema() const = 0;

  /// The next rows, at least one and at most batch_rows_max; null at the end.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> Next() = 0;

  /// Position in the file of the first row of the batch that Next() returned last. Rows of a batch are consecutive.
  virtual int64_t position() const = 0;

  /// Rows of the whole file, skipped row groups included.
  virtual int64_t file_rows() const = 0;
};

}  // namespace weir::iceberg
