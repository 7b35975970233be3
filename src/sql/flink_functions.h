// Functions of Flink SQL that DuckDB lacks or means differently, as macros of the shared database:
// the statements of a Flink script then run as they are. The list is in docs/sql.md.
//   PROCTIME()              the time of the statement
//   FROM_UNIXTIME(s)        seconds since 1970 as text, in UTC
//   TO_TIMESTAMP(text)      a TIMESTAMP; NULL where the text is none, as Flink has it
//   TO_TIMESTAMP(number)    DuckDB's own: TIMESTAMP WITH TIME ZONE
//   TO_TIMESTAMP_LTZ(n, p)  p 0: seconds, 3: milliseconds
//   UNIX_TIMESTAMP([text])  seconds since 1970
#pragma once

#include <span>

namespace weir {

/// CREATE MACRO statements.
std::span<const char* const> FlinkFunctions();

}  // namespace weir
