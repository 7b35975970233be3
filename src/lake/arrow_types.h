// Iceberg schemas as Arrow schemas and back. A field's id travels in its metadata under "PARQUET:field_id", where
// Arrow's Parquet writer and reader keep it.
//
//   iceberg                       arrow (canonical)
//   boolean int long float double bool int32 int64 float double
//   decimal(p,s)                  decimal128(p,s)
//   date, time                    date32, time64[us]
//   timestamp, timestamptz        timestamp[us], timestamp[us, UTC]; the v3 ones in ns
//   string, binary                utf8, binary
//   uuid, fixed[n]                fixed_size_binary[16], fixed_size_binary[n]
//   unknown                       null
//   struct, list, map             struct, list ("element"), map ("key", "value")
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/result.h"
#include "lake/schema.h"

namespace arrow {
class DataType;
class Field;
class Schema;
}  // namespace arrow

namespace weir::iceberg {

/// Errors  kInvalidTable  variant, geometry and geography have no columns here
Result<std::shared_ptr<arrow::DataType>> ToArrow(const Type& type);
Result<std::shared_ptr<arrow::Field>> ToArrow(const Field& field);
Result<std::shared_ptr<arrow::Schema>> ToArrow(const Schema& schema);

/// The id in a field's metadata; nothing when there is none.
std::optional<int32_t> FieldIdOf(const arrow::Field& field);

/// An Iceberg schema out of an Arrow one. A field without an id gets one from a count that starts above the
/// highest id present, in the order of AssignFreshIds.
/// Errors  kInvalidTable  a type that Iceberg does not have
Result<Schema> FromArrow(const arrow::Schema& schema, int32_t schema_id = 0);

}  // namespace weir::iceberg
