#include "tiering/earlier_rounds.h"

#include <fmt/format.h>

#include "base/log.h"
#include "lake/file_io.h"
#include "lake/snapshot_fate.h"
#include "meta/store.h"
#include "tiering/covered_offsets.h"
#include "tiering/round_names.h"

namespace weir {
namespace {

using iceberg::SnapshotFate;

/// Files of open commits stay where they are, so there must not be many.
constexpr size_t kOpenMax = 4;
/// No request is on its way for longer. What is still open then is left to the orphan sweep, which takes only what
/// no snapshot leads to after days.
constexpr int64_t kOpenMsMax = 3600 * 1000;

/// Of a table that may be gone; for messages.
std::string NameOf(const RoundEnvironment& environment, TableId table) {
  const TableRef found = environment.catalog.FindTable(table);
  return found != nullptr ? found->path.ToString() : fmt::format("{} (dropped)", table.value);
}

Status Sweep(const RoundEnvironment& environment, TableId table, const RoundName& name) {
  ASSIGN_OR_RETURN(const auto files, environment.io.List(name.location));
  const std::string snapshot = fmt::format("{}", name.snapshot_id);
  int64_t swept = 0;
  for (const iceberg::FileStat& file : files) {
    const size_t slash = file.location.rfind('/');
    const std::string_view of_file = std::string_view(file.location).substr(slash + 1);
    if (!of_file.starts_with(name.round) && of_file.find(snapshot) == std::string_view::npos)
      continue;
    RETURN_IF_ERROR(environment.io.Delete(file.location));
    ++swept;
  }
  LogInfo("tiering", "files of a round that did not commit are gone: table={} files={}",
          NameOf(environment, table), swept);
  return {};
}

Status Forget(Store& store, TableId table, const std::optional<RoundName>& aside) {
  Transaction transaction;
  if (aside) {
    ForgetRoundAside(table, aside->snapshot_id, transaction);
  } else {
    ForgetRound(table, transaction);
  }
  return store.Commit(transaction);
}

/// Whether a commit of `name` can be told to be over, given the lake table of now.
SnapshotFate FateOf(const RoundName& name, const iceberg::TableMetadata& lake) {
  if (name.sequence_number == 0) return SnapshotFate::kNever;
  return iceberg::FateOf(lake, name.snapshot_id, name.sequence_number);
}

/// Returns whether it stays open.
Result<bool> Settle(const RoundEnvironment& environment, TableId table, const RoundName& name,
                    const iceberg::TableMetadata* lake) {
  // With its table the commit went, and the files are that one's.
  if (lake == nullptr) return false;
  const SnapshotFate fate = FateOf(name, *lake);
  if (fate == SnapshotFate::kNever) RETURN_IF_ERROR(Sweep(environment, table, name));
  if (fate != SnapshotFate::kOpen) return false;
  if (environment.clock.NowMs() - name.asked_ms < kOpenMsMax) return true;
  LogWarn("tiering", "a commit never came to an end; its files stay: table={} snapshot={}",
          NameOf(environment, table), name.snapshot_id);
  return false;
}

Status SettleCompaction(const RoundEnvironment& environment, const CompactionName& one) {
  Store& store = environment.catalog.store();
  if (environment.lake.SharesStore()) {
    // As with rounds: this settles a commit whose outcome was not known.
    RETURN_IF_ERROR(SaveCompaction(store, one.table, one.name));
    RETURN_IF_ERROR(Sweep(environment, one.table, one.name));
  } else if (one.name.sequence_number == 0) {
    RETURN_IF_ERROR(Sweep(environment, one.table, one.name));
  } else {
    ASSIGN_OR_RETURN(const auto lake, environment.lake.FindTiered(one.table));
    ASSIGN_OR_RETURN(const bool open, Settle(environment, one.table, one.name,
                                             lake ? lake->metadata.get() : nullptr));
    if (open) return {};
  }
  Transaction transaction;
  ForgetCompaction(one.table, one.name.snapshot_id, transaction);
  return store.Commit(transaction);
}

}  // namespace

Status SettleEarlierRounds(const RoundEnvironment& environment, const TableInfo& table) {
  Store& store = environment.catalog.store();
  const auto last = FindRound(store, table.id);
  if (environment.lake.SharesStore()) {
    if (!last) return {};
    // A commit whose outcome was not known is settled by the next one of the store: before that, its files may
    // still turn out to be the table's.
    RETURN_IF_ERROR(SaveRound(store, table.id, *last));
    RETURN_IF_ERROR(Sweep(environment, table.id, *last));
    return Forget(store, table.id, std::nullopt);
  }
  const std::vector<RoundName> aside = FindRoundsAside(store, table.id);
  if (!last && aside.empty()) return {};
  ASSIGN_OR_RETURN(const auto found, environment.lake.FindTiered(table.id));
  const iceberg::TableMetadata* lake = found ? found->metadata.get() : nullptr;
  if (lake != nullptr) RETURN_IF_ERROR(FollowLake(environment, table, *lake));
  size_t open_count = 0;
  for (const RoundName& name : aside) {
    ASSIGN_OR_RETURN(const bool open, Settle(environment, table.id, name, lake));
    if (!open) RETURN_IF_ERROR(Forget(store, table.id, name));
    open_count += open ? 1 : 0;
  }
  if (last) {
    ASSIGN_OR_RETURN(const bool open, Settle(environment, table.id, *last, lake));
    RETURN_IF_ERROR(open ? SetRoundAside(store, table.id, *last)
                         : Forget(store, table.id, std::nullopt));
    open_count += open ? 1 : 0;
  }
  if (open_count < kOpenMax) return {};
  return Fail(ErrorCode::kCommitStateUnknown,
              "the outcome of {} commits is unknown, and their files must stay: table={}",
              open_count, table.path.ToString());
}

Status SettleEarlierCompactions(const RoundEnvironment& environment) {
  Status first;
  for (const CompactionName& one : FindCompactions(environment.catalog.store())) {
    Status settled = SettleCompaction(environment, one);
    if (first.ok()) first = std::move(settled);
  }
  return first;
}

}  // namespace weir
