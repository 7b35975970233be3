// The type that a table's column needs for the values of a query's column, for CREATE TABLE … AS.
//   HUGEINT                 DECIMAL(38, 0), which its larger values do not fit
//   UTINYINT to UBIGINT     the next larger integer, at last DECIMAL(20, 0)
//   UUID, ENUM, BIT         STRING
//   TIMESTAMP_S _MS _NS     TIMESTAMP(0), (3), (9);  TIME  TIME(3)
// The others as duckdb_types.h has them, the other way round.
#pragma once

#include "base/result.h"
#include "record/data_type.h"
#include "sql/duckdb_handles.h"

namespace weir {

/// Errors  kSqlFailed  tables have no such type: INTERVAL, TIME WITH TIME ZONE, UNION
Result<DataType> TableTypeOf(duckdb_logical_type type);

}  // namespace weir
