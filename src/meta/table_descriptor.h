// What a user says about a table or a database when creating it: the JSON documents of
// CREATE_TABLE, GET_TABLE_INFO, CREATE_DATABASE and GET_DATABASE_INFO. Java: TableDescriptor,
// DatabaseDescriptor and their JsonSerdes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "record/schema.h"

namespace weir {

using Properties = std::map<std::string, std::string, std::less<>>;

struct TableDescriptor {
  Schema schema;
  std::optional<std::string> comment;
  std::vector<std::string> partition_keys;  // empty: not partitioned
  std::vector<std::string> bucket_keys;     // empty: rows go to any bucket
  std::optional<int32_t> bucket_count;      // always set once the catalog has stored it
  Properties properties;                    // keys begin with "table."; meaning in table_options.h
  Properties custom_properties;             // free

  bool is_partitioned() const { return !partition_keys.empty(); }

  friend bool operator==(const TableDescriptor&, const TableDescriptor&) = default;
};

/// As the Java client writes it; keys of properties are sorted.
std::string ToJson(const TableDescriptor& descriptor);
/// Only the form is checked here; the rules are in table_validation.h.
/// Errors  kInvalidTable  not JSON, a key missing or of the wrong kind, or Schema::Make refuses
Result<TableDescriptor> TableDescriptorFromJson(std::string_view text);

struct DatabaseDescriptor {
  std::optional<std::string> comment;
  Properties custom_properties;

  friend bool operator==(const DatabaseDescriptor&, const DatabaseDescriptor&) = default;
};

std::string ToJson(const DatabaseDescriptor& descriptor);
/// Errors  kInvalidDatabase  not JSON, or a key of the wrong kind
Result<DatabaseDescriptor> DatabaseDescriptorFromJson(std::string_view text);

}  // namespace weir
