// Flink's words in the text of a query, in DuckDB's. Plain functions of text.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace weir {

inline constexpr std::string_view kAsOfSuffix = "$asof@";

/// Flink's words in DuckDB's: `x` becomes "x"; FOR SYSTEM_TIME AS OF column, of a look-up join,
/// goes. Byte offsets stay the same, but behind a name with quotes in it and behind a FOR SYSTEM_TIME
/// AS OF TIMESTAMP '…': the table in front of it gets kAsOfSuffix and the milliseconds behind its name.
/// Errors  kSqlSyntax  a quote or comment is not closed, not a timestamp
Result<std::string> ToDuckSql(std::string_view sql);

}  // namespace weir
