#include "sql/flink_functions.h"

#include <array>

namespace weir {
namespace {

// Five-digit years, which milliseconds taken for seconds make, are no timestamps in Flink.
constexpr std::array kFunctions = {
    "CREATE MACRO proctime() AS current_timestamp",
    "CREATE MACRO from_unixtime(s) AS "
    "strftime(make_timestamp(CAST(s AS BIGINT) * 1000000), '%Y-%m-%d %H:%M:%S')",
    "CREATE MACRO to_timestamp(s VARCHAR) AS "
    "TRY_CAST(CASE WHEN s[5] = '-' AND length(s) <= 29 THEN s END AS TIMESTAMP), "
    "(s DOUBLE) AS make_timestamptz(CAST(s * 1000000 AS BIGINT))",
    "CREATE MACRO to_timestamp_ltz(n, p) AS make_timestamptz(CAST(n AS BIGINT) * "
    "CASE p WHEN 0 THEN 1000000 WHEN 3 THEN 1000 END)",
    "CREATE MACRO unix_timestamp() AS CAST(floor(epoch(current_timestamp)) AS BIGINT), "
    "(s) AS CAST(floor(epoch(TRY_CAST(s AS TIMESTAMP))) AS BIGINT)",
};

}  // namespace

std::span<const char* const> FlinkFunctions() { return kFunctions; }

}  // namespace weir
