// Scans of primary-key tables: the whole state at one moment, or just the rows of some keys.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "meta/table_info.h"
#include "sql/buckets.h"
#include "sql/table_scan.h"

namespace weir {

/// Whether pages are kept for a second reader: a query that names a table twice must see the same
/// state twice.
enum class KeepPages { kNo, kYes };

/// Fix the state of all `parts` now.
Result<std::shared_ptr<TableScan>> MakeKvScan(TableRef table, std::vector<TableBucket> parts,
                                              KeepPages keep, SqlBuckets& buckets);

/// A key to look up and the bucket it belongs to.
struct KeyedBucket {
  TableBucket bucket;
  std::string key;
};

/// Look the keys up now; the scan has the rows that were found.
Result<std::shared_ptr<TableScan>> MakeLookupScan(TableRef table,
                                                  const std::vector<KeyedBucket>& keys,
                                                  SqlBuckets& buckets);

}  // namespace weir
