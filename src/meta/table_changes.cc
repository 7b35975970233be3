#include "meta/table_changes.h"

#include <algorithm>
#include <array>

#include "meta/table_validation.h"

namespace weir {

namespace {

constexpr std::string_view kLakePrefix = "table.datalake.";

/// What the request says about the keys, before any value is looked at.
Status CheckAlterable(const TableInfo& table, const std::vector<ConfigChange>& changes) {
  for (const ConfigChange& change : changes) {
    if (!change.key.starts_with("table.")) continue;
    const TableOption* option = FindTableOption(change.key);
    if (option == nullptr || option->alterable == Alterable::kNo) {
      return Fail(ErrorCode::kInvalidAlterTable, "the table property '{}' cannot be altered",
                  change.key);
    }
    if (change.key == "table.kv.standby-replica.enabled" && !table.has_primary_key()) {
      return Fail(ErrorCode::kInvalidAlterTable, "'{}' can only be altered on primary key tables",
                  change.key);
    }
    // Keys and buckets of a table with a bucket key follow the lake format it was created with.
    const bool free_of_layout = !table.has_primary_key() && table.descriptor.bucket_keys.empty();
    if (change.key.starts_with(kLakePrefix) && !table.config.lake_format &&
        !(free_of_layout && change.key == "table.datalake.enabled")) {
      return Fail(ErrorCode::kInvalidAlterTable,
                  "'{}' cannot be altered: the table's keys and buckets do not follow a lake "
                  "format; create "
                  "it with 'table.datalake.format'",
                  change.key);
    }
  }
  return {};
}

/// Give ids to a type's nested fields, depth-first, continuing after `last`.
DataType WithIds(DataType type, int32_t& last) {
  if (!type.is_nested()) return type;
  auto fields = std::make_shared<std::vector<Field>>(*type.nested);
  for (Field& field : *fields) {
    if (type.kind == TypeKind::kRow) field.id = ++last;
    field.type = WithIds(field.type, last);
  }
  type.nested = std::move(fields);
  return type;
}

}  // namespace

Result<TableDescriptor> WithConfigChanges(const TableInfo& table,
                                          const std::vector<ConfigChange>& changes) {
  RETURN_IF_ERROR(CheckAlterable(table, changes));
  TableDescriptor out = table.descriptor;
  for (const ConfigChange& change : changes) {
    Properties& properties =
        change.key.starts_with("table.") ? out.properties : out.custom_properties;
    if (change.op == ConfigOp::kDelete) {
      properties.erase(change.key);
    } else if (change.op != ConfigOp::kSet) {
      return Fail(ErrorCode::kInvalidAlterTable,
                  "only SET and RESET are supported for tables: key={}", change.key);
    } else if (!change.value) {
      return Fail(ErrorCode::kInvalidAlterTable, "no value to set: key={}", change.key);
    } else {
      properties.insert_or_assign(change.key, *change.value);
    }
  }
  NormalizeDurations(out.properties);
  return out;
}

Result<Schema> WithAddedColumns(const TableInfo& table, const std::vector<AddColumn>& columns) {
  const Schema& old = table.schema();
  Schema::Parts parts{.columns = {old.columns().begin(), old.columns().end()},
                      .primary_key = {old.primary_key().begin(), old.primary_key().end()},
                      .auto_increment = {old.auto_increment().begin(), old.auto_increment().end()}};
  int32_t last_id = old.highest_field_id();
  for (const AddColumn& added : columns) {
    if (std::ranges::find(parts.columns, added.name, &Column::name) != parts.columns.end()) {
      return Fail(ErrorCode::kInvalidAlterTable, "column '{}' already exists", added.name);
    }
    if (!added.type.nullable) {
      return Fail(ErrorCode::kInvalidAlterTable, "a new column must be nullable: column={} type={}",
                  added.name, added.type.ToString());
    }
    RETURN_IF_ERROR(CheckType(added.type));
    Column column{.name = added.name,
                  .comment = added.comment,
                  .agg_function = added.agg_function,
                  .id = ++last_id};
    column.type = WithIds(added.type, last_id);
    parts.columns.push_back(std::move(column));
  }
  parts.highest_field_id = last_id;
  return Schema::Make(std::move(parts));
}

}  // namespace weir
