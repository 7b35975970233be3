// Keys of Iceberg tables: the bytes whose murmur hash is Iceberg's bucket transform. Internal to
// record/. Java: org.apache.fluss.row.encode.iceberg. Bytes: docs/formats/keys.md.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "record/field_code.h"
#include "record/value.h"

namespace weir {

bool IsIcebergKeyType(const DataType& type);

/// Append the key of one value that fits its plan.
Status AppendIcebergKey(const FieldPlan& plan, const Value& value, std::string& out);

/// Errors  kCorruptRecord  the bytes are not a key of this type
Result<Value> ParseIcebergKey(const FieldPlan& plan, BytesView key);

}  // namespace weir
