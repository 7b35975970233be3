// Weir's types as DuckDB's, and single values in and out of its vectors.
//   Weir                      DuckDB
//   CHAR STRING               VARCHAR
//   BINARY BYTES              BLOB
//   TIME(p)                   TIME
//   TIMESTAMP(p)              TIMESTAMP, from p = 7 on TIMESTAMP_NS
//   TIMESTAMP_LTZ(p)          TIMESTAMP WITH TIME ZONE; digits below a microsecond are cut off
//   ARRAY MAP ROW             LIST MAP STRUCT
// The others have the same names on both sides.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "record/data_type.h"
#include "record/value.h"
#include "sql/duckdb_handles.h"

namespace weir {

/// Names as DuckDB must see them, which ignores case: of those that are alike but for their case, the
/// first stays and the others become name_1, name_2, whatever no other has.
std::vector<std::string> DistinctNames(std::vector<std::string> names);

DuckType ToDuckType(const DataType& type);

/// The type's name in DuckDB's SQL, for casts: "STRUCT(\"a\" INTEGER)".
std::string DuckTypeName(const DataType& type);

/// Set row `row` of a flat vector made for `type`.
/// Errors  kCorruptRecord  nested bytes are damaged, text is not UTF-8
Status WriteValue(duckdb_vector vector, idx_t row, const DataType& type, const Value& value);

/// Read values of a result whose column types are ToDuckType(type). Encoded nested values live in
/// `arena`, strings in the vector's chunk.
/// Errors  kSqlFailed  a value is longer than BINARY(n), a null in a value where its type has none
Result<Value> ReadValue(duckdb_vector vector, idx_t row, const DataType& type,
                        RowFormat nested_format, std::deque<std::string>& arena);

}  // namespace weir
