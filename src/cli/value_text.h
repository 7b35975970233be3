// Values as people type and read them: JSON out, key columns in. Decimals keep their digits,
// timestamps are ISO 8601 without a zone (TIMESTAMP) or in UTC with a Z (TIMESTAMP_LTZ), bytes are
// hexadecimal. Dates are those of SQL (sql/cell_text.h): "40000-01-01", "0044-03-15 (BC)", "infinity".
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "record/data_type.h"
#include "record/schema.h"
#include "record/value.h"

namespace weir {

/// Append the value as JSON. MAPs are objects when their key is text, else arrays of [key, value]
/// pairs. Errors  kCorruptRecord  nested bytes do not parse
Status AppendJson(const DataType& type, const Value& value, std::string& out);

/// Append {"column": value, …} for the columns at `positions` (all when empty); one value per
/// listed column.
Status AppendJsonRow(const Schema& schema, std::span<const int> positions,
                     std::span<const Value> values, std::string& out);

void AppendJsonString(std::string_view text, std::string& out);

/// Read a key value. Text points into `text`, which must outlive the Value.
/// Errors  kCorruptRecord  not a value of the type;  kInvalidTable  a type that cannot be typed in
/// (nested, bytes)
Result<Value> ParseValue(const DataType& type, std::string_view text);

}  // namespace weir
