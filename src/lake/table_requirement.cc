#include "lake/table_update.h"

namespace weir::iceberg {
namespace {

bool SameIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

/// Clients show these messages as they are, and Iceberg's compatibility kit compares their beginnings; hence
/// the upper case.
template <class... A>
Failure Unmet(fmt::format_string<A...> message, A&&... args) {
  return Fail(ErrorCode::kCommitConflict, "Requirement failed: {}",
              fmt::format(message, std::forward<A>(args)...));
}

Status CheckId(std::string_view what, int32_t expected, int32_t found) {
  if (expected == found) return {};
  return Unmet("{} changed: expected id {} != {}", what, expected, found);
}

Status CheckRef(const AssertRefSnapshotId& requirement, const TableMetadata& table) {
  const auto found = table.refs.find(requirement.ref);
  if (found == table.refs.end()) {
    if (!requirement.snapshot_id) return {};
    return Unmet("branch or tag {:.200} is missing, expected {}", requirement.ref,
                 *requirement.snapshot_id);
  }
  const std::string_view type = found->second.type == RefType::kBranch ? "branch" : "tag";
  if (!requirement.snapshot_id) {
    return Unmet("{} {:.200} was created concurrently", type, requirement.ref);
  }
  if (*requirement.snapshot_id == found->second.snapshot_id) return {};
  return Unmet("{} {:.200} has changed: expected id {} != {}", type, requirement.ref,
               *requirement.snapshot_id, found->second.snapshot_id);
}

struct Check {
  const TableMetadata& table;

  Status operator()(const AssertCreate&) const { return Unmet("table already exists"); }
  Status operator()(const AssertTableUuid& want) const {
    if (SameIgnoringCase(want.uuid, table.table_uuid)) return {};
    return Unmet("UUID does not match: expected {} != {:.200}", table.table_uuid, want.uuid);
  }
  Status operator()(const AssertRefSnapshotId& want) const { return CheckRef(want, table); }
  Status operator()(const AssertLastAssignedFieldId& want) const {
    return CheckId("last assigned field id", want.id, table.last_column_id);
  }
  Status operator()(const AssertCurrentSchemaId& want) const {
    return CheckId("current schema", want.id, table.current_schema_id);
  }
  Status operator()(const AssertLastAssignedPartitionId& want) const {
    return CheckId("last assigned partition id", want.id, table.last_partition_id);
  }
  Status operator()(const AssertDefaultSpecId& want) const {
    return CheckId("default partition spec", want.id, table.default_spec_id);
  }
  Status operator()(const AssertDefaultSortOrderId& want) const {
    return CheckId("default sort order", want.id, table.default_sort_order_id);
  }
};

}  // namespace

Status CheckRequirement(const TableRequirement& requirement, const TableMetadata* table) {
  if (table != nullptr) return std::visit(Check{*table}, requirement);
  if (std::holds_alternative<AssertCreate>(requirement)) return {};
  return Unmet("the table does not exist");
}

}  // namespace weir::iceberg
