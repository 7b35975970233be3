// What our own SQL statements say, as the parser read them. Everything is text and structure; names
// are looked up when the statement runs. A statement that is none of these is a Query and goes to
// DuckDB.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "record/data_type.h"

namespace weir {

/// [catalog.][database.]object as written. The catalog part is accepted and ignored: Weir is one
/// catalog.
struct SqlName {
  std::vector<std::string> parts;  // 1 to 3
  size_t at = 0;                   // byte offset in the statement

  const std::string& object() const { return parts.back(); }
  std::string Dotted() const {
    std::string out;
    for (const std::string& part : parts) out += (out.empty() ? "" : ".") + part;
    return out;
  }
  /// The part before the object, or `otherwise`.
  const std::string& database(const std::string& otherwise) const {
    return parts.size() > 1 ? parts[parts.size() - 2] : otherwise;
  }
};

using SqlOptionMap = std::map<std::string, std::string, std::less<>>;

enum class Clause : uint8_t { kAbsent, kPresent };  // IF EXISTS, IF NOT EXISTS

struct CreateDatabase {
  std::string name;
  Clause if_not_exists = Clause::kAbsent;
  std::optional<std::string> comment;
  SqlOptionMap options;
};

struct DropDatabase {
  std::string name;
  Clause if_exists = Clause::kAbsent;
  bool cascade = false;
};

struct ColumnSpec {
  std::string name;
  DataType type;
  std::optional<std::string> comment;
};

struct CreateTable {
  SqlName name;
  Clause if_not_exists = Clause::kAbsent;
  std::vector<ColumnSpec> columns;
  std::vector<std::string> primary_key;
  std::optional<std::string> comment;
  std::vector<std::string> partition_keys;
  std::vector<std::string> bucket_keys;
  std::optional<int32_t> bucket_count;
  SqlOptionMap options;
  std::string query;  // AS SELECT …, which gives the columns; empty: none
};

struct DropTable {
  SqlName name;
  Clause if_exists = Clause::kAbsent;
};

using PartitionValues = std::map<std::string, std::string, std::less<>>;  // column -> text

struct AddColumns {
  std::vector<ColumnSpec> columns;
};
struct SetOptions {
  SqlOptionMap options;
};
struct ResetOptions {
  std::vector<std::string> keys;
};
struct AddPartitions {
  std::vector<PartitionValues> partitions;
  Clause if_not_exists = Clause::kAbsent;
};
struct DropPartitions {
  std::vector<PartitionValues> partitions;
  Clause if_exists = Clause::kAbsent;
};

struct AlterTable {
  SqlName name;
  Clause if_exists = Clause::kAbsent;
  std::variant<AddColumns, SetOptions, ResetOptions, AddPartitions, DropPartitions> action;
};

struct Show {
  enum class What : uint8_t {
    kDatabases,
    kCatalogs,
    kTables,
    kCreateTable,
    kPartitions,
    kColumns,
    kCurrent,
    kFunctions
  };
  What what = What::kDatabases;
  SqlName name;  // kCreateTable, kPartitions, kColumns; kTables: the database, if given
  std::optional<std::string> like;  // kDatabases, kTables
};

struct Describe {
  SqlName name;
};

struct UseDatabase {
  std::string name;
};

/// SET 'key' = 'value', RESET, USE CATALOG, CREATE CATALOG: accepted so that Flink scripts run,
/// without effect.
struct NoEffect {
  std::string notice;
};

struct Insert {
  SqlName name;
  std::vector<std::string> columns;  // empty: all, in order
  PartitionValues partition;         // INSERT INTO t PARTITION (p = 'x')
  std::string query;                 // VALUES … or SELECT …, in DuckDB's words
};

struct Update {
  SqlName name;
  std::string alias;  // empty: the table's name
  std::vector<std::pair<std::string, std::string>>
      assignments;    // column, expression in DuckDB's words
  std::string from;   // further tables; empty: none
  std::string where;  // empty: all rows
};

struct Delete {
  SqlName name;
  std::string alias;
  std::string from;  // USING
  std::string where;
};

/// How the rows of a statement would be computed.
struct Explain {
  std::variant<Insert, Update, Delete> statement;
};

/// For DuckDB, in its words.
struct Query {
  std::string text;
};

using Statement =
    std::variant<CreateDatabase, DropDatabase, CreateTable, DropTable, AlterTable, Show, Describe,
                 UseDatabase, NoEffect, Insert, Update, Delete, Explain, Query>;

}  // namespace weir
