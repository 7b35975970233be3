// SHOW and DESCRIBE.
#include <algorithm>

#include "sql/lake_columns.h"
#include "sql/lake_info.h"
#include "sql/statement_runner.h"
#include "sql/token.h"

namespace weir {
namespace {

using Row = std::vector<std::optional<std::string>>;

/// `name` when it is a plain word, else in backquotes.
std::string FlinkName(const std::string& name) {
  const bool plain =
      !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
      std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) || c == '_'; });
  return plain ? name : QuoteFlinkIdentifier(name);
}

std::string FlinkNames(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + FlinkName(name);
  return out;
}

/// Names from the lake; a lake that cannot be asked hides nothing of ours.
std::vector<std::string> Additional(Result<std::vector<std::string>> names) {
  return names.ok() ? *std::move(names) : std::vector<std::string>();
}

std::string WithClause(const TableDescriptor& descriptor) {
  std::string options;
  for (const std::string& column : descriptor.schema.auto_increment())
    options += fmt::format("\n  'auto-increment.fields' = {}", QuoteString(column));
  for (const Properties* properties : {&descriptor.properties, &descriptor.custom_properties}) {
    for (const auto& [key, value] : *properties)
      options += fmt::format("{}\n  {} = {}", options.empty() ? "" : ",", QuoteString(key),
                             QuoteString(IsSecretKey(key) ? "******" : value));
  }
  return options.empty() ? "" : fmt::format("\nWITH ({}\n)", options);
}

std::string KeyRole(const TableInfo& table, const std::string& column) {
  const auto has = [&](std::span<const std::string> names) {
    return std::ranges::find(names, column) != names.end();
  };
  std::string role;
  if (has(table.schema().primary_key())) role = "primary key";
  if (has(table.descriptor.partition_keys)) role += role.empty() ? "partition" : ", partition";
  return role;
}

std::string DescribeQuery(const TableInfo& table) {
  std::vector<Row> rows;
  for (const Column& column : table.schema().columns()) {
    DataType type = column.type;
    type.nullable = true;
    rows.push_back({column.name, type.ToString(), column.type.nullable ? "true" : "false",
                    KeyRole(table, column.name), column.comment});
  }
  return ValuesQuery({"name", "type", "null", "key", "comment"}, rows);
}

}  // namespace

std::string ValuesQuery(const std::vector<std::string>& columns, const std::vector<Row>& rows) {
  std::string names, nulls, values;
  for (const std::string& column : columns) {
    names += (names.empty() ? "" : ", ") + QuoteIdentifier(column);
    nulls += (nulls.empty() ? "" : ", ") + std::string("NULL::VARCHAR");
  }
  for (const Row& row : rows) {
    values += ", (";
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) values += ", ";
      values += row[i] ? QuoteString(*row[i]) : "NULL";
    }
    values += ")";
  }
  // The first row only gives the types.
  return fmt::format("SELECT * FROM (VALUES ({}){}) AS t({}) OFFSET 1", nulls, values, names);
}

std::string ToCreateTable(const TableInfo& table) {
  const TableDescriptor& descriptor = table.descriptor;
  std::string out = fmt::format("CREATE TABLE {}.{} (", FlinkName(table.path.database),
                                FlinkName(table.path.table));
  for (const Column& column : table.schema().columns()) {
    out += fmt::format("\n  {} {}", FlinkName(column.name), column.type.ToString());
    if (column.comment) out += " COMMENT " + QuoteString(*column.comment);
    out += ',';
  }
  if (table.has_primary_key()) {
    const auto key = table.schema().primary_key();
    out += fmt::format("\n  PRIMARY KEY ({}) NOT ENFORCED,", FlinkNames({key.begin(), key.end()}));
  }
  out.back() = '\n';
  out += ')';
  if (descriptor.comment) out += "\nCOMMENT " + QuoteString(*descriptor.comment);
  if (!descriptor.bucket_keys.empty()) {
    out += fmt::format("\nDISTRIBUTED BY ({}) INTO {} BUCKETS", FlinkNames(descriptor.bucket_keys),
                       table.bucket_count());
  } else {
    out += fmt::format("\nDISTRIBUTED INTO {} BUCKETS", table.bucket_count());
  }
  if (descriptor.is_partitioned())
    out += fmt::format("\nPARTITIONED BY ({})", FlinkNames(descriptor.partition_keys));
  return out + WithClause(descriptor);
}

