// What can be read about a table in the lake: `table$snapshots`, `table$files`, `table$options`.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "lake/table_catalog.h"
#include "sql/table_scan.h"

namespace weir {

/// One row per snapshot, oldest first.
std::shared_ptr<TableScan> MakeSnapshotsScan(const iceberg::TableMetadata& table);

/// One row per live file of the current snapshot, delete files among them.
Result<std::shared_ptr<TableScan>> MakeFilesScan(iceberg::FileIo& files,
                                                 const iceberg::TableMetadata& table);

/// Key and value; values of secret keys are hidden.
std::shared_ptr<TableScan> MakeOptionsScan(
    const std::map<std::string, std::string, std::less<>>& options);

/// Whether a key's value must not be shown to anybody.
bool IsSecretKey(std::string_view key);

}  // namespace weir
