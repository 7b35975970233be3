// Scans of logs: the rows of a log table, and the changes of any table (`table$changelog`), up to
// the high watermarks taken when the query began.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "meta/table_info.h"
#include "sql/buckets.h"
#include "sql/duckdb_handles.h"
#include "sql/table_scan.h"

namespace weir {

/// Which batches a scan wants, by their commit timestamps; both ends count.
struct CommitTimes {
  int64_t first_ms = INT64_MIN;
  int64_t last_ms = INT64_MAX;
};

/// A bucket's part of a log scan.
struct LogPart {
  TableBucket bucket;
  LogRange range;
  CommitTimes times;
};

enum class LogColumns {
  kRows,       // the table's columns
  kChangelog,  // _change_type, _log_offset, _commit_timestamp, then the table's columns
};

/// connection  of the instance that will read; must outlive the scan
std::shared_ptr<TableScan> MakeLogScan(TableRef table, std::vector<LogPart> parts,
                                       LogColumns columns, SqlBuckets& buckets,
                                       duckdb_connection connection);

}  // namespace weir
