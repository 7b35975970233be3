// ALIGNED rows: Flink's and Paimon's BinaryRow. Keys of Paimon tables and bounds in batch
// statistics. Bytes: docs/formats/rows.md. Java: org.apache.fluss.row.aligned. Used through
// record/row_format.h.
#pragma once

#include <span>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "record/field_code.h"
#include "record/value.h"

namespace weir {

/// Errors  kCorruptRecord  shorter than its slots, or a slot points outside
Status DecodeAlignedRow(BytesView row, std::span<const FieldPlan> plans, std::span<Value> out);

/// Append a row of row kind 0 (insert). Errors as RowEncoder::Encode.
Status EncodeAlignedRow(std::span<const Value> row, std::span<const FieldPlan> plans,
                        std::string& out);

}  // namespace weir