Result<StatementResult> StatementRunner::DescribeLakeTable(const iceberg::Ident& ident) {
  ASSIGN_OR_RETURN(const iceberg::LoadedTable loaded, lake_.Load(ident));
  std::vector<Row> rows;
  for (const iceberg::Field& field : loaded.metadata->current_schema().fields()) {
    const auto type = DataTypeOf(field.type);
    rows.push_back({field.name, type.ok() ? type->ToString() : field.type.ToString(),
                    field.required ? "false" : "true", "", field.doc});
  }
  return Rows(ValuesQuery({"name", "type", "null", "key", "comment"}, rows));
}

Result<StatementResult> StatementRunner::DescribeSide(const std::string& dotted) {
  QueryTables tables(parts_, database_, "", "", connection_.get());
  ASSIGN_OR_RETURN(const std::shared_ptr<TableScan> scan, tables.Resolve(dotted));
  std::vector<Row> rows;
  for (const ScanColumn& column : scan->columns()) {
    DataType type = column.type;
    type.nullable = true;
    rows.push_back(
        {column.name, type.ToString(), column.type.nullable ? "true" : "false", "", std::nullopt});
  }
  return Rows(ValuesQuery({"name", "type", "null", "key", "comment"}, rows));
}

Result<StatementResult> StatementRunner::Execute(const Describe& statement) {
  const std::string dotted = statement.name.Dotted();
  if (ParseTableReference(dotted, database_).kind != TableKind::kRows) return DescribeSide(dotted);
  if (catalog_.FindTable(PathOf(statement.name)) == nullptr) {
    const TablePath path = PathOf(statement.name);
    ASSIGN_OR_RETURN(const auto ident, lake_.Find(path.ToString(), database_));
    if (ident) return DescribeLakeTable(*ident);
  }
  ASSIGN_OR_RETURN(const TableRef table, TableOf(statement.name));
  return Rows(DescribeQuery(*table));
}

Result<StatementResult> StatementRunner::Execute(const Show& statement) {
  std::vector<Row> rows;
  const std::string like =
      statement.like ? " WHERE columns(*) LIKE " + QuoteString(*statement.like) : "";
  const auto answer = [&](std::vector<std::string> columns) {
    std::string sql = ValuesQuery(columns, rows);
    if (!like.empty()) sql = fmt::format("SELECT * FROM ({}){}", sql, like);
    return Rows(sql);
  };
  switch (statement.what) {
    case Show::What::kDatabases:
      for (const DatabaseRef& database : catalog_.Databases()) rows.push_back({database->name});
      for (const std::string& name : Additional(lake_.Namespaces())) {
        if (catalog_.FindDatabase(name) == nullptr) rows.push_back({name});
      }
      return answer({"database name"});
    case Show::What::kCatalogs:
      rows.push_back({"weir"});
      return answer({"catalog name"});
    case Show::What::kCurrent:
      rows.push_back({database_});
      return answer({"current database name"});
    case Show::What::kTables: {
      const std::string database =
          statement.name.parts.empty() ? database_ : statement.name.object();
      if (database.empty())
        return Fail(ErrorCode::kDatabaseNotExist, "no database in use: SHOW TABLES FROM name");
      if (catalog_.FindDatabase(database) != nullptr ||
          !lake_.HasNamespace(database).value_or(false)) {
        RETURN_IF_ERROR(CheckDatabase(catalog_, database));
        ASSIGN_OR_RETURN(const std::vector<TableRef> tables, catalog_.Tables(database));
        for (const TableRef& table : tables) rows.push_back({table->path.table});
      }
      for (const std::string& name : Additional(lake_.Tables(database))) {
        if (catalog_.FindTable({database, name}) == nullptr) rows.push_back({name});
      }
      return answer({"table name"});
    }
    case Show::What::kCreateTable: {
      ASSIGN_OR_RETURN(const TableRef table, TableOf(statement.name));
      rows.push_back({ToCreateTable(*table)});
      return answer({"result"});
    }
    case Show::What::kPartitions: {
      ASSIGN_OR_RETURN(const TableRef table, TableOf(statement.name));
      if (!table->is_partitioned())
        return Fail(ErrorCode::kTableNotPartitioned, "table {} is not partitioned",
                    table->path.ToString());
      for (const auto& [name, partition] : table->partitions) rows.push_back({name});
      return answer({"partition name"});
    }
    case Show::What::kColumns:
      return Execute(Describe{statement.name});
    case Show::What::kFunctions:
      break;
  }
  return Rows(
      "SELECT DISTINCT function_name AS \"function name\" FROM duckdb_functions() "
      "WHERE function_type IN ('scalar', 'aggregate', 'macro') AND regexp_matches(function_name, "
      "'^[a-z]') ORDER BY 1");
}

}  // namespace weir
