// The columns of a table under one schema id. Immutable and always valid; shared between threads.
// Java: org.apache.fluss.metadata.Schema. JSON form: record/schema_json.h, docs/formats/rows.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "record/data_type.h"

namespace weir {

/// How a column merges in an aggregation table: {"sum"}, {"listagg", {{"delimiter", ";"}}}. Java:
/// AggFunction.
struct AggFunction {
  std::string type;
  std::map<std::string, std::string> parameters;

  friend bool operator==(const AggFunction&, const AggFunction&) = default;
};

struct Column {
  std::string name;
  DataType type;
  std::optional<std::string> comment;
  std::optional<AggFunction> agg_function;
  int32_t id = -1;  // never reused within a table; -1 = let Schema::Make assign it

  friend bool operator==(const Column&, const Column&) = default;
};

class Schema {
 public:
  struct Parts {
    std::vector<Column> columns;
    std::vector<std::string> primary_key;     // empty: a log table
    std::vector<std::string> auto_increment;  // at most one column
    std::optional<int32_t> highest_field_id;  // absent: the largest id in use
  };

  /// Check and complete. Primary key columns become NOT NULL; columns and nested ROW fields without
  /// an id get one depth-first from one counter above the ids in use, as Java's Schema.Builder
  /// does.
  ///
  /// Errors  kInvalidTable  no column, a name empty or used twice, a type out of range, a key
  /// column that
  ///                        does not exist or is named twice, an auto-increment column that is not
  ///                        an INT or BIGINT outside the key, ids on some columns only, an id used
  ///                        twice or above highest_field_id, an aggregate function on a key column
  static Result<Schema> Make(Parts parts);

  std::span<const Column> columns() const { return parts_.columns; }
  const Column& column(size_t position) const { return parts_.columns[position]; }
  size_t size() const { return parts_.columns.size(); }
  std::vector<DataType> types() const;

  bool has_primary_key() const { return !parts_.primary_key.empty(); }
  /// In declaration order, which may differ from column order.
  std::span<const std::string> primary_key() const { return parts_.primary_key; }
  std::span<const int> primary_key_positions() const { return primary_key_positions_; }

  std::span<const std::string> auto_increment() const { return parts_.auto_increment; }
  int32_t highest_field_id() const { return parts_.highest_field_id.value_or(-1); }

  std::optional<int> Find(std::string_view name) const;
  /// Errors  kInvalidTable  a name is not a column
  Result<std::vector<int>> Positions(std::span<const std::string> names) const;

  friend bool operator==(const Schema& a, const Schema& b);

 private:
  Schema() = default;

  Parts parts_;
  std::vector<int> primary_key_positions_;
};

}  // namespace weir
