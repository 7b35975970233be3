// Bucket keys of Hudi tables: Java's List.hashCode over the columns as text. Internal to record/.
// Java: org.apache.fluss.row.encode.hudi.HudiKeyEncoder. Bytes: docs/formats/keys.md.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "record/field_code.h"
#include "record/value.h"

namespace weir {

bool IsHudiKeyType(const DataType& type);

/// Append the 4 bytes of the key. Null columns are allowed, as in Hudi.
/// Errors  kCorruptRecord  a value of several columns holds a comma or one of Hudi's placeholders
Status AppendHudiKey(std::span<const FieldPlan> plans, std::span<const Value> key,
                     std::string& out);

}  // namespace weir
