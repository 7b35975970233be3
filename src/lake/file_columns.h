// The columns of a data file with their field ids, from the file itself or, when it has none, from a name mapping;
// and which of them a projection needs. For .cc files only: pulls in Arrow.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "lake/name_mapping.h"
#include "lake/type.h"

namespace weir::iceberg {

struct FileColumn {
  std::shared_ptr<arrow::Field> field;
  std::optional<int32_t> id;
  int first_leaf = 0;  // leaves are counted through the whole file, as Parquet counts its columns
  int leaves = 0;
  std::vector<FileColumn> children;  // of a struct; the element of a list; key and value of a map
};

/// `mapping` may be null.
std::vector<FileColumn> ColumnsOf(const arrow::Schema& schema, const NameMapping* mapping);

/// The column of a field id, or null.
const FileColumn* FindColumn(std::span<const FileColumn> columns, int32_t id);

/// The leaves to read for `wanted`, ascending. A struct of which no wanted field is there costs one leaf, which says
/// where it is null.
std::vector<int> LeavesFor(std::span<const Field> wanted, std::span<const FileColumn> columns);

}  // namespace weir::iceberg
