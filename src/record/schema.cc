#include "record/schema.h"

#include <algorithm>
#include <set>
#include <unordered_set>

#include "record/row_format.h"

namespace weir {
namespace {

/// Give every ROW field below `type` without an id the next one of `last_id`, depth-first.
DataType WithFieldIds(const DataType& type, int32_t& last_id) {
  if (!type.nested) return type;
  std::vector<Field> fields(type.fields().begin(), type.fields().end());
  for (Field& field : fields) {
    if (type.kind == TypeKind::kRow && field.id < 0) field.id = ++last_id;
    field.type = WithFieldIds(field.type, last_id);
  }
  DataType out = type;
  out.nested = std::make_shared<const std::vector<Field>>(std::move(fields));
  return out;
}

void CollectFieldIds(const DataType& type, std::vector<int32_t>& ids) {
  for (const Field& field : type.fields()) {
    if (type.kind == TypeKind::kRow && field.id >= 0) ids.push_back(field.id);
    CollectFieldIds(field.type, ids);
  }
}

std::vector<int32_t> AllIds(std::span<const Column> columns) {
  std::vector<int32_t> ids;
  for (const Column& column : columns) {
    if (column.id >= 0) ids.push_back(column.id);
    CollectFieldIds(column.type, ids);
  }
  return ids;
}

Status AssignIds(Schema::Parts& parts) {
  const auto without =
      std::ranges::count_if(parts.columns, [](const Column& c) { return c.id < 0; });
  if (without != 0 && without != std::ssize(parts.columns)) {
    return Fail(ErrorCode::kInvalidTable, "all columns must have an id or none: without={}",
                without);
  }
  const std::vector<int32_t> given = AllIds(parts.columns);
  int32_t last = given.empty() ? -1 : std::ranges::max(given);
  if (last > INT32_MAX - (1 << 24))
    return Fail(ErrorCode::kInvalidTable, "field id is too large: id={}", last);
  if (parts.highest_field_id && *parts.highest_field_id < last) {
    return Fail(ErrorCode::kInvalidTable,
                "highest_field_id is below an id in use: highest={} id={}", *parts.highest_field_id,
                last);
  }
  for (Column& column : parts.columns) {
    if (column.id < 0) column.id = ++last;
    column.type = WithFieldIds(column.type, last);
  }
  parts.highest_field_id = std::max(last, parts.highest_field_id.value_or(-1));
  const std::vector<int32_t> ids = AllIds(parts.columns);
  if (std::unordered_set<int32_t>(ids.begin(), ids.end()).size() != ids.size()) {
    return Fail(ErrorCode::kInvalidTable, "field ids must be unique: ids={}", ids.size());
  }
  return {};
}

/// Names of ROW fields are unique within their row. Java: RowType.validateFields.
Status CheckFieldNames(const DataType& type) {
  std::unordered_set<std::string_view> names;
  for (const Field& field : type.fields()) {
    if (!names.insert(field.name).second) {
      return Fail(ErrorCode::kInvalidTable, "field name is used twice: name={:.200}", field.name);
    }
    RETURN_IF_ERROR(CheckFieldNames(field.type));
  }
  return {};
}

Status CheckColumns(std::span<const Column> columns) {
  if (columns.empty()) return Fail(ErrorCode::kInvalidTable, "a table needs at least one column");
  if (columns.size() > kColumnsMax) {
    return Fail(ErrorCode::kInvalidTable, "too many columns: columns={} max={}", columns.size(),
                kColumnsMax);
  }
  std::unordered_set<std::string_view> names;
  for (const Column& column : columns) {
    if (column.name.empty()) return Fail(ErrorCode::kInvalidTable, "a column has no name");
    if (!names.insert(column.name).second) {
      return Fail(ErrorCode::kInvalidTable, "column name is used twice: name={:.200}", column.name);
    }
    RETURN_IF_ERROR(CheckType(column.type));
    RETURN_IF_ERROR(CheckFieldNames(column.type));
  }
  return {};
}

Status CheckAutoIncrement(const Schema::Parts& parts, const Schema& schema) {
  if (parts.auto_increment.empty()) return {};
  if (parts.primary_key.empty()) {
    return Fail(ErrorCode::kInvalidTable, "auto-increment needs a table with a primary key");
  }
  if (parts.auto_increment.size() > 1) {
    return Fail(ErrorCode::kInvalidTable, "only one column can be auto-increment: columns={}",
                parts.auto_increment.size());
  }
  const std::string& name = parts.auto_increment[0];
  const auto position = schema.Find(name);
  if (!position)
    return Fail(ErrorCode::kInvalidTable, "auto-increment column does not exist: column={:.200}",
                name);
  if (std::ranges::find(parts.primary_key, name) != parts.primary_key.end()) {
    return Fail(ErrorCode::kInvalidTable,
                "auto-increment column is in the primary key: column={:.200}", name);
  }
  const TypeKind kind = schema.column(static_cast<size_t>(*position)).type.kind;
  if (kind != TypeKind::kInt && kind != TypeKind::kBigInt) {
    return Fail(ErrorCode::kInvalidTable,
                "auto-increment column must be INT or BIGINT: column={:.200}", name);
  }
  return {};
}

}  // namespace

Result<Schema> Schema::Make(Parts parts) {
  RETURN_IF_ERROR(CheckColumns(parts.columns));
  RETURN_IF_ERROR(AssignIds(parts));
  Schema schema;
  schema.parts_ = std::move(parts);
  auto positions = schema.Positions(schema.parts_.primary_key);
  if (!positions.ok()) return Forward(positions);
  schema.primary_key_positions_ = std::move(*positions);
  const std::set<int> distinct(schema.primary_key_positions_.begin(),
                               schema.primary_key_positions_.end());
  if (distinct.size() != schema.primary_key_positions_.size()) {
    return Fail(ErrorCode::kInvalidTable, "primary key names a column twice: columns={}",
                distinct.size());
  }
  RETURN_IF_ERROR(CheckAutoIncrement(schema.parts_, schema));
  for (const int position : schema.primary_key_positions_) {
    Column& column = schema.parts_.columns[static_cast<size_t>(position)];
    if (column.agg_function) {
      return Fail(ErrorCode::kInvalidTable,
                  "primary key column has an aggregate function: column={:.200}", column.name);
    }
    column.type.nullable = false;
  }
  return schema;
}

std::vector<DataType> Schema::types() const {
  std::vector<DataType> out;
  out.reserve(size());
  for (const Column& column : parts_.columns) out.push_back(column.type);
  return out;
}

std::optional<int> Schema::Find(std::string_view name) const {
  const auto found = std::ranges::find(parts_.columns, name, &Column::name);
  if (found == parts_.columns.end()) return std::nullopt;
  return static_cast<int>(found - parts_.columns.begin());
}

Result<std::vector<int>> Schema::Positions(std::span<const std::string> names) const {
  std::vector<int> out;
  for (const std::string& name : names) {
    const auto position = Find(name);
    if (!position)
      return Fail(ErrorCode::kInvalidTable, "column does not exist: column={:.200}", name);
    out.push_back(*position);
  }
  return out;
}

bool operator==(const Schema& a, const Schema& b) {
  return a.parts_.columns == b.parts_.columns && a.parts_.primary_key == b.parts_.primary_key &&
         a.parts_.auto_increment == b.parts_.auto_increment &&
         a.parts_.highest_field_id == b.parts_.highest_field_id;
}

}  // namespace weir
