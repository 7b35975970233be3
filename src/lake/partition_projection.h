// A condition on rows as a condition on their partition's values: inclusive, so every partition that holds a row
// that satisfies the first satisfies the second. Source: Iceberg specification, "Scan Planning".
#pragma once

#include "lake/expression.h"
#include "lake/partition_spec.h"

namespace weir::iceberg {

/// `bound` has columns' field ids; in the result field_id is the position in the partition tuple.
Expression ProjectOnPartition(const Expression& bound, const PartitionSpec& spec);

}  // namespace weir::iceberg
