// Literals of a WHERE clause as values of the column they are compared with: only where it is
// certain that DuckDB compares the same. Plain functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "meta/table_info.h"
#include "record/value.h"
#include "sql/predicate.h"

namespace weir {

std::optional<int64_t> IntegerOf(std::string_view text);

/// Days since 1970 of "2026-01-02".
std::optional<int64_t> DaysOf(std::string_view text);

/// Microseconds since 1970 UTC of "2026-01-02[ 03:04[:05[.678901]]][Z]", or with 'T' in the middle.
std::optional<int64_t> MicrosOf(std::string_view text);

/// The one value of the column's type that equals the literal in DuckDB's eyes; nothing when that
/// is not certain. Bytes are those of `literal`.
std::optional<Value> ValueOf(const Literal& literal, const DataType& type);

/// The column that a condition means, when that is certain: DuckDB ignores case, Weir does not.
std::optional<size_t> ColumnOf(const Schema& schema, const Condition& condition);

}  // namespace weir
