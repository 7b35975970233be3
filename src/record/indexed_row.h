// INDEXED rows: null bits, a table of the lengths of variable fields, then the fields that are not
// null. Bytes: docs/formats/rows.md. Java: org.apache.fluss.row.indexed. Used through
// record/row_format.h.
#pragma once

#include <span>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "record/field_code.h"
#include "record/value.h"

namespace weir {

/// Errors  kCorruptRecord  the row ends early, has bytes left over, or a length or number is
/// impossible
Status DecodeIndexedRow(BytesView row, std::span<const FieldPlan> plans, std::span<Value> out);

/// Append a row. Errors as RowEncoder::Encode; also kCorruptRecord for a CHAR(n) or BINARY(n)
/// longer than n bytes.
Status EncodeIndexedRow(std::span<const Value> row, std::span<const FieldPlan> plans,
                        std::string& out);

}  // namespace weir
