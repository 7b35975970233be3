// Proof that a table's lake and its log hold every row exactly once.
//
//   log tables          each offset of each bucket below the covered one is in the lake once and none above it; each
//                       offset from there to the high watermark is in the log; rows that both still have are equal.
//                       But for offsets that had expired before tiering came to them
//   primary-key tables  per key: the lake's rows with the log's tail applied are the rows of the key-value state
//
// Counts and sums of row hashes are compared, and what differs is named. Reads everything; changes nothing. The
// layout without system columns has no offsets in the lake: its log tables are compared as bags of rows, as far back
// as the log goes. INV-5, INV-6.
// Thread: any that may block.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/table_catalog.h"
#include "meta/table_info.h"
#include "tiering/bucket_logs.h"
#include "tiering/kv_states.h"

namespace weir {

class LakeSnapshots;
class Store;

struct VerifyFinding {
  enum class Kind : uint8_t {
    kMissing,     // a row that must be there is not
    kDuplicated,  // it is there more than once
    kAltered,     // it is there with other values
    kUnexpected,  // a row that should not be there
    kUnreadable,  // a file or a part of the log cannot be read
  };
  Kind kind = Kind::kMissing;
  std::string partition;  // empty: not partitioned
  BucketId bucket = -1;   // -1: no single one
  std::string where;      // "offset 17", "offsets [17,30)", "key id=5", a file
  std::string detail;
};
std::string_view Name(VerifyFinding::Kind kind);

struct VerifyReport {
  int64_t lake_snapshot_id = -1;  // -1: nothing is in the lake yet
  int64_t lake_rows = 0;
  uint64_t lake_hash = 0;  // sum of row hashes
  int64_t log_rows = 0;    // of the tail, beyond the lake
  uint64_t log_hash = 0;
  int64_t compared_rows = 0;  // whose values were seen in both places
  int64_t state_rows = 0;     // primary-key tables
  int64_t expired_rows = 0;  // log tables: had expired before tiering came to them (expired_rows.h)
  int64_t finding_count = 0;
  bool has_unreadable = false;          // one of the findings, also of those not listed
  std::vector<VerifyFinding> findings;  // the first VerifyLimits::findings_max

  bool clean() const { return finding_count == 0; }
};

/// One line of JSON (docs/formats/verify_report.md).
std::string ToJsonText(const VerifyReport& report, std::string_view table);

struct VerifyLimits {
  int64_t findings_max = 100;
  /// Offsets of a log, or keys, held in memory at a time.
  int64_t rows_in_memory_max = 2'000'000;
};

struct VerifyRequest {
  TableRef table;
  iceberg::TableCatalog* catalog = nullptr;
  const LakeSnapshots* snapshots = nullptr;
  const Store* store = nullptr;  // of both
  BucketLogs* logs = nullptr;
  KvStates* states = nullptr;
  VerifyLimits limits = {};
};

/// Errors  kLakeStorageNotConfigured  the table has no lake;  others: the check itself failed and says nothing
Result<VerifyReport> VerifyTable(const VerifyRequest& request);

}  // namespace weir
