// Rows that are in memory as a scan: what `table$snapshots` and its like show.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "sql/table_scan.h"

namespace weir {

/// Null; an integer, or the ms of a timestamp; text.
using Cell = std::variant<std::monostate, int64_t, std::string>;
using CellRow = std::vector<Cell>;

std::shared_ptr<TableScan> MakeRowsScan(std::vector<ScanColumn> columns, std::vector<CellRow> rows);

}  // namespace weir
