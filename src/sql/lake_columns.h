// Columns of lake tables as columns of queries. Iceberg has fewer types than Weir: a tiered table's columns come
// back with the types of the Fluss table, those of other tables with these:
//   boolean int long float double decimal date string      the same
//   time  timestamp  timestamptz                           TIME(6) TIMESTAMP(6) TIMESTAMP_LTZ(6); in ns: (9)
//   binary  fixed[n]  uuid                                 BYTES BINARY(n) BINARY(16)
//   list map struct                                        ARRAY MAP ROW
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "base/result.h"
#include "lake/type.h"
#include "record/data_type.h"

namespace weir {

/// Errors  kUnsupportedVersion  variant, geometry, geography and unknown have no columns here
Result<DataType> DataTypeOf(const iceberg::Type& type);

/// `column`, as the lake's readers give it, as ToArrowType(type).
/// Errors  kInvalidTable  a value does not fit
Result<std::shared_ptr<arrow::Array>> ToTableColumn(const std::shared_ptr<arrow::Array>& column,
                                                    const DataType& type);

}  // namespace weir
