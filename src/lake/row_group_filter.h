// Which row groups of a file may hold a row that satisfies a condition. For .cc files only: pulls in Parquet headers.
#pragma once

#include <parquet/metadata.h>

#include <span>
#include <vector>

#include "lake/expression.h"
#include "lake/file_columns.h"

namespace weir::iceberg {

/// Numbers of the row groups to read, ascending. May throw (parquet_guard.h).
std::vector<int> RowGroupsFor(const Expression& bound, const parquet::FileMetaData& footer,
                              std::span<const FileColumn> columns);

}  // namespace weir::iceberg
