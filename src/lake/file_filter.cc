#include "lake/file_filter.h"

#include "lake/manifest.h"
#include "lake/partition_projection.h"
#include "lake/partition_summary.h"
#include "lake/table_metadata.h"
#include "lake/value_domain.h"

namespace weir::iceberg {
namespace {

bool IsFloating(const Type& type) {
  return type.id == TypeId::kFloat || type.id == TypeId::kDouble;
}

std::optional<int64_t> Find(const std::map<int32_t, int64_t>& counts, int32_t field_id) {
  const auto found = counts.find(field_id);
  if (found == counts.end() || found->second < 0) return std::nullopt;
  return found->second;
}

/// A bound that cannot be read is unknown.
std::optional<Literal> Bound(const Type& type, const std::optional<std::string>& bytes) {
  if (!bytes) return std::nullopt;
  const Result<Literal> literal = LiteralFromBinary(type, *bytes);
  if (!literal.ok() || IsNan(*literal)) return std::nullopt;
  return *literal;
}

std::optional<std::string> Find(const std::map<int32_t, std::string>& bounds, int32_t field_id) {
  const auto found = bounds.find(field_id);
  if (found == bounds.end()) return std::nullopt;
  return found->second;
}

ValueDomain DomainOfColumn(const DataFile& file, const Schema& schema, int32_t field_id) {
  const Field* field = schema.FindField(field_id);
  if (field == nullptr) return {};
  const auto values = Find(file.value_counts, field_id);
  const auto nulls = Find(file.null_value_counts, field_id);
  const auto nans = Find(file.nan_value_counts, field_id);
  ValueDomain domain;
  domain.may_be_null = nulls.value_or(1) > 0;
  domain.may_be_nan = IsFloating(field->type) && nans.value_or(1) > 0;
  if (values && nulls && *values - *nulls - nans.value_or(0) <= 0) {
    domain.may_be_value = false;
    if (*values <= *nulls) domain.may_be_nan = false;
  }
  domain.lower = Bound(field->type, Find(file.lower_bounds, field_id));
  domain.upper = Bound(field->type, Find(file.upper_bounds, field_id));
  return domain;
}

ValueDomain DomainOfValue(const PartitionValues& partition, int32_t position) {
  const auto at = static_cast<size_t>(position);
  if (at >= partition.size()) return {};
  const auto& value = partition[at];
  const bool nan = value && IsNan(*value);
  ValueDomain domain{.may_be_null = !value, .may_be_value = value && !nan, .may_be_nan = nan};
  if (domain.may_be_value) domain.lower = domain.upper = value;
  return domain;
}

ValueDomain DomainOfSummary(const ManifestFile& manifest, const Type& partition_type,
                            int32_t position) {
  const auto at = static_cast<size_t>(position);
  if (at >= manifest.partitions.size() || at >= partition_type.fields().size()) return {};
  const Type& type = partition_type.fields()[at].type;
  const FieldSummary& summary = manifest.partitions[at];
  ValueDomain domain;
  domain.may_be_null = summary.contains_null;
  domain.may_be_nan = IsFloating(type) && summary.contains_nan.value_or(true);
  domain.lower = Bound(type, summary.lower_bound);
  domain.upper = Bound(type, summary.upper_bound);
  domain.may_be_value = summary.lower_bound.has_value() || !summary.contains_null ||
                        (IsFloating(type) && summary.contains_nan.value_or(true));
  return domain;
}

}  // namespace

Result<FileFilter> FileFilter::Make(const Expression& condition, const TableMetadata& table,
                                    bool case_sensitive) {
  FileFilter filter;
  filter.schema_ = table.current_schema();
  ASSIGN_OR_RETURN(filter.bound_, Bind(condition, filter.schema_, case_sensitive));
  for (const PartitionSpec& spec : table.partition_specs) {
    ASSIGN_OR_RETURN(Type type, PartitionType(spec, SchemaForSpec(spec, table)));
    filter.by_spec_[spec.spec_id] = {ProjectOnPartition(filter.bound_, spec), std::move(type)};
  }
  return filter;
}

bool FileFilter::MayMatch(const ManifestFile& manifest) const {
  const auto found = by_spec_.find(manifest.partition_spec_id);
  if (found == by_spec_.end()) return true;
  const auto& [condition, type] = found->second;
  return MayHold(condition,
                 [&](int32_t position) { return DomainOfSummary(manifest, type, position); });
}

bool FileFilter::PartitionMayMatch(const DataFile& file) const {
  const auto found = by_spec_.find(file.spec_id);
  if (found == by_spec_.end()) return true;
  return MayHold(found->second.condition,
                 [&](int32_t position) { return DomainOfValue(file.partition, position); });
}

bool FileFilter::MayMatch(const DataFile& file) const {
  if (!PartitionMayMatch(file)) return false;
  return MayHold(bound_, [&](int32_t field_id) { return DomainOfColumn(file, schema_, field_id); });
}

}  // namespace weir::iceberg
