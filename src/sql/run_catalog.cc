// CREATE, DROP and ALTER: what the parser read becomes a call of the catalog.
#include <algorithm>
#include <charconv>
#include <map>
#include <span>

#include "base/nearest_word.h"
#include "sql/statement_runner.h"
#include "sql/table_type.h"
#include "sql/token.h"

namespace weir {
namespace {

const std::string kLakeEnabled = "table.datalake.enabled";

StatementResult Notice(std::string text) {
  return {.rows = nullptr, .affected = {}, .notice = std::move(text)};
}

IfExists WhenThere(Clause if_not_exists) {
  return if_not_exists == Clause::kPresent ? IfExists::kIgnore : IfExists::kFail;
}
IfNotExists WhenMissing(Clause if_exists) {
  return if_exists == Clause::kPresent ? IfNotExists::kIgnore : IfNotExists::kFail;
}

/// Fluss' Flink catalog lets the layout be said in WITH: 'bucket.num', 'bucket.key'.
Status TakeLayoutOptions(SqlOptionMap& options, TableDescriptor& descriptor) {
  if (auto number = options.extract("bucket.num")) {
    const std::string& text = number.mapped();
    int32_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || end != text.data() + text.size())
      return Fail(ErrorCode::kInvalidConfig, "'bucket.num' is not a number: value={}", text);
    if (descriptor.bucket_count && descriptor.bucket_count != count)
      return Fail(ErrorCode::kInvalidConfig, "'bucket.num' = '{}' contradicts INTO {} BUCKETS",
                  text, *descriptor.bucket_count);
    descriptor.bucket_count = count;
  }
  if (auto key = options.extract("bucket.key")) {
    std::vector<std::string> names;
    std::string_view rest = key.mapped();
    while (true) {
      const size_t comma = rest.find(',');
      std::string_view name = rest.substr(0, comma);
      while (name.starts_with(' ')) name.remove_prefix(1);
      while (name.ends_with(' ')) name.remove_suffix(1);
      names.emplace_back(name);
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
    if (!descriptor.bucket_keys.empty() && descriptor.bucket_keys != names)
      return Fail(ErrorCode::kInvalidConfig, "'bucket.key' = '{}' contradicts DISTRIBUTED BY",
                  key.mapped());
    descriptor.bucket_keys = std::move(names);
  }
  return {};
}

/// Names that differ only in case are refused, although Fluss knows them as two: queries do not.
template <class Named>
Status CheckCase(std::span<const Named> named) {
  std::map<std::string, std::string> seen;
  for (const Named& one : named) {
    const auto [before, added] = seen.emplace(Upper(one.name), one.name);
    if (!added && before->second != one.name)
      return Fail(ErrorCode::kInvalidTable,
                  "{} and {} differ only in case, which SQL cannot tell apart", before->second,
                  one.name);
    RETURN_IF_ERROR(CheckCase(one.type.fields()));
  }
  return {};
}

Result<TableDescriptor> DescriptorOf(const CreateTable& statement) {
  Schema::Parts parts;
  for (const ColumnSpec& column : statement.columns)
    parts.columns.push_back({.name = column.name, .type = column.type, .comment = column.comment});
  parts.primary_key = statement.primary_key;
  SqlOptionMap options = statement.options;
  if (auto column = options.extract("auto-increment.fields"))
    parts.auto_increment = {column.mapped()};
  RETURN_IF_ERROR(CheckCase(std::span<const Column>(parts.columns)));
  ASSIGN_OR_RETURN(Schema schema, Schema::Make(std::move(parts)));
  TableDescriptor descriptor{.schema = std::move(schema),
                             .comment = statement.comment,
                             .partition_keys = statement.partition_keys,
                             .bucket_keys = statement.bucket_keys,
                             .bucket_count = statement.bucket_count};
  RETURN_IF_ERROR(TakeLayoutOptions(options, descriptor));
  // As the Flink catalog does: what Fluss knows are properties, everything else is the user's and
  // rides along.
  options.erase("connector");
  for (auto& [key, value] : options)
    (key.starts_with("table.") ? descriptor.properties : descriptor.custom_properties)[key] = value;
  return descriptor;
}

/// With the table's own order of columns; a spec names each of them once.
Result<PartitionSpec> SpecOf(const TableInfo& table, const PartitionValues& values) {
  for (const auto& [column, value] : values) {
    const auto& keys = table.descriptor.partition_keys;
    if (std::ranges::find(keys, column) == keys.end())
      return Fail(ErrorCode::kPartitionSpecInvalid, "{} is not a partition column of {}{}", column,
                  table.path.ToString(), DidYouMean(column, keys));
  }
  return PartitionSpec(values.begin(), values.end());
}

/// What WITH of CREATE TABLE turns into something else than an option stays as it is.
Status CheckAlterable(const SetOptions& set) {
  for (const char* key : {"bucket.num", "bucket.key", "auto-increment.fields", "connector"}) {
    if (set.options.contains(key))
      return Fail(ErrorCode::kInvalidAlterTable,
                  "'{}' is said in CREATE TABLE and cannot be altered", key);
  }
  return {};
}

}  // namespace

Result<StatementResult> StatementRunner::Execute(const CreateDatabase& statement) {
  DatabaseDescriptor descriptor{.comment = statement.comment, .custom_properties = {}};
  descriptor.custom_properties.insert(statement.options.begin(), statement.options.end());
  RETURN_IF_ERROR(
      catalog_.CreateDatabase(statement.name, descriptor, WhenThere(statement.if_not_exists)));
  return Notice(fmt::format("database {} created", statement.name));
}

Result<StatementResult> StatementRunner::Execute(const DropDatabase& statement) {
  if (statement.if_exists == Clause::kAbsent) {
    if (catalog_.FindDatabase(statement.name) == nullptr &&
        lake_.HasNamespace(statement.name).value_or(false)) {
      return Fail(ErrorCode::kDatabaseNotExist,
                  "{} is no database but a namespace of the lake's catalog, which other clients "
                  "made or use: drop it "
                  "there",
                  statement.name);
    }
    RETURN_IF_ERROR(CheckDatabase(catalog_, statement.name));
  }
  RETURN_IF_ERROR(catalog_.DropDatabase(statement.name,
                                        statement.cascade ? DropTables::kCascade : DropTables::kNo,
                                        WhenMissing(statement.if_exists)));
  const bool stays = lake_.HasNamespace(statement.name).value_or(false);
  return Notice(fmt::format(
      "database {} dropped{}", statement.name,
      stays ? "; its namespace in the lake's catalog stays, as other clients made or use it" : ""));
}

Result<StatementResult> StatementRunner::Execute(const CreateTable& statement) {
  const TablePath path = PathOf(statement.name);
  if (path.database.empty())
    return Fail(ErrorCode::kInvalidTable,
                "table {} has no database: write database.table, or USE a database first",
                path.table);
  RETURN_IF_ERROR(CheckDatabase(catalog_, path.database));
  if (!statement.query.empty()) return CreateTableAs(path, statement);
  ASSIGN_OR_RETURN(TableDescriptor descriptor, DescriptorOf(statement));
  const bool without_lake =
      parts_.tiering == LakeTiering::kOff && descriptor.properties.erase(kLakeEnabled) != 0;
  RETURN_IF_ERROR(
      catalog_.CreateTable(path, std::move(descriptor), WhenThere(statement.if_not_exists)));
  return Notice(fmt::format(
      "table {} created{}", path.ToString(),
      without_lake ? "; this server has no lake (datalake.enabled), so it is not tiered" : ""));
}

Result<StatementResult> StatementRunner::CreateTableAs(const TablePath& path,
                                                       const CreateTable& statement) {
  if (catalog_.FindTable(path) != nullptr && statement.if_not_exists == Clause::kPresent)
    return Notice(fmt::format("table {} exists: nothing was created or written", path.ToString()));
  CreateTable create = statement;
  create.query.clear();
  ASSIGN_OR_RETURN(create.columns, ColumnsOf(statement.query));
  ASSIGN_OR_RETURN(const StatementResult created, Execute(create));
  auto written = Execute(
      Insert{.name = statement.name, .columns = {}, .partition = {}, .query = statement.query});
  // The table was made for these rows alone.
  if (!written.ok()) {
    RETURN_IF_ERROR(catalog_.DropTable(path, IfNotExists::kIgnore));
    return written;
  }
  written->notice = created.notice;
  return written;
}

Result<std::vector<ColumnSpec>> StatementRunner::ColumnsOf(const std::string& query) {
  ASSIGN_OR_RETURN(const auto rows,
                   StartQuery(fmt::format("SELECT * FROM ({}\n) LIMIT 0", query), query));
  std::vector<ColumnSpec> columns;
  for (const ResultColumn& column : rows->columns()) {
    auto type = TableTypeOf(column.type.get());
    if (!type.ok()) return Fail(type.code(), "column {}: {}", column.name, type.error().message);
    columns.push_back({.name = column.name, .type = *std::move(type), .comment = {}});
  }
  return columns;
}

Result<StatementResult> StatementRunner::Execute(const DropTable& statement) {
  const TablePath path = PathOf(statement.name);
  if (statement.if_exists == Clause::kAbsent) RETURN_IF_ERROR(TableOf(statement.name));
  RETURN_IF_ERROR(catalog_.DropTable(path, WhenMissing(statement.if_exists)));
  return Notice(fmt::format("table {} dropped", path.ToString()));
}

Result<StatementResult> StatementRunner::Execute(const AlterTable& statement) {
  const TablePath path = PathOf(statement.name);
  const auto table = TableOf(statement.name);
  if (!table.ok() && statement.if_exists == Clause::kPresent)
    return Notice("the table does not exist: nothing was changed");
  if (!table.ok()) return Forward(table);
  TableChanges changes;
  if (const auto* add = std::get_if<AddColumns>(&statement.action)) {
    for (const ColumnSpec& column : add->columns)
      changes.added_columns.push_back({.name = column.name,
                                       .type = column.type,
                                       .comment = column.comment,
                                       .agg_function = {}});
    const auto present = (*table)->schema().columns();
    std::vector<Column> all(present.begin(), present.end());
    for (const ColumnSpec& column : add->columns)
      all.push_back({.name = column.name, .type = column.type, .comment = {}, .agg_function = {}});
    if (CheckCase(present).ok()) RETURN_IF_ERROR(CheckCase(std::span<const Column>(all)));
  } else if (const auto* set = std::get_if<SetOptions>(&statement.action)) {
    RETURN_IF_ERROR(CheckAlterable(*set));
    for (const auto& [key, value] : set->options)
      changes.configs.push_back({.key = key, .value = value, .op = ConfigOp::kSet});
  } else if (const auto* reset = std::get_if<ResetOptions>(&statement.action)) {
    for (const std::string& key : reset->keys)
      changes.configs.push_back({.key = key, .value = {}, .op = ConfigOp::kDelete});
  } else {
    RETURN_IF_ERROR(AlterPartitions(path, statement));
    return Notice(fmt::format("partitions of {} changed", path.ToString()));
  }
  RETURN_IF_ERROR(catalog_.AlterTable(path, changes, IfNotExists::kFail));
  return Notice(fmt::format("table {} altered", path.ToString()));
}

Status StatementRunner::AlterPartitions(const TablePath& path, const AlterTable& statement) {
  ASSIGN_OR_RETURN(const TableRef table, catalog_.GetTable(path));
  if (const auto* add = std::get_if<AddPartitions>(&statement.action)) {
    for (const PartitionValues& values : add->partitions) {
      ASSIGN_OR_RETURN(const PartitionSpec spec, SpecOf(*table, values));
      RETURN_IF_ERROR(catalog_.CreatePartition(path, spec, WhenThere(add->if_not_exists)));
    }
  } else if (const auto* drop = std::get_if<DropPartitions>(&statement.action)) {
    for (const PartitionValues& values : drop->partitions) {
      ASSIGN_OR_RETURN(const PartitionSpec spec, SpecOf(*table, values));
      RETURN_IF_ERROR(catalog_.DropPartition(path, spec, WhenMissing(drop->if_exists)));
    }
  }
  return {};
}

}  // namespace weir
