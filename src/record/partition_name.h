// Names of partitions: the values of the partition columns as text, joined with '$'. Docs:
// docs/formats/keys.md. Java: org.apache.fluss.utils.PartitionUtils, PartitionNameConverters.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "record/data_type.h"
#include "record/value.h"

namespace weir {

/// May a column of this type be a partition key.
bool IsPartitionType(const DataType& type);

/// The text of one partition value: "2024-01-01", "1_5", "0aff".
/// Errors  kPartitionSpecInvalid  null, or a type that cannot be a partition key
Result<std::string> PartitionValueText(const Value& value, const DataType& type);

/// The value behind such a text; for checks, and to fill the partition columns of a row.
/// bytes   where the bytes of BINARY and BYTES go; other Values point into `text`, if anywhere
/// Errors  kPartitionSpecInvalid  the text is not of the type
Result<Value> ParsePartitionValue(std::string_view text, const DataType& type, std::string& bytes);

/// "2024$us" and back.
std::string JoinPartitionName(std::span<const std::string> values);
std::vector<std::string> SplitPartitionName(std::string_view name);

}  // namespace weir
