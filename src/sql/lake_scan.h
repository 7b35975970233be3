// Scans of lake tables at one snapshot: its data files without the rows that its delete files take
// away, one part per file, without the files that cannot hold a row of interest.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lake/table_catalog.h"
#include "sql/duckdb_handles.h"
#include "sql/predicate.h"
#include "sql/table_scan.h"

namespace weir {

/// Where a column of the scan comes from.
struct LakeColumn {
  ScanColumn column;
  std::optional<int32_t> field_id;    // of the lake table; nothing: it has no such column
  std::optional<std::string> always;  // instead: this text in every row
};

struct LakeView {
  std::shared_ptr<const iceberg::TableMetadata> table;
  int64_t snapshot_id = 0;
  std::vector<LakeColumn> columns;
};

/// All columns of the lake table as they were at the snapshot, in order, system columns among them.
/// Errors  kUnsupportedVersion  a column's type cannot be read here
Result<std::vector<LakeColumn>> AllLakeColumns(const iceberg::TableMetadata& table,
                                               const iceberg::Snapshot& snapshot);

/// Plan the scan: reads manifests, not data.
///
/// conditions  what the query demands, by the names of the lake's columns
/// connection  of the instance that will read; must outlive the scan, as `files`
Result<std::shared_ptr<TableScan>> MakeLakeScan(iceberg::FileIo& files, LakeView view,
                                                const Conditions& conditions,
                                                duckdb_connection connection);

}  // namespace weir
