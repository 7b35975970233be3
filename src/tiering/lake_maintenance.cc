#include "tiering/lake_maintenance.h"

#include <algorithm>
#include <charconv>

#include "base/guarded.h"
#include "base/log.h"
#include "lake/expire_snapshots.h"
#include "lake/file_io.h"
#include "lake/location_rules.h"
#include "lake/orphan_files.h"
#include "lake/table_files.h"
#include "tiering/covered_offsets.h"
#include "tiering/earlier_rounds.h"
#include "tiering/round_names.h"

namespace weir {
namespace {

/// Steps of one look at a table; the next look goes on.
constexpr int kStepsMax = 16;
/// Orphans are looked for at the first look after a start and then once in this time, in tables that changed.
constexpr int64_t kOrphanIntervalMs = 24LL * 3600 * 1000;
/// Tables that nobody writes to are looked at for snapshots that grew old at least this often.
constexpr std::chrono::hours kExpiryPauseMax{1};

std::string_view NameOf(std::string_view location) {
  const size_t slash = location.rfind('/');
  return slash == location.npos ? location : location.substr(slash + 1);
}

/// The number a metadata file's name begins with; -1 when it is no such file.
int64_t VersionOf(std::string_view location) {
  const std::string_view name = NameOf(location);
  if (!name.ends_with(".metadata.json")) return -1;
  int64_t version = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
  return error == std::errc() && *end == '-' ? version : -1;
}

/// Somebody else was faster, the table is gone, or the end is near.
bool IsNothingWrong(const Error& error) {
  return error.code == ErrorCode::kCancelled || error.code == ErrorCode::kCommitConflict ||
         error.code == ErrorCode::kTableNotExist;
}

}  // namespace

LakeMaintenance::LakeMaintenance(const MaintenanceOptions& options, TieringRunner& tiering,
                                 MetricRegistry& metrics)
    : options_(options), tiering_(tiering), env_(tiering.round_environment()), metrics_(metrics) {}

LakeMaintenance::~LakeMaintenance() { Stop(); }

void LakeMaintenance::Start() {
  // What steps left that a crash cut off goes in any case.
  if (!options_.enabled && FindCompactions(env_.catalog.store()).empty()) return;
  thread_ = std::make_unique<WorkerThread>("lake-tidy", WorkerThread::Priority::kNormal,
                                           [this] { Work(); });
}

void LakeMaintenance::BeginStop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
}

void LakeMaintenance::Stop() {
  BeginStop();
  thread_.reset();
}

void LakeMaintenance::Work() {
  while (true) {
    LookForCompactions();
    if (!options_.enabled && FindCompactions(env_.catalog.store()).empty()) return;
    {
      std::unique_lock lock(mutex_);
      if (stop_.wait_for(lock, options_.interval, [this] { return stopping_; })) return;
    }
    if (!options_.enabled) continue;
    const Status looked = Guarded([this]() -> Status {
      LookAtAll();
      return {};
    });
    if (!looked.ok()) LogWarn("tiering", "maintenance failed: error={}", looked.error().message);
  }
}

Status LakeMaintenance::Alive() {
  const std::lock_guard lock(mutex_);
  if (stopping_) return Fail(ErrorCode::kCancelled, "the server is stopping");
  return {};
}

Status LakeMaintenance::Pay(int64_t bytes) {
  const std::chrono::milliseconds due(bytes * 1000 / options_.bytes_per_second);
  std::unique_lock lock(mutex_);
  if (stop_.wait_for(lock, due, [this] { return stopping_; }))
    return Fail(ErrorCode::kCancelled, "the server is stopping");
  return {};
}

void LakeMaintenance::LookAtAll() {
  const std::vector<iceberg::Ident> tables = env_.lake.AllTables();
  {
    const std::lock_guard lock(looking_);
    std::erase_if(seen_,
                  [&](const auto& one) { return !std::ranges::binary_search(tables, one.first); });
  }
  for (const iceberg::Ident& ident : tables) {
    if (!Alive().ok()) return;
    if (const auto look = Due(ident)) LookAt(ident, *look);
  }
  LookForPurges();
}

