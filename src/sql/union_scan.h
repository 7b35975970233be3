// Several scans with the same columns as one: the lake's half of a table and the log's.
#pragma once

#include <memory>
#include <vector>

#include "sql/table_scan.h"

namespace weir {

/// scans  at least one
std::shared_ptr<TableScan> MakeUnionScan(std::vector<std::shared_ptr<TableScan>> scans);

}  // namespace weir
