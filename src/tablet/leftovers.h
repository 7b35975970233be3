// Folders of tables and partitions that are not in the catalog any more: a crash came after the drop and before they
// were put away. Found at start, by the number at the end of their names.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "io/file.h"
#include "meta/table_info.h"

namespace weir {

/// What the catalog knew at start.
struct KnownTables {
  std::function<std::shared_ptr<const TableInfo>(const TableBucket&)> find_table;
  /// Numbers below these were given out: without its table or partition such a folder was dropped. What has a
  /// higher one nobody here made; it is left alone.
  TableId tables_end;
  PartitionId partitions_end;
};

/// Folders below `data_directory` of what was dropped, relative to it. Unknown ones are named in the log.
std::vector<std::string> FindLeftovers(FileSystem& files, const std::string& data_directory,
                                       const KnownTables& known);

}  // namespace weir
