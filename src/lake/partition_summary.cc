#include "lake/partition_summary.h"

#include <cmath>

namespace weir::iceberg {
namespace {

bool IsFloating(const Type& type) {
  return type.id == TypeId::kFloat || type.id == TypeId::kDouble;
}

}  // namespace

bool IsNan(const Literal& value) {
  return IsFloating(value.type()) && std::isnan(value.AsDouble());
}

PartitionSummary::PartitionSummary(const Type& partition_type) {
  for (const Field& field : partition_type.fields()) columns_.push_back({.type = field.type});
}

void PartitionSummary::Add(const PartitionValues& partition) {
  for (size_t i = 0; i < columns_.size(); ++i) {
    Column& column = columns_[i];
    const Literal* value = i < partition.size() && partition[i] ? &*partition[i] : nullptr;
    if (value == nullptr) {
      column.contains_null = true;
      continue;
    }
    if (IsNan(*value)) {
      column.contains_nan = true;
      continue;
    }
    const std::optional<Literal> typed =
        value->type() == column.type ? std::optional(*value) : Promote(*value, column.type);
    if (!typed) {  // written as null, see EncodeLiteral
      column.contains_null = true;
      continue;
    }
    if (!column.lower || Compare(*typed, *column.lower) < 0) column.lower = typed;
    if (!column.upper || Compare(*typed, *column.upper) > 0) column.upper = typed;
  }
}

std::vector<FieldSummary> PartitionSummary::fields() const {
  std::vector<FieldSummary> out;
  for (const Column& column : columns_) {
    FieldSummary summary{.contains_null = column.contains_null};
    summary.contains_nan = column.contains_nan;
    if (column.lower) summary.lower_bound = ToBinary(*column.lower);
    if (column.upper) summary.upper_bound = ToBinary(*column.upper);
    out.push_back(std::move(summary));
  }
  return out;
}

}  // namespace weir::iceberg
