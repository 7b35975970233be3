// What ALTER_TABLE and ALTER_DATABASE can ask for. Java: org.apache.fluss.metadata.TableChange,
// DatabaseChange.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "record/data_type.h"
#include "record/schema.h"

namespace weir {

enum class ConfigOp : int32_t {
  kSet = 0,
  kDelete = 1,
  kAppend = 2,
  kSubtract = 3
};  // the protocol's numbers

struct ConfigChange {
  std::string key;
  std::optional<std::string> value;
  ConfigOp op = ConfigOp::kSet;
};

struct AddColumn {
  std::string name;
  DataType type;
  std::optional<std::string> comment;
  std::optional<AggFunction> agg_function;
};

/// One kind at a time: a request with several kinds is refused.
struct TableChanges {
  std::vector<ConfigChange> configs;
  std::vector<AddColumn> added_columns;
};

struct DatabaseChange {
  std::vector<ConfigChange> configs;
  std::optional<std::string> comment;
};

}  // namespace weir
