// Rows as a file has them to rows as a schema of the table wants them: columns by id, promoted types, defaults for
// what the file lacks. For .cc files only: pulls in Arrow.
// Source: Iceberg specification, "Column Projection", "Schema Evolution".
#pragma once

#include <arrow/array/array_base.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>

#include "base/result.h"
#include "lake/file_columns.h"
#include "lake/literal.h"

namespace weir::iceberg {

/// Field id -> value of columns that a file may lack.
using Constants = std::map<int32_t, std::optional<Literal>>;

/// Say early whether Project can succeed.
/// Errors  kInvalidTable  a column cannot become the wanted type, or a required one is missing and has no default
Status CheckProjection(std::span<const Field> wanted, std::span<const FileColumn> columns,
                       const Constants& constants);

/// The wanted columns, in order, each of `rows` values. `arrays` belong to `columns`, one to one.
/// Errors  as CheckProjection;  kCorruptRecord  a value that does not fit the wanted type
Result<arrow::ArrayVector> Project(std::span<const Field> wanted,
                                   std::span<const FileColumn> columns,
                                   std::span<const std::shared_ptr<arrow::Array>> arrays,
                                   const Constants& constants, int64_t rows);

}  // namespace weir::iceberg
