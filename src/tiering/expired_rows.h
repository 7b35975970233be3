// Rows of log tables that no lake will ever have: they had expired before tiering came to them, because it was asked
// for late or was off for long. Noted when a round meets the gap, so that a check of the lake knows where it lawfully
// begins. Key `lake-expired/<table>` (docs/formats/lake_offsets.md).
// Thread: any; one writer per table at a time.
#pragma once

#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "meta/table_info.h"

namespace weir {

class Store;
class Transaction;

/// Offsets [from, to) of a bucket.
struct ExpiredRows {
  TableBucket bucket;
  Offset from = 0;
  Offset to = 0;

  friend bool operator==(const ExpiredRows&, const ExpiredRows&) = default;
};

/// In the order in which they were noted; a bucket's stretches do not overlap.
std::vector<ExpiredRows> FindExpiredRows(const Store& store, TableId table);

/// Note those of `rows` that are not noted yet; a stretch that has grown takes the place of the old one. Partitions
/// that are gone are forgotten. Returns what is new.  Durable  on return
/// Errors  kCommitConflict  the table was dropped
Result<std::vector<ExpiredRows>> AddExpiredRows(Store& store, const TableInfo& table,
                                                const std::vector<ExpiredRows>& rows);

void ForgetExpiredRows(TableId table, Transaction& transaction);

/// How many of the offsets [from, to) of a bucket have expired.
int64_t CountExpired(const std::vector<ExpiredRows>& expired, const TableBucket& bucket,
                     Offset from, Offset to);

}  // namespace weir
