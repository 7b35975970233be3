#include <algorithm>
#include <set>

#include "lake/lake_catalog_state.h"
#include "lake/location_rules.h"
#include "meta/catalog.h"

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

/// What tiering committed is in the lake and perhaps nowhere else: a table that went back would lack rows for good.
Status CheckGoesOn(const Ident& ident, const TableMetadata& base, const TableMetadata& next) {
  if (!base.current_snapshot_id || next.StandsOn(*base.current_snapshot_id)) return {};
  return Fail(
      ErrorCode::kAuthorization,
      "{} is the lake side of a Weir table: its main branch goes forward only, or rows that "
      "have left the log would be lost; read an older snapshot by its id, a tag or a branch",
      ident.ToString());
}

}  // namespace

Result<LoadedTable> LakeCatalog::Commit(TableCommit commit, const Transaction* extra) {
  ASSIGN_OR_RETURN(std::vector<LoadedTable> tables, Commit({&commit, 1}, extra));
  return std::move(tables.front());
}

/// All tables of a commit or none: locks, what each shall be, its metadata file, then all pointers in one
/// transaction of the store.
class LakeCatalog::State::TableCommits {
 public:
  TableCommits(State& state, std::span<const TableCommit> commits)
      : state_(state), commits_(commits) {}

  Result<std::vector<LoadedTable>> Run(const Transaction* extra) {
    RETURN_IF_ERROR(Lock());
    for (const TableCommit& commit : commits_) RETURN_IF_ERROR(Plan(commit));
    // Files first: a crash here leaves them and nothing else.
    Status done = WriteFiles();
    if (done.ok()) {
      const std::lock_guard change(state_.changes);
      done = MovePointers(extra == nullptr ? Transaction() : *extra);
      if (done.ok()) return Publish();
    }
    if (done.code() != ErrorCode::kCommitStateUnknown) DeleteFiles();
    return Forward(std::move(done));
  }

 private:
  /// The commit lock of every table that is there, by uuid: everybody's order.
  Status Lock() {
    std::set<Ident> idents;
    for (const TableCommit& commit : commits_) {
      if (!idents.insert(commit.ident).second)
        return Fail(ErrorCode::kInvalidTable, "a table is named twice: {}",
                    commit.ident.ToString());
      const auto record = state_.FindTable(commit.ident);
      if (record.ok()) {
        locks_[record->uuid] = state_.CommitLock(record->uuid);
      } else if (!IsCreation(commit)) {
        return Forward(record);
      }
    }
    for (const auto& [uuid, mutex] : locks_) held_.emplace_back(*mutex);
    return {};
  }

  /// What is there now, and what shall be.
  Status Plan(const TableCommit& commit) {
    Step& step = steps_.emplace_back();
    step.commit = &commit;
    if (auto record = state_.FindTable(commit.ident); record.ok()) {
      ASSIGN_OR_RETURN(step.base, state_.Read(record->metadata_location));
      step.before = *record;
    } else if (!IsCreation(commit)) {
      return Forward(record);
    } else {
      const std::shared_lock lock(state_.names);
      RETURN_IF_ERROR(state_.NeedNamespace(commit.ident.levels));
      RETURN_IF_ERROR(state_.NeedFree(commit.ident));
    }
    RETURN_IF_ERROR(CheckRequirements(commit, step.base.get()));
    ASSIGN_OR_RETURN(TableMetadata next,
                     ApplyUpdates(step.base == nullptr ? TableMetadata() : *step.base,
                                  commit.updates, state_.clock.NowMs()));
    return step.is_new() ? PlanNew(step, std::move(next)) : PlanChange(step, std::move(next));
  }

  Status PlanNew(Step& step, TableMetadata next) {
    const TableCommit& commit = *step.commit;
    if (next.table_uuid.empty()) next.table_uuid = NewUuid();
    if (next.location.empty())
      next.location = AllocateLocation(state_.options.warehouse, commit.ident.levels,
                                       commit.ident.name, next.table_uuid);
    step.after = {.metadata_location = {},
                  .uuid = next.table_uuid,
                  .root = next.location,
                  .tiered_by = commit.tiered_by};
    RETURN_IF_ERROR(CheckPlace(commit.ident, next.location));
    return SetNext(step, std::move(next));
  }

