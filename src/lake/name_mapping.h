// Field ids for data files that were written without (files imported from Hive and the like): the table property
// schema.name-mapping.default. Source: Iceberg specification, "Name Mapping Serialization".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::iceberg {

struct MappedField {
  std::optional<int32_t> field_id;
  std::vector<std::string> names;
  std::vector<MappedField> fields;

  friend bool operator==(const MappedField&, const MappedField&) = default;
};

struct NameMapping {
  std::vector<MappedField> fields;

  friend bool operator==(const NameMapping&, const NameMapping&) = default;
};

/// Errors  kInvalidTable  not the JSON of a mapping, or nested deeper than kNestingMax
Result<NameMapping> NameMappingFromJsonText(std::string_view text);

/// The mapping of `name` among `fields`, or null.
const MappedField* FindMapped(const std::vector<MappedField>& fields, std::string_view name);

}  // namespace weir::iceberg
