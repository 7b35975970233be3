#include "lake/fluss_layout.h"

#include <algorithm>
#include <array>

#include "lake/table_metadata.h"

namespace weir::iceberg {
namespace {

constexpr std::string_view kIcebergPrefix = "iceberg.";
constexpr std::string_view kFlussPrefix = "fluss.";
constexpr std::array<std::string_view, 3> kSystemColumns = {kBucketColumn, kOffsetColumn,
                                                            kTimestampColumn};
/// How engines of others change rows: never in a way that tiering could not go on with.
constexpr std::array<const char*, 3> kModeKeys = {"write.delete.mode", "write.update.mode",
                                                  "write.merge.mode"};

bool IsSystemColumn(std::string_view name) {
  return std::ranges::find(kSystemColumns, name) != kSystemColumns.end();
}

Field SystemField(std::string_view name, TypeId type, int32_t id) {
  return {.id = id, .name = std::string(name), .required = true, .type = Type::Of(type)};
}

Field FieldOf(const Column& column, int32_t id, int32_t& next_id) {
  return {.id = id,
          .name = column.name,
          .required = !column.type.nullable,
          .type = IcebergTypeOf(column.type, next_id),
          .doc = column.comment};
}

Result<Schema> LakeSchemaOf(const TableInfo& table, LakeLayout layout) {
  const auto columns = table.schema().columns();
  const size_t system = layout == LakeLayout::kFluss ? kSystemColumns.size() : 0;
  int32_t id = 1;
  auto next_id = static_cast<int32_t>(columns.size() + system) + 1;
  std::vector<Field> fields;
  for (const Column& column : columns) {
    if (IsSystemColumn(column.name))
      return Fail(ErrorCode::kInvalidTable, "the column '{}' has the name of a system column",
                  column.name);
    fields.push_back(FieldOf(column, id++, next_id));
  }
  if (layout == LakeLayout::kFluss) {
    fields.push_back(SystemField(kBucketColumn, TypeId::kInt, id++));
    fields.push_back(SystemField(kOffsetColumn, TypeId::kLong, id++));
    fields.push_back(SystemField(kTimestampColumn, TypeId::kTimestamptz, id++));
  }
  std::vector<int32_t> identifiers;
  for (const int position : table.schema().primary_key_positions())
    identifiers.push_back(fields[static_cast<size_t>(position)].id);
  return Schema::Make(0, std::move(fields), std::move(identifiers));
}

Result<PartitionSpec> LakeSpecOf(const TableInfo& table, const Schema& schema, LakeLayout layout) {
  PartitionSpec spec;
  int32_t id = kPartitionFieldIdFirst;
  const auto add = [&](std::string_view column, std::string name, Transform transform) {
    spec.fields.push_back({.source_ids = {schema.FindField(column)->id},
                           .field_id = id++,
                           .name = std::move(name),
                           .transform = std::move(transform)});
  };
  for (const std::string& key : table.descriptor.partition_keys)
    add(key, key, Transform::Identity());
  if (layout == LakeLayout::kClean) return spec;
  const auto& bucket_keys = table.descriptor.bucket_keys;
  if (bucket_keys.size() > 1) {
    return Fail(ErrorCode::kInvalidTable,
                "a table in Iceberg can be bucketed by one column only: table={}",
                table.path.ToString());
  }
  if (bucket_keys.empty()) {
    add(kBucketColumn, std::string(kBucketColumn), Transform::Identity());
  } else {
    add(bucket_keys.front(), bucket_keys.front() + "_bucket",
        Transform::Bucket(table.bucket_count()));
  }
  return spec;
}

/// `iceberg.x` is the lake's own property x; everything else is kept as `fluss.x`.
StringMap LakePropertiesOf(const TableInfo& table) {
  StringMap out;
  const auto add = [&out](const Properties& properties) {
    for (const auto& [key, value] : properties) {
      const bool lakes = key.starts_with(kIcebergPrefix);
      out[lakes ? key.substr(kIcebergPrefix.size()) : std::string(kFlussPrefix) + key] = value;
    }
  };
  add(table.descriptor.properties);
  add(table.descriptor.custom_properties);
  if (!table.has_primary_key()) return out;
  const bool copies = table.config.lake_delete_mode == LakeDeleteMode::kCopyOnWrite;
  for (const char* key : kModeKeys) out[key] = copies ? "copy-on-write" : "merge-on-read";
  return out;
}

/// Same but for field ids and comments, which the lake may have changed.
bool SameShape(const Type& a, const Type& b) {
  if (a.id != b.id || a.precision != b.precision || a.scale != b.scale || a.length != b.length)
    return false;
  const auto x = a.fields();
  const auto y = b.fields();
  return std::ranges::equal(x, y, [&](const Field& left, const Field& right) {
    return (a.id != TypeId::kStruct || left.name == right.name) &&
           left.required == right.required && SameShape(left.type, right.type);
  });
}

Failure DoesNotFit(const Column& column, const Field& field) {
  return Fail(ErrorCode::kInvalidTable,
              "the lake table has another type for the column '{}': {} is there as {}", column.name,
              column.type.ToString(), field.type.ToString());
}

}  // namespace

bool HasSameOffsetsSince(const TableMetadata& lake, int64_t id) {
  std::optional<int64_t> at = lake.current_snapshot_id;
  for (size_t steps = 0; at && steps <= lake.snapshots.size(); ++steps) {
    if (*at == id) return true;
    const Snapshot* const snapshot = lake.FindSnapshot(*at);
    if (snapshot == nullptr || snapshot->summary.contains(kOffsetsKey)) return false;
    at = snapshot->parent_snapshot_id;
  }
  return false;
}

Result<LakeLayout> LakeLayoutOf(const TableInfo& table) {
  return table.config.lake_layout == weir::LakeLayout::kClean ? LakeLayout::kClean
                                                              : LakeLayout::kFluss;
}

Type IcebergTypeOf(const DataType& type, int32_t& next_id) {
  switch (type.kind) {
    case TypeKind::kBoolean:
      return Type::Of(TypeId::kBoolean);
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
      return Type::Of(TypeId::kInt);
    case TypeKind::kBigInt:
      return Type::Of(TypeId::kLong);
    case TypeKind::kFloat:
      return Type::Of(TypeId::kFloat);
    case TypeKind::kDouble:
      return Type::Of(TypeId::kDouble);
    case TypeKind::kChar:
    case TypeKind::kString:
      return Type::Of(TypeId::kString);
    case TypeKind::kBinary:
    case TypeKind::kBytes:
      return Type::Of(TypeId::kBinary);
    case TypeKind::kDecimal:
      return Type::Decimal(type.precision, type.scale);
    case TypeKind::kDate:
      return Type::Of(TypeId::kDate);
    case TypeKind::kTime:
      return Type::Of(TypeId::kTime);
    case TypeKind::kTimestamp:
      return Type::Of(TypeId::kTimestamp);
    case TypeKind::kTimestampLtz:
      return Type::Of(TypeId::kTimestamptz);
    case TypeKind::kArray: {
      const int32_t id = next_id++;
      return Type::List(id, IcebergTypeOf(type.element(), next_id), !type.element().nullable);
    }
    case TypeKind::kMap: {
      const int32_t key = next_id++;
      const int32_t value = next_id++;
      Type key_type = IcebergTypeOf(type.key(), next_id);
      return Type::Map(key, std::move(key_type), value, IcebergTypeOf(type.value(), next_id),
                       !type.value().nullable);
    }
    case TypeKind::kRow: {
      std::vector<Field> fields;
      for (const weir::Field& field : type.fields()) {
        const int32_t id = next_id++;
        fields.push_back({.id = id,
                          .name = field.name,
                          .required = !field.type.nullable,
                          .type = IcebergTypeOf(field.type, next_id),
                          .doc = field.comment});
      }
      return Type::Struct(std::move(fields));
    }
  }
  return Type::Of(TypeId::kUnknown);
}

Result<NewTable> LakeTableOf(const TableInfo& table, int format_version) {
  ASSIGN_OR_RETURN(const LakeLayout layout, LakeLayoutOf(table));
  ASSIGN_OR_RETURN(Schema schema, LakeSchemaOf(table, layout));
  ASSIGN_OR_RETURN(PartitionSpec spec, LakeSpecOf(table, schema, layout));
  NewTable out{.schema = schema, .spec = std::move(spec), .properties = LakePropertiesOf(table)};
  out.properties["format-version"] = std::to_string(format_version);
  if (layout == LakeLayout::kFluss) {
    out.sort_order.order_id = 1;
    out.sort_order.fields.push_back(
        {.transform = Transform::Identity(), .source_ids = {schema.FindField(kOffsetColumn)->id}});
  }
  return out;
}

Result<std::vector<int32_t>> LakeFieldIds(const weir::Schema& schema, const Schema& lake) {
  std::vector<int32_t> ids;
  for (const Column& column : schema.columns()) {
    const auto field = std::ranges::find(lake.fields(), column.name, &Field::name);
    if (field == lake.fields().end())
      return Fail(ErrorCode::kInvalidTable, "the lake table lacks the column '{}'", column.name);
    int32_t ignored = 1;
    if (!SameShape(IcebergTypeOf(column.type, ignored), field->type))
      return DoesNotFit(column, *field);
    ids.push_back(field->id);
  }
  return ids;
}

Result<std::vector<TableUpdate>> LakeTableChanges(const TableInfo& table,
                                                  const TableMetadata& lake) {
  std::vector<TableUpdate> updates;
  const Schema& old = lake.current_schema();
  std::vector<Field> fields(old.fields().begin(), old.fields().end());
  auto system = std::ranges::find_if(fields, IsSystemColumn, &Field::name) - fields.begin();
  int32_t next_id = lake.last_column_id + 1;
  for (const Column& column : table.schema().columns()) {
    const auto field = std::ranges::find(fields, column.name, &Field::name);
    if (field == fields.end()) {
      const int32_t id = next_id++;
      fields.insert(fields.begin() + system++, FieldOf(column, id, next_id));
      continue;
    }
    int32_t ignored = 1;
    if (!SameShape(IcebergTypeOf(column.type, ignored), field->type))
      return DoesNotFit(column, *field);
  }
  if (fields.size() != old.fields().size()) {
    const auto identifiers = old.identifier_field_ids();
    ASSIGN_OR_RETURN(Schema schema,
                     Schema::Make(0, std::move(fields), {identifiers.begin(), identifiers.end()}));
    updates.push_back(AddSchema{std::move(schema)});
    updates.push_back(SetCurrentSchema{});
  }
  const StringMap wanted = LakePropertiesOf(table);
  SetProperties set;
  RemoveProperties remove;
  for (const auto& [key, value] : wanted) {
    const auto there = lake.properties.find(key);
    // What somebody set on the lake table itself stays; only ours follow.
    const bool ours = key.starts_with(kFlussPrefix);
    if (there == lake.properties.end() || (ours && there->second != value))
      set.updates[key] = value;
  }
  set.updates.erase("format-version");
  for (const auto& [key, value] : lake.properties) {
    if (key.starts_with(kFlussPrefix) && !wanted.contains(key)) remove.removals.push_back(key);
  }
  if (!set.updates.empty()) updates.push_back(std::move(set));
  if (!remove.removals.empty()) updates.push_back(std::move(remove));
  return updates;
}

}  // namespace weir::iceberg