  Status PlanChange(Step& step, TableMetadata next) {
    step.after = *step.before;
    if (next == *step.base) {
      step.next = step.base;
      return {};
    }
    if (step.before->tiered_by) RETURN_IF_ERROR(CheckGoesOn(step.commit->ident, *step.base, next));
    if (next.location != step.base->location)
      RETURN_IF_ERROR(CheckPlace(step.commit->ident, next.location));
    RecordMetadataFile(*step.base, step.before->metadata_location, next);
    return SetNext(step, std::move(next));
  }

  Status CheckPlace(const Ident& table, const std::string& root) const {
    const std::shared_lock lock(state_.names);
    return state_.NeedOwnPlace(table, root);
  }

  Status SetNext(Step& step, TableMetadata next) const {
    RETURN_IF_ERROR(CheckLocations(next, state_.RootsOf(step.after.root)));
    step.next = std::make_shared<const TableMetadata>(std::move(next));
    return {};
  }

  Status WriteFiles() {
    for (Step& step : steps_) {
      if (step.next == step.base) continue;
      ASSIGN_OR_RETURN(
          step.after.metadata_location,
          state_.WriteMetadata(*step.next, step.before ? step.before->metadata_location : ""));
      step.wrote = true;
    }
    return {};
  }

  void DeleteFiles() {
    for (const Step& step : steps_) {
      if (step.wrote) (void)state_.files.Delete(step.after.metadata_location);
    }
  }

  /// Names may have changed meanwhile; metadata may not. The caller holds `changes`.
  Status MovePointers(Transaction transaction) {
    for (Step& step : steps_) {
      RETURN_IF_ERROR(step.is_new() ? CheckStillFree(step) : CheckStillThere(step));
      if (!step.wrote) continue;
      if (step.after.tiered_by) NeedTable(*step.after.tiered_by, transaction);
      transaction.Put(IdentKey(kTableKeys, step.commit->ident), ToText(step.after));
    }
    return transaction.empty() ? Status() : state_.CommitPointers(transaction);
  }

  Status CheckStillFree(const Step& step) const {
    const Ident& ident = step.commit->ident;
    RETURN_IF_ERROR(state_.NeedNamespace(ident.levels));
    RETURN_IF_ERROR(state_.NeedFree(ident));
    return state_.NeedOwnPlace(ident, step.after.root);
  }

  Status CheckStillThere(Step& step) const {
    const Ident& ident = step.commit->ident;
    const auto now = state_.tables.find(ident);
    if (now == state_.tables.end() ||
        now->second.metadata_location != step.before->metadata_location)
      return Fail(ErrorCode::kCommitConflict,
                  "Requirement failed: {} was dropped, renamed or replaced meanwhile",
                  ident.ToString());
    step.after.tiered_by = now->second.tiered_by;
    return {};
  }

  /// In memory, as the store has it. The caller holds `changes`.
  std::vector<LoadedTable> Publish() {
    std::vector<LoadedTable> out;
    const std::unique_lock lock(state_.names);
    for (Step& step : steps_) {
      const Ident& ident = step.commit->ident;
      state_.tables[ident] = step.after;
      if (step.is_new() && step.after.tiered_by) state_.tiered[*step.after.tiered_by] = ident;
      out.push_back({.ident = ident,
                     .metadata = std::move(step.next),
                     .metadata_location = step.after.metadata_location,
                     .tiered_by = step.after.tiered_by});
    }
    return out;
  }

  State& state_;
  const std::span<const TableCommit> commits_;
  std::map<std::string, std::shared_ptr<std::mutex>> locks_;
  std::vector<std::unique_lock<std::mutex>> held_;
  std::vector<Step> steps_;
};

Result<std::vector<LoadedTable>> LakeCatalog::Commit(std::span<const TableCommit> commits,
                                                     const Transaction* extra) {
  return State::TableCommits(*state_, commits).Run(extra);
}

}  // namespace weir::iceberg