void LakeMaintenance::LookAt(const iceberg::Ident& ident, Look look) {
  const auto result = Guarded([&] { return Maintain(ident, look); });
  if (!result.ok() && IsNothingWrong(result.error())) return;
  int64_t failures = 0;
  {
    const std::lock_guard lock(looking_);
    Seen& seen = seen_[ident];
    failures = seen.failures = result.ok() ? 0 : seen.failures + 1;
  }
  tiering_.SetMaintenanceError(ident, result.ok() ? "" : result.error().message);
  if (result.ok()) return;
  metrics_.failures.Add();
  if (IsWorthALine(failures))
    LogWarn("tiering", "maintenance failed: table={} failures={} error={}", ident.ToString(),
            failures, result.error().message);
}

void LakeMaintenance::LookForCompactions() {
  const Status swept = Guarded([this] { return SweepCompactions(); });
  sweep_failures_ = swept.ok() ? 0 : sweep_failures_ + 1;
  if (swept.ok() || IsNothingWrong(swept.error())) return;
  metrics_.failures.Add();
  if (IsWorthALine(sweep_failures_))
    LogWarn("tiering", "files of compactions that did not commit stay: failures={} error={}",
            sweep_failures_, swept.error().message);
}

Status LakeMaintenance::SweepCompactions() {
  const std::lock_guard lock(looking_);
  return SettleEarlierCompactions(env_);
}

void LakeMaintenance::LookForPurges() {
  const Status purged = Guarded([this] { return Purge(); });
  purge_failures_ = purged.ok() ? 0 : purge_failures_ + 1;
  if (purged.ok() || IsNothingWrong(purged.error())) return;
  metrics_.failures.Add();
  if (IsWorthALine(purge_failures_))
    LogWarn("tiering", "files of dropped tables stay: failures={} error={}", purge_failures_,
            purged.error().message);
}

std::optional<LakeMaintenance::Look> LakeMaintenance::Due(const iceberg::Ident& ident) {
  const auto location = env_.lake.MetadataLocation(ident);
  if (!location.ok()) return std::nullopt;  // dropped meanwhile
  const std::lock_guard lock(looking_);
  const auto seen = seen_.find(ident);
  if (seen == seen_.end() || seen->second.metadata_location != *location) return Look::kAll;
  const auto pause =
      std::clamp(options_.snapshot_age / 4, options_.interval,
                 std::max<std::chrono::milliseconds>(options_.interval, kExpiryPauseMax));
  if (env_.clock.NowMs() - seen->second.looked_ms < pause.count()) return std::nullopt;
  return Look::kExpiry;
}

bool LakeMaintenance::Wanted(const iceberg::LoadedTable& table) const {
  const std::string_view said = table.metadata->Property("weir.maintenance");
  if (table.metadata->format_version < 2) return false;
  // Fluss' own job keeps the tables that it tiers.
  const bool ours = table.tiered_by && tiering_.mode() == TieringMode::kInternal;
  return ours ? said != "false" : said == "true";
}

Result<MaintenanceResult> LakeMaintenance::Maintain(const iceberg::Ident& ident, Look look) {
  const std::lock_guard lock(looking_);
  ASSIGN_OR_RETURN(const iceberg::LoadedTable table, env_.lake.LoadTable(ident));
  Seen& seen = seen_[ident];
  MaintenanceResult result;
  if (Wanted(table)) {
    RETURN_IF_ERROR(Follow(table));
    if (look == Look::kAll) RETURN_IF_ERROR(Compact(table, result));
    RETURN_IF_ERROR(Expire(ident, result));
    if (look == Look::kAll) {
      RETURN_IF_ERROR(SweepMetadata(ident, result));
      RETURN_IF_ERROR(SweepOrphans(ident, seen, result));
    }
  }
  seen.looked_ms = env_.clock.NowMs();
  ASSIGN_OR_RETURN(seen.metadata_location, env_.lake.MetadataLocation(ident));
  return result;
}

/// Others may have committed; what readers are told to begin from must be known before anything expires.
Status LakeMaintenance::Follow(const iceberg::LoadedTable& table) {
  return table.tiered_by ? tiering_.FollowLake(*table.tiered_by) : Status();
}

