#include "lake/row_group_filter.h"

#include <map>
#include <utility>

#include "lake/parquet_statistics.h"
#include "lake/value_domain.h"

namespace weir::iceberg {
namespace {

/// Types of the columns that the condition compares with something.
void CollectTypes(const Expression& bound, std::map<int32_t, Type>& types) {
  for (const Expression& child : bound.children) CollectTypes(child, types);
  if (!bound.values.empty()) types.emplace(bound.field_id, bound.values[0].type());
}

ValueDomain DomainOf(const parquet::ColumnChunkMetaData& chunk, const Type* type) {
  ValueDomain domain;
  const auto statistics = chunk.statistics();
  if (statistics != nullptr && statistics->HasNullCount()) {
    domain.may_be_null = statistics->null_count() > 0;
    const bool only_nulls = statistics->null_count() == chunk.num_values();
    domain.may_be_value = domain.may_be_nan = !only_nulls;
  }
  if (type == nullptr) return domain;
  if (const auto range = RangeOf(*type, chunk)) {
    domain.lower = range->lower;
    domain.upper = range->upper;
  }
  return domain;
}

}  // namespace

std::vector<int> RowGroupsFor(const Expression& bound, const parquet::FileMetaData& footer,
                              std::span<const FileColumn> columns) {
  std::map<int32_t, Type> types;
  CollectTypes(bound, types);
  std::vector<int> groups;
  for (int group = 0; group < footer.num_row_groups(); ++group) {
    const auto row_group = footer.RowGroup(group);
    const auto domain = [&](int32_t field_id) -> ValueDomain {
      const FileColumn* column = FindColumn(columns, field_id);
      // A missing column has a default, and nested ones are not counted by rows.
      if (column == nullptr || !column->children.empty()) return {};
      const auto type = types.find(field_id);
      return DomainOf(*row_group->ColumnChunk(column->first_leaf),
                      type == types.end() ? nullptr : &type->second);
    };
    if (MayHold(bound, domain)) groups.push_back(group);
  }
  return groups;
}

}  // namespace weir::iceberg
