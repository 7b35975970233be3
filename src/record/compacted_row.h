// COMPACTED rows, the default of KV tables: null bits, then the fields that are not null, back to
// back. Bytes: docs/formats/rows.md. Java: org.apache.fluss.row.compacted. Used through
// record/row_format.h.
#pragma once

#include <span>
#include <string>

#include "base/bytes.h"
#include "base/endian.h"
#include "base/result.h"
#include "base/varint.h"
#include "record/field_code.h"
#include "record/value.h"

namespace weir {

/// Errors  kCorruptRecord  the row ends early, has bytes left over, or a length or number is
/// impossible
Status DecodeCompactedRow(BytesView row, std::span<const FieldPlan> plans, std::span<Value> out);

/// Append a row. Errors as RowEncoder::Encode.
Status EncodeCompactedRow(std::span<const Value> row, std::span<const FieldPlan> plans,
                          std::string& out);

/// Read one field that is not null; return the byte after it, or nullptr when the bytes are not
/// such a field.
const char* DecodeCompactedField(const FieldPlan& plan, const char* at, const char* end,
                                 Value& out);

/// Append one field that is not null.
Status EncodeCompactedField(const FieldPlan& plan, const Value& value, std::string& out);

}  // namespace weir
