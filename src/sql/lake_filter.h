// What a query's WHERE demands, as a condition that the lake's planner can skip files by. It may demand
// less than the query, never more: DuckDB applies the whole WHERE to what is read.
#pragma once

#include "lake/expression.h"
#include "lake/schema.h"
#include "sql/predicate.h"

namespace weir {

/// Conditions on columns that `schema` does not have, or with literals that are not certain to be
/// compared as DuckDB does, are left out.
iceberg::Expression LakeFilter(const Conditions& conditions, const iceberg::Schema& schema);

}  // namespace weir
