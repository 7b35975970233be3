// Partitions by time: which value belongs to an instant, which exist ahead, which are past their
// retention. Pure functions of the table's settings and a time; the catalog acts on them. Source:
// Fluss 545c5539 AutoPartitionManager, PartitionUtils.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "meta/table_info.h"

namespace weir {

/// The partition that the lake's expired partitions are looked up through; never expires, hidden in
/// listings.
inline constexpr std::string_view kHistoricalPartition = "__historical__";

/// A pattern of java.time.format.DateTimeFormatter, restricted to fixed-width number fields.
class PartitionTimeFormat {
 public:
  /// The table's own pattern, or the unit's: yyyy, yyyyQ, yyyyMM, yyyyMMdd, yyyyMMddHH.
  /// Errors  kInvalidTable  fields missing, out of order or of another width; optional sections; a
  /// value that
  ///                        could not be a partition name
  static Result<PartitionTimeFormat> Of(const AutoPartitionConfig& config);

  const std::string& pattern() const { return pattern_; }

  /// The partition value of a local time.
  std::string Format(int64_t local_seconds) const;

  /// Whether Format could have made `value`.
  bool Matches(std::string_view value) const;

 private:
  struct Piece {
    char field = 0;  // y Q M d H, or 0 for a literal
    std::string literal;
  };
  std::string pattern_;
  std::vector<Piece> pieces_;
};

/// The value of the partition `units` after (before, if negative) the one that holds `now_ms`.
/// Errors  kInvalidTable  unknown time zone or a bad pattern
Result<std::string> PartitionTimeAt(const AutoPartitionConfig& config, int64_t now_ms,
                                    int32_t units);

/// Which part of a partition's name is the time: the position of the auto key among the partition
/// keys.
size_t AutoPartitionKeyIndex(const TableInfo& table);

struct AutoPartitionPlan {
  std::vector<std::string> create;  // partition names
  std::vector<std::string> drop;
};

/// What has to be done for `table` now.
/// create_at_ms  the instant whose partitions must exist; may lie behind `now_ms` to spread load
/// over the day create_max    stop planning after this many new ones
Result<AutoPartitionPlan> PlanAutoPartitions(const TableInfo& table, int64_t now_ms,
                                             int64_t create_at_ms, size_t create_max);

/// How long after midnight a table's next daily partition is made: 0 to 23 hours, different per
/// table.
int64_t DailyPartitionDelayMs(TableId table);

/// For CREATE_PARTITION: the time part must fit the format and not be past its retention.
/// Errors  kPartitionSpecInvalid
Status CheckPartitionTime(const AutoPartitionConfig& config, std::string_view value,
                          int64_t now_ms);

}  // namespace weir
