// Changes of a table's columns, partitions and order.
#include <algorithm>

#include "lake/table_change.h"

namespace weir::iceberg {
namespace {

/// A number that comes after the highest one there is.
Result<int32_t> CheckId(std::string_view what, int64_t id) {
  if (id > INT32_MAX) return RefuseUpdate("the numbers for a new {} run out", what);
  return static_cast<int32_t>(id);
}

/// Types and defaults that the format version does not have.
Status CheckVersionOf(std::span<const Field> fields, int format_version) {
  for (const Field& field : fields) {
    if (FormatVersionOf(field.type) > format_version) {
      return RefuseUpdate(
          "a type needs a newer format version: column={:.200} type={:.200} version={}", field.name,
          field.type.ToString(), format_version);
    }
    if (field.initial_default != nullptr && format_version < 3) {
      return RefuseUpdate("a default needs format version 3: column={:.200}", field.name);
    }
    if (field.type.is_nested())
      RETURN_IF_ERROR(CheckVersionOf(field.type.fields(), format_version));
  }
  return {};
}

}  // namespace

Status TableChange::operator()(const AddSchema& update) {
  RETURN_IF_ERROR(CheckVersionOf(update.schema.fields(), table_.format_version));
  int64_t id = 0;
  for (const Schema& schema : table_.schemas) {
    if (schema.SameFields(update.schema)) {
      last_schema_ = schema.schema_id();
      return {};
    }
    id = std::max(id, int64_t{schema.schema_id()} + 1);
  }
  ASSIGN_OR_RETURN(last_schema_, CheckId("schema", id));
  table_.schemas.push_back(update.schema.WithId(*last_schema_));
  table_.last_column_id = std::max(table_.last_column_id, update.schema.HighestFieldId());
  return {};
}

Status TableChange::operator()(const SetCurrentSchema& update) {
  if (update.schema_id == kLastAdded && !last_schema_) {
    return RefuseUpdate("cannot set last added schema: no schema has been added");
  }
  const int32_t id = update.schema_id == kLastAdded ? *last_schema_ : update.schema_id;
  if (table_.FindSchema(id) == nullptr) {
    return RefuseUpdate("cannot set current schema to unknown schema: id={}", id);
  }
  table_.current_schema_id = id;
  return {};
}

/// Columns of new specs and orders are those of the current schema; of a table being made, also those of a
/// schema that is not current yet.
const Schema* TableChange::BindingSchema() const {
  const Schema* schema = table_.FindSchema(table_.current_schema_id);
  return schema == nullptr && last_schema_ ? table_.FindSchema(*last_schema_) : schema;
}

/// Equal fields of older specs keep their id, the others get new ones; version 1 counts from the start in
/// each spec.
Status TableChange::AssignFieldIds(PartitionSpec& spec) {
  int64_t highest = std::max(table_.last_partition_id, spec.HighestFieldId());
  std::set<int32_t> used;
  for (const PartitionField& field : spec.fields) {
    if (field.field_id != 0 && !used.insert(field.field_id).second) {
      return RefuseUpdate("a partition field id is used twice: id={}", field.field_id);
    }
  }
  const auto known = [&](const PartitionField& field) -> int32_t {
    for (const PartitionSpec& old : table_.partition_specs) {
      for (const PartitionField& other : old.fields) {
        const bool same = other.source_ids == field.source_ids &&
                          other.transform == field.transform && other.name == field.name;
        if (same && !used.contains(other.field_id)) return other.field_id;
      }
    }
    return 0;
  };
  int32_t next = kPartitionFieldIdFirst;
  for (PartitionField& field : spec.fields) {
    if (table_.format_version == 1) {
      if (field.field_id == 0) field.field_id = next;
      if (field.field_id != next++) {
        return RefuseUpdate("a spec does not use the sequential ids that version 1 requires: id={}",
                            field.field_id);
      }
      continue;
    }
    if (field.field_id != 0) continue;
    field.field_id = known(field);
    if (field.field_id == 0) {
      ASSIGN_OR_RETURN(field.field_id, CheckId("partition field", ++highest));
    }
    used.insert(field.field_id);
  }
  return {};
}

Status TableChange::operator()(const AddSpec& update) {
  int64_t id = 0;
  for (const PartitionSpec& spec : table_.partition_specs) {
    if (spec.SameLayout(update.spec)) {
      last_spec_ = spec.spec_id;
      return {};
    }
    id = std::max(id, int64_t{spec.spec_id} + 1);
  }
  const Schema* schema = BindingSchema();
  if (schema == nullptr) return RefuseUpdate("cannot add a partition spec before a schema");
  RETURN_IF_ERROR(CheckSpec(update.spec, *schema));
  PartitionSpec spec = update.spec;
  ASSIGN_OR_RETURN(spec.spec_id, CheckId("partition spec", id));
  RETURN_IF_ERROR(AssignFieldIds(spec));
  table_.last_partition_id = std::max(table_.last_partition_id, spec.HighestFieldId());
  last_spec_ = spec.spec_id;
  table_.partition_specs.push_back(std::move(spec));
  return {};
}

Status TableChange::operator()(const SetDefaultSpec& update) {
  if (update.spec_id == kLastAdded && !last_spec_) {
    return RefuseUpdate("cannot set last added spec: no spec has been added");
  }
  const int32_t id = update.spec_id == kLastAdded ? *last_spec_ : update.spec_id;
  if (table_.FindSpec(id) == nullptr) {
    return RefuseUpdate("cannot set default partition spec to unknown spec: id={}", id);
  }
  table_.default_spec_id = id;
  return {};
}

Status TableChange::operator()(const AddSortOrder& update) {
  int64_t id = update.order.is_unsorted() ? 0 : 1;
  for (const SortOrder& order : table_.sort_orders) {
    if (order.fields == update.order.fields) {
      last_order_ = order.order_id;
      return {};
    }
    if (!update.order.is_unsorted()) id = std::max(id, int64_t{order.order_id} + 1);
  }
  const Schema* schema = BindingSchema();
  if (schema == nullptr) return RefuseUpdate("cannot add a sort order before a schema");
  RETURN_IF_ERROR(CheckSortOrder(update.order, *schema));
  ASSIGN_OR_RETURN(last_order_, CheckId("sort order", id));
  table_.sort_orders.push_back({*last_order_, update.order.fields});
  return {};
}

Status TableChange::operator()(const SetDefaultSortOrder& update) {
  if (update.order_id == kLastAdded && !last_order_) {
    return RefuseUpdate("cannot set last added sort order: no sort order has been added");
  }
  const int32_t id = update.order_id == kLastAdded ? *last_order_ : update.order_id;
  if (table_.FindSortOrder(id) == nullptr) {
    return RefuseUpdate("cannot set default sort order to unknown order: id={}", id);
  }
  table_.default_sort_order_id = id;
  return {};
}

}  // namespace weir::iceberg
