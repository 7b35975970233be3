#include <algorithm>
#include <set>

#include "lake/lake_catalog_state.h"
#include "lake/location_rules.h"

namespace weir::iceberg {
namespace {

/// One table of a commit on its way.
struct Step {
  const TableCommit* commit = nullptr;
  std::optional<LakeRecord> before;  // nothing: the table is being created
  std::shared_ptr<const TableMetadata> base;
  std::shared_ptr<const TableMetadata> next;
  LakeRecord after;
  bool wrote = false;

  bool is_new() const { return !before; }
};

bool IsCreation(const TableCommit& commit) {
  return std::ranges::any_of(commit.requirements, [](const TableRequirement& requirement) {
    return std::holds_alternative<AssertCreate>(requirement);
  });
}

Status CheckRequirements(const TableCommit& commit, const TableMetadata* base) {
  for (const TableRequirement& requirement : commit.requirements)
    RETURN_IF_ERROR(CheckRequirement(requirement, base));
  return {};
}

}  // namespace

Result<LoadedTable> LakeCatalog::Commit(TableCommit commit, const Transaction* extra) {
  ASSIGN_OR_RETURN(std::vector<LoadedTable> tables, Commit({&commit, 1}, extra));
  return std::move(tables.front());
}

Result<std::vector<LoadedTable>> LakeCatalog::Commit(std::span<const TableCommit> commits,
                                                     const Transaction* extra) {
  State& s = *state_;
  std::set<Ident> idents;
  std::map<std::string, std::shared_ptr<std::mutex>> locks;  // by uuid: everybody's order
  for (const TableCommit& commit : commits) {
    if (!idents.insert(commit.ident).second)
      return Fail(ErrorCode::kInvalidTable, "a table is named twice: {}", commit.ident.ToString());
    const auto record = s.FindTable(commit.ident);
    if (record.ok()) {
      locks[record->uuid] = s.CommitLock(record->uuid);
    } else if (!IsCreation(commit)) {
      return Forward(record);
    }
  }
  std::vector<std::unique_lock<std::mutex>> held;
  for (const auto& [uuid, mutex] : locks) held.emplace_back(*mutex);

  // What is there now, and what shall be.
  std::vector<Step> steps;
  for (const TableCommit& commit : commits) {
    Step& step = steps.emplace_back();
    step.commit = &commit;
    if (auto record = s.FindTable(commit.ident); record.ok()) {
      ASSIGN_OR_RETURN(step.base, s.Read(record->metadata_location));
      step.before = *record;
    } else if (!IsCreation(commit)) {
      return Forward(record);
    } else {
      const std::shared_lock lock(s.names);
      RETURN_IF_ERROR(s.NeedNamespace(commit.ident.levels));
      RETURN_IF_ERROR(s.NeedFree(commit.ident));
    }
    RETURN_IF_ERROR(CheckRequirements(commit, step.base.get()));
    ASSIGN_OR_RETURN(TableMetadata next,
                     ApplyUpdates(step.base == nullptr ? TableMetadata() : *step.base,
                                  commit.updates, s.clock.NowMs()));
    if (step.is_new()) {
      if (next.table_uuid.empty()) next.table_uuid = NewUuid();
      if (next.location.empty())
        next.location = AllocateLocation(s.options.warehouse, commit.ident.levels,
                                         commit.ident.name, next.table_uuid);
      step.after = {.metadata_location = {},
                    .uuid = next.table_uuid,
                    .root = next.location,
                    .tiered_by = commit.tiered_by};
      const std::shared_lock lock(s.names);
      RETURN_IF_ERROR(s.NeedOwnPlace(commit.ident, step.after.root));
    } else {
      step.after = *step.before;
      if (next == *step.base) {
        step.next = step.base;
        continue;
      }
      if (next.location != step.base->location) {
        const std::shared_lock lock(s.names);
        RETURN_IF_ERROR(s.NeedOwnPlace(commit.ident, next.location));
      }
      RecordMetadataFile(*step.base, step.before->metadata_location, next);
    }
    RETURN_IF_ERROR(CheckLocations(next, s.RootsOf(step.after.root)));
    step.next = std::make_shared<const TableMetadata>(std::move(next));
  }

  // Files first: a crash here leaves them and nothing else.
  const auto give_up = [&](Status why) -> Failure {
    for (const Step& step : steps) {
      if (step.wrote) (void)s.files.Delete(step.after.metadata_location);
    }
    return Forward(std::move(why));
  };
  for (Step& step : steps) {
    if (step.next == step.base) continue;
    auto location = s.WriteMetadata(*step.next, step.before ? step.before->metadata_location : "");
    if (!location.ok()) return give_up(Forward(std::move(location)));
    step.after.metadata_location = *std::move(location);
    step.wrote = true;
  }

  // Then all pointers at once. Names may have changed meanwhile; metadata may not.
  const std::lock_guard change(s.changes);
  Transaction transaction = extra == nullptr ? Transaction() : *extra;
  for (Step& step : steps) {
    const Ident& ident = step.commit->ident;
    if (step.is_new()) {
      Status free = s.NeedNamespace(ident.levels);
      if (free.ok()) free = s.NeedFree(ident);
      if (free.ok()) free = s.NeedOwnPlace(ident, step.after.root);
      if (!free.ok()) return give_up(std::move(free));
    } else {
      const auto now = s.tables.find(ident);
      if (now == s.tables.end() || now->second.metadata_location != step.before->metadata_location)
        return give_up(Fail(ErrorCode::kCommitConflict,
                            "Requirement failed: {} was dropped, renamed or replaced meanwhile",
                            ident.ToString()));
      step.after.tiered_by = now->second.tiered_by;
    }
    if (step.wrote) transaction.Put(IdentKey(kTableKeys, ident), ToText(step.after));
  }
  if (!transaction.empty()) {
    Status done = s.CommitPointers(transaction);
    if (done.code() == ErrorCode::kCommitStateUnknown) return Forward(std::move(done));
    if (!done.ok()) return give_up(std::move(done));
  }
  std::vector<LoadedTable> out;
  const std::unique_lock lock(s.names);
  for (Step& step : steps) {
    const Ident& ident = step.commit->ident;
    s.tables[ident] = step.after;
    if (step.is_new() && step.after.tiered_by) s.tiered[*step.after.tiered_by] = ident;
    out.push_back({.ident = ident,
                   .metadata = std::move(step.next),
                   .metadata_location = step.after.metadata_location,
                   .tiered_by = step.after.tiered_by});
  }
  return out;
}

}  // namespace weir::iceberg