Status LakeMaintenance::Compact(const iceberg::LoadedTable& table, MaintenanceResult& result) {
  for (int i = 0; i < kStepsMax; ++i) {
    ASSIGN_OR_RETURN(const CompactionResult step, CompactOnce(table));
    if (step.did_nothing()) return {};
    ++result.compactions;
    result.files_before += step.files_before;
    result.files_after += step.files_after;
    metrics_.compactions.Add();
    metrics_.compacted_bytes.Add(step.bytes);
    metrics_.compacted_files.Add(step.files_before);
    metrics_.deletes_followed.Add(step.deletes_followed);
    LogInfo("tiering", "compacted: table={} files={} into={} rows={} bytes={} deleted_meanwhile={}",
            table.ident.ToString(), step.files_before, step.files_after, step.rows, step.bytes,
            step.deletes_followed);
    RETURN_IF_ERROR(Pay(step.bytes));
    if (!step.more) return {};
  }
  return {};
}

Result<CompactionResult> LakeMaintenance::CompactOnce(const iceberg::LoadedTable& table) {
  const bool ours = table.tiered_by && tiering_.mode() == TieringMode::kInternal;
  const TableRef tiered = ours ? env_.catalog.FindTable(*table.tiered_by) : nullptr;
  iceberg::CompactionOptions options{.file_bytes_target = options_.file_bytes_target,
                                     .small_files_min = options_.small_files_min,
                                     .step_bytes_max = 2 * options_.file_bytes_target};
  // The new places of all rows come to the key index while a round waits.
  if (tiered != nullptr && NeedsKeyIndex(*tiered))
    options.step_bytes_max = options_.file_bytes_target;
  TableCompaction step(env_, table.ident, ours ? table.tiered_by : std::nullopt, options,
                       [this] { return Alive(); });
  CompactionResult result;
  if (!ours) {
    RETURN_IF_ERROR(step.Write());
    if (step.has_work()) {
      ASSIGN_OR_RETURN(result, step.Commit(nullptr));
    }
    return result;
  }
  // A round that copies files on write takes away what is being read.
  const bool alone = tiered != nullptr && NeedsKeyIndex(*tiered) &&
                     tiered->config.lake_delete_mode == LakeDeleteMode::kCopyOnWrite;
  if (!alone) RETURN_IF_ERROR(step.Write());
  if (!alone && !step.has_work()) return result;
  RETURN_IF_ERROR(tiering_.BetweenRounds(*table.tiered_by, [&](RoundState& state) -> Status {
    if (alone) RETURN_IF_ERROR(step.Write());
    if (!step.has_work()) return {};
    ASSIGN_OR_RETURN(result, step.Commit(&state));
    return {};
  }));
  return result;
}

Status LakeMaintenance::Expire(const iceberg::Ident& ident, MaintenanceResult& result) {
  ASSIGN_OR_RETURN(const iceberg::LoadedTable before, env_.lake.LoadTable(ident));
  iceberg::ExpireOptions options{.snapshot_age_ms = options_.snapshot_age.count(),
                                 .snapshots_max = options_.snapshots_max,
                                 .reader_grace_ms = options_.reader_grace.count()};
  std::set<std::string> keep;
  if (before.tiered_by) {
    // What readers are told to begin from.
    for (const auto& one : {env_.catalog.lake_snapshots().Latest(*before.tiered_by),
                            env_.catalog.lake_snapshots().Readable(*before.tiered_by)}) {
      if (!one) continue;
      options.pinned.insert(one->snapshot_id);
      keep.insert(iceberg::SamePlace(one->tiered_path));
    }
  }
  iceberg::ExpirePlan plan = iceberg::PlanExpiry(*before.metadata, options, env_.clock.NowMs());
  if (plan.empty()) return {};
  RETURN_IF_ERROR(env_.lake.Commit({.ident = ident,
                                    .requirements = std::move(plan.requirements),
                                    .updates = std::move(plan.updates)}));
  ASSIGN_OR_RETURN(const iceberg::LoadedTable after, env_.lake.LoadTable(ident));
  ASSIGN_OR_RETURN(const int64_t deleted,
                   iceberg::DeleteExpiredFiles(env_.io, *before.metadata, *after.metadata, keep));
  result.snapshots_expired += static_cast<int64_t>(plan.snapshots.size());
  result.files_deleted += deleted;
  metrics_.snapshots.Add(static_cast<int64_t>(plan.snapshots.size()));
  metrics_.files.Add(deleted);
  return {};
}

