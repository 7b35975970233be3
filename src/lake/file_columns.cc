#include "lake/file_columns.h"

#include <algorithm>
#include <string_view>

#include "lake/arrow_types.h"

namespace weir::iceberg {
namespace {

arrow::FieldVector ChildrenOf(const arrow::DataType& type) {
  if (type.id() != arrow::Type::MAP) return type.fields();
  const auto& map = static_cast<const arrow::MapType&>(type);
  return {map.key_field(), map.item_field()};
}

/// The name under which a mapping knows a child: files may call elements and entries anything.
std::string_view MappedName(const arrow::DataType& parent, const arrow::Field& child, size_t i) {
  if (parent.id() == arrow::Type::MAP) return i == 0 ? "key" : "value";
  if (parent.id() == arrow::Type::STRUCT) return child.name();
  return "element";
}

bool AnyId(const arrow::FieldVector& fields) {
  return std::ranges::any_of(fields, [](const auto& field) {
    return FieldIdOf(*field) || AnyId(field->type()->fields());
  });
}

FileColumn ColumnOf(std::shared_ptr<arrow::Field> field, const MappedField* mapped, bool by_name,
                    int& next_leaf) {
  FileColumn column{.field = std::move(field), .first_leaf = next_leaf};
  column.id = FieldIdOf(*column.field);
  if (by_name && mapped != nullptr) column.id = mapped->field_id;
  const arrow::FieldVector children = ChildrenOf(*column.field->type());
  for (size_t i = 0; i < children.size(); ++i) {
    const MappedField* child =
        mapped == nullptr
            ? nullptr
            : FindMapped(mapped->fields, MappedName(*column.field->type(), *children[i], i));
    column.children.push_back(ColumnOf(children[i], child, by_name, next_leaf));
  }
  if (children.empty()) ++next_leaf;
  column.leaves = next_leaf - column.first_leaf;
  return column;
}

void AddLeaves(const Type& wanted, const FileColumn& column, std::vector<int>& leaves) {
  const size_t before = leaves.size();
  for (const Field& field : wanted.fields()) {
    if (const FileColumn* child = FindColumn(column.children, field.id); child != nullptr) {
      AddLeaves(field.type, *child, leaves);
    }
  }
  // A leaf, or something nested of which nothing is wanted.
  if (leaves.size() == before && column.leaves > 0) leaves.push_back(column.first_leaf);
  // A map is read with its key, whatever is wanted of it.
  if (wanted.id == TypeId::kMap && !column.children.empty()) {
    const FileColumn& key = column.children[0];
    for (int i = 0; i < key.leaves; ++i) leaves.push_back(key.first_leaf + i);
  }
}

}  // namespace

std::vector<FileColumn> ColumnsOf(const arrow::Schema& schema, const NameMapping* mapping) {
  const bool by_name = mapping != nullptr && !AnyId(schema.fields());
  std::vector<FileColumn> columns;
  int next_leaf = 0;
  for (const auto& field : schema.fields()) {
    const MappedField* mapped = by_name ? FindMapped(mapping->fields, field->name()) : nullptr;
    columns.push_back(ColumnOf(field, mapped, by_name, next_leaf));
  }
  return columns;
}

const FileColumn* FindColumn(std::span<const FileColumn> columns, int32_t id) {
  const auto found = std::ranges::find(columns, std::optional(id), &FileColumn::id);
  return found == columns.end() ? nullptr : &*found;
}

std::vector<int> LeavesFor(std::span<const Field> wanted, std::span<const FileColumn> columns) {
  std::vector<int> leaves;
  for (const Field& field : wanted) {
    if (const FileColumn* column = FindColumn(columns, field.id); column != nullptr) {
      AddLeaves(field.type, *column, leaves);
    }
  }
  std::ranges::sort(leaves);
  leaves.erase(std::ranges::unique(leaves).begin(), leaves.end());
  return leaves;
}

}  // namespace weir::iceberg
