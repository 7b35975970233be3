#include "catalog/table_commits.h"

#include <algorithm>

#include "catalog/idempotency_keys.h"
#include "catalog/live_tables.h"
#include "catalog/rest_json.h"
#include "meta/store.h"

namespace weir::iceberg {
namespace {

namespace json = boost::json;

/// What follows the Weir table in the lake, and is not for others to change.
bool IsShape(const TableUpdate& update) {
  return std::holds_alternative<AssignUuid>(update) ||
         std::holds_alternative<UpgradeFormatVersion>(update) ||
         std::holds_alternative<AddSchema>(update) ||
         std::holds_alternative<SetCurrentSchema>(update) ||
         std::holds_alternative<RemoveSchemas>(update) || std::holds_alternative<AddSpec>(update) ||
         std::holds_alternative<SetDefaultSpec>(update) ||
         std::holds_alternative<RemovePartitionSpecs>(update) ||
         std::holds_alternative<SetLocation>(update);
}

RestStatus CheckShape(RestContext& context, const TableCommit& commit) {
  if (std::ranges::none_of(commit.updates, IsShape)) return {};
  const auto table = context.lake.LoadTable(commit.ident);
  if (!table.ok() || !table->tiered_by) return {};  // the commit itself says what is wrong
  return Refuse(RestErrorKind::kForbidden,
                "{} is the lake side of a Weir table: change its columns there, by SQL or a Fluss "
                "client",
                commit.ident.ToString());
}

/// Every commit on top of what is really there, whatever the client saw.
RestResult<std::vector<TableCommit>> Rebased(RestContext& context,
                                             std::span<const TableCommit> commits) {
  std::vector<TableCommit> out;
  for (const TableCommit& commit : commits) {
    ASSIGN_OR_RETURN(out.emplace_back(), context.live.Rebase(commit));
  }
  return out;
}

}  // namespace

RestResult<TableCommit> TableCommitOf(const json::object& body, Ident ident) {
  TableCommit out{.ident = std::move(ident), .requirements = {}, .updates = {}};
  ASSIGN_OR_RETURN(const json::array* requirements, ArrayMember(body, "requirements"));
  for (const json::value& one : *requirements) {
    ASSIGN_OR_RETURN(out.requirements.emplace_back(), TableRequirementFromJson(one));
  }
  ASSIGN_OR_RETURN(const json::array* updates, ArrayMember(body, "updates"));
  for (const json::value& one : *updates) {
    ASSIGN_OR_RETURN(out.updates.emplace_back(), TableUpdateFromJson(one));
  }
  return out;
}

RestResult<std::vector<LoadedTable>> CommitTables(RestContext& context, const RestRequest& request,
                                                  std::span<const TableCommit> commits) {
  for (const TableCommit& commit : commits) RETURN_IF_ERROR(CheckShape(context, commit));
  ASSIGN_OR_RETURN(const auto rebased, Rebased(context, commits));
  for (const TableCommit& commit : rebased) RETURN_IF_ERROR(context.live.BeforeRemoval(commit));
  Transaction beside;
  if (!request.headers.idempotency_key.empty()) context.keys.Mark(request, beside);
  auto committed = context.lake.Commit(rebased, beside.empty() ? nullptr : &beside);
  if (!committed.ok() && committed.code() == ErrorCode::kCommitConflict)
    context.metrics.conflicts.Add();
  ASSIGN_OR_RETURN(std::vector<LoadedTable> tables, std::move(committed));
  return tables;
}

}  // namespace weir::iceberg