/// Metadata files that fell out of the log: no reader is led to them, but one who loaded the table a while ago has.
/// Only in a folder that is the table's own: in any other, files with such names may be current ones of other tables.
Status LakeMaintenance::SweepMetadata(const iceberg::Ident& ident, MaintenanceResult& result) {
  Seen& seen = seen_[ident];
  ASSIGN_OR_RETURN(const std::string current, env_.lake.MetadataLocation(ident));
  const int64_t version = VersionOf(current);
  if (version - seen.swept_version < options_.metadata_versions) return {};
  const std::string folder = current.substr(0, current.rfind('/'));
  ASSIGN_OR_RETURN(const iceberg::LoadedTable table, env_.lake.LoadTable(ident));
  if (!MayDeleteFilesOf(table) || !iceberg::IsBelow(folder, table.metadata->location)) return {};
  const int64_t before_ms = env_.clock.NowMs() - options_.reader_grace.count();
  ASSIGN_OR_RETURN(const auto files, env_.io.List(folder));
  std::set<std::string> needed{iceberg::SamePlace(table.metadata_location)};
  for (const auto& entry : table.metadata->metadata_log) {
    needed.insert(iceberg::SamePlace(entry.metadata_file));
  }
  for (const iceberg::FileStat& file : files) {
    const int64_t of_file = VersionOf(file.location);
    if (file.location.rfind('/') != folder.size()) continue;  // deeper
    // A later version than the current one may be a commit under way.
    if (of_file < 0 || of_file >= version || file.modified_ms >= before_ms ||
        needed.contains(iceberg::SamePlace(file.location)))
      continue;
    RETURN_IF_ERROR(env_.io.Delete(file.location));
    ++result.files_deleted;
    metrics_.files.Add();
  }
  seen.swept_version = version;
  return {};
}

/// Whether files that are found, but that the table does not name, are its own.
bool LakeMaintenance::MayDeleteFilesOf(const iceberg::LoadedTable& table) const {
  return env_.lake.OwnsPlaceOf(table) && table.metadata->Property("gc.enabled", "true") != "false";
}

Status LakeMaintenance::SweepOrphans(const iceberg::Ident& ident, Seen& seen,
                                     MaintenanceResult& result) {
  const int64_t now = env_.clock.NowMs();
  if (now - seen.orphans_ms < kOrphanIntervalMs) return {};
  ASSIGN_OR_RETURN(const iceberg::LoadedTable table, env_.lake.LoadTable(ident));
  if (!MayDeleteFilesOf(table)) return {};
  iceberg::OrphanRequest request{.root = table.metadata->location,
                                 .before_ms = now - options_.orphan_age.count()};
  request.load = [&]() -> Result<iceberg::CurrentTable> {
    ASSIGN_OR_RETURN(iceberg::LoadedTable again, env_.lake.LoadTable(ident));
    return iceberg::CurrentTable{std::move(again.metadata), std::move(again.metadata_location)};
  };
  if (table.tiered_by) {
    for (const auto& one : {env_.catalog.lake_snapshots().Latest(*table.tiered_by),
                            env_.catalog.lake_snapshots().Readable(*table.tiered_by)}) {
      if (one) request.keep.insert(iceberg::SamePlace(one->tiered_path));
    }
  }
  ASSIGN_OR_RETURN(const auto orphans, iceberg::FindOrphans(env_.io, request));
  for (const std::string& file : orphans) {
    RETURN_IF_ERROR(Alive());
    RETURN_IF_ERROR(env_.io.Delete(file));
    ++result.files_deleted;
    metrics_.orphans.Add();
  }
  if (!orphans.empty()) {
    LogInfo("tiering", "orphans deleted: table={} files={}", ident.ToString(), orphans.size());
  }
  seen.orphans_ms = now;
  return {};
}

Status LakeMaintenance::Purge() {
  const int64_t before_ms = env_.clock.NowMs() - options_.purge_delay.count();
  return env_.lake.PurgeDropped(before_ms, [this] { return Alive(); });
}

}  // namespace weir
