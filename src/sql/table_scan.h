// The rows of one table reference at one moment, cut into parts that DuckDB's threads read side by
// side.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "record/data_type.h"
#include "sql/duckdb_api.h"
#include "sql/scan_counts.h"

namespace weir {

struct ScanColumn {
  std::string name;
  DataType type;
};

/// One part's rows. One thread at a time.
class ScanPart {
 public:
  virtual ~ScanPart() = default;
  /// Fill `out`, an empty chunk with one vector per projected column, and set its size.
  /// Returns false, and size 0, when the part has no more rows.
  virtual Result<bool> Next(duckdb_data_chunk out) = 0;
};

/// Immutable once made; Open may be called by several threads.
class TableScan {
 public:
  virtual ~TableScan() = default;
  virtual std::span<const ScanColumn> columns() const = 0;
  /// About how many rows all parts have together.
  virtual int64_t rows_estimate() const = 0;
  virtual size_t part_count() const = 0;
  /// projection  positions in columns(), in the order of the output's vectors; kNoColumn: leave
  /// that vector alone
  virtual Result<std::unique_ptr<ScanPart>> Open(size_t part, std::span<const int> projection) = 0;

  /// What was read so far. Parts must not outlive the scan.
  ScanCounts& counts() { return counts_; }
  virtual void AddCounts(ScanCounts& sum) const {
    sum.hot_rows += counts_.hot_rows;
    sum.hot_bytes += counts_.hot_bytes;
    sum.cold_rows += counts_.cold_rows;
    sum.cold_bytes += counts_.cold_bytes;
    sum.files += counts_.files;
    sum.files_skipped += counts_.files_skipped;
    sum.manifests_skipped += counts_.manifests_skipped;
  }

 private:
  ScanCounts counts_;
};

inline constexpr int kNoColumn = -1;

/// Rows per chunk.
inline constexpr size_t kChunkRows = 2048;

}  // namespace weir
