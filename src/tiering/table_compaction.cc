#include "tiering/table_compaction.h"

#include <fmt/format.h>

#include <algorithm>

#include "lake/compaction_rebase.h"
#include "lake/file_io.h"
#include "lake/rewrite_manifests.h"
#include "lake/snapshot_builder.h"
#include "meta/store.h"
#include "tiering/covered_offsets.h"

namespace weir {
namespace {

constexpr const char* kMaintainer = "weir-maintenance";
/// Compaction merges as many manifests on its way; without, four times as many are worth a commit.
constexpr int32_t kManifestsMin = 16;
/// The new places of more keys than fit in this share of tiering's memory are read back from the
/// files by the next round.
constexpr int64_t kKeyShare = 4;
/// Others that commit at the same moment; rounds of tiering do not.
constexpr int kAttemptsMax = 4;

std::string NewName() {
  std::string name = iceberg::NewUuid();
  std::erase(name, '-');
  return name;
}

std::string DataFolderOf(const iceberg::TableMetadata& table) {
  const std::string_view configured = table.Property("write.data.path");
  return configured.empty() ? table.location + "/data" : std::string(configured);
}

bool HasCompaction(const Store& store, TableId table) {
  return std::ranges::any_of(FindCompactions(store),
                             [&](const CompactionName& one) { return one.table == table; });
}

}  // namespace

TableCompaction::TableCompaction(const RoundEnvironment& environment, iceberg::Ident ident,
                                 std::optional<TableId> tiered,
                                 const iceberg::CompactionOptions& options,
                                 std::function<Status()> alive)
    : env_(environment),
      ident_(std::move(ident)),
      tiered_(tiered),
      options_(options),
      alive_(std::move(alive)) {}

TableCompaction::~TableCompaction() {
  if (!unknown_) GiveUp();
}

/// By the table's number when it has one: a name may change.
Result<iceberg::LoadedTable> TableCompaction::Load() const {
  if (!tiered_) return env_.lake.LoadTable(ident_);
  ASSIGN_OR_RETURN(auto found, env_.lake.FindTiered(*tiered_));
  if (!found)
    return Fail(ErrorCode::kTableNotExist, "the table is gone: table={}", ident_.ToString());
  return *std::move(found);
}

// The first half.

Status TableCompaction::Write() {
  ASSIGN_OR_RETURN(base_, Load());
  // What ended without a known outcome comes first.
  const Store& store = env_.catalog.store();
  if (tiered_ && (HasCompaction(store, *tiered_) || !FindRoundsAside(store, *tiered_).empty()))
    return {};
  ASSIGN_OR_RETURN(const auto plan, iceberg::PlanCompaction(env_.io, *base_.metadata, options_));
  if (!plan.empty()) return WriteFiles(plan);
  ASSIGN_OR_RETURN(const bool many,
                   iceberg::HasManyManifests(env_.io, *base_.metadata, 4 * kManifestsMin));
  if (many) work_ = Work::kManifests;
  return {};
}

Status TableCompaction::Begin() {
  name_ = {.round = NewName(),
           .location = base_.metadata->location,
           .snapshot_id = iceberg::NewSnapshotId()};
  if (!tiered_) return {};
  begun_ = true;
  return SaveCompaction(env_.catalog.store(), *tiered_, name_);
}

Status TableCompaction::WriteFiles(const iceberg::CompactionPlan& plan) {
  RETURN_IF_ERROR(Begin());
  RETURN_IF_ERROR(MakeRequest());
  ASSIGN_OR_RETURN(compacted_, iceberg::WriteCompaction(*request_, plan, written_));
  result_ = {.bytes = plan.bytes, .rows = compacted_.rows, .more = plan.more};
  work_ = Work::kFiles;
  return {};
}

Status TableCompaction::MakeRequest() {
  request_.emplace(iceberg::CompactionRequest{
      .io = env_.io,
      .table = *base_.metadata,
      .folder = DataFolderOf(*base_.metadata),
      .new_name = [this] { return fmt::format("{}-{:05}", name_.round, files_++); },
      .alive = alive_,
      .parquet = {},
      .options = options_,
      .on_rows = {}});
  ASSIGN_OR_RETURN(request_->parquet,
                   iceberg::ParquetWriterOptions::FromProperties(base_.metadata->properties));
  request_->parquet.row_group_bytes =
      std::min(request_->parquet.row_group_bytes, env_.options.memory_bytes_max / 4);
  const TableRef table = tiered_ ? env_.catalog.FindTable(*tiered_) : nullptr;
  if (table == nullptr || !NeedsKeyIndex(*table)) return {};
  ASSIGN_OR_RETURN(keys_, LakeKeys::Create(*table, base_.metadata->current_schema()));
  request_->on_rows = [this](const std::string& path, int64_t first_row,
                             const arrow::RecordBatch& rows) {
    return RememberKeys(path, first_row, rows);
  };
  return {};
}

Status TableCompaction::RememberKeys(const std::string& path, int64_t first_row,
                                     const arrow::RecordBatch& rows) {
  if (too_many_keys_) return {};
  ASSIGN_OR_RETURN(const KeyList list, keys_->Encode(rows));
  if (path != key_path_) {
    key_path_ = path;
    key_file_ = changes_.AddFile(path);
  }
  for (size_t i = 0; i < list.size(); ++i) {
    changes_.Put(list[i], key_file_, first_row + static_cast<int64_t>(i));
  }
  if (changes_.memory_bytes() > env_.options.memory_bytes_max / kKeyShare) {
    too_many_keys_ = true;
    changes_ = {};
  }
  return {};
}

// The second half.

Result<CompactionResult> TableCompaction::Commit(RoundState* state) {
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    ASSIGN_OR_RETURN(auto done, TryCommit(state));
    if (done) return *std::move(done);
  }
  return Fail(ErrorCode::kCommitConflict, "others commit all the time: table={}",
              ident_.ToString());
}

/// In a catalog elsewhere a round whose outcome is open comes first.
bool TableCompaction::MayCommit() const {
  if (!tiered_ || env_.lake.SharesStore()) return true;
  const Store& store = env_.catalog.store();
  return !FindRound(store, *tiered_) && FindRoundsAside(store, *tiered_).empty();
}

Result<std::optional<CompactionResult>> TableCompaction::TryCommit(RoundState* state) {
  ASSIGN_OR_RETURN(const iceberg::LoadedTable now, Load());
  if (now.metadata->table_uuid != base_.metadata->table_uuid)
    return Fail(ErrorCode::kTableNotExist, "another table has its name: table={}",
                ident_.ToString());
  if (!MayCommit())
    return Fail(ErrorCode::kCommitConflict, "a round's outcome is not known: table={}",
                ident_.ToString());
  if (tiered_) {
    ASSIGN_OR_RETURN(const TableRef table, env_.catalog.GetTable(*tiered_));
    RETURN_IF_ERROR(FollowLake(env_, *table, *now.metadata));
  }
  const size_t before = written_.size();
  auto done = work_ == Work::kFiles ? CommitFiles(now, state) : CommitManifests(now, state);
  if (done.ok()) return std::optional(*std::move(done));
  if (done.code() != ErrorCode::kCommitConflict || hopeless_) return Forward(std::move(done));
  DeleteFrom(before);  // each attempt writes its own
  return std::optional<CompactionResult>();
}

Result<CompactionResult> TableCompaction::CommitFiles(const iceberg::LoadedTable& now,
                                                      RoundState* state) {
  ASSIGN_OR_RETURN(auto rebased,
                   iceberg::RebaseCompaction(*request_, compacted_, *now.metadata, written_));
  hopeless_ = !rebased;
  if (hopeless_)
    return Fail(ErrorCode::kCommitConflict,
                "files were changed while they were compacted: table={}", ident_.ToString());
  Describe(*now.metadata, rebased->change);
  ASSIGN_OR_RETURN(
      iceberg::NewSnapshot built,
      iceberg::BuildSnapshot(env_.io, iceberg::MergingManifests(*now.metadata, kManifestsMin),
                             rebased->change));
  result_.files_before = static_cast<int64_t>(rebased->change.removed.size());
  result_.files_after = static_cast<int64_t>(rebased->change.added.size());
  result_.deletes_followed = 0;
  for (const auto& [path, rows] : rebased->deleted) result_.deletes_followed += rows.size();
  // Only the attempt that is committed counts: deletes may be taken back before it.
  deleted_ = std::move(rebased->deleted);
  deletes_by_value_ = rebased->deletes_by_value;
  RETURN_IF_ERROR(Finish(now, std::move(built), state));
  return result_;
}

Result<CompactionResult> TableCompaction::CommitManifests(const iceberg::LoadedTable& now,
                                                          RoundState* state) {
  iceberg::SnapshotChange change{.operation = iceberg::SnapshotOperation::kReplace};
  name_.snapshot_id = iceberg::NewSnapshotId();
  Describe(*now.metadata, change);
  ASSIGN_OR_RETURN(auto built,
                   iceberg::RewriteManifests(env_.io, *now.metadata, 4 * kManifestsMin, change));
  if (built) RETURN_IF_ERROR(Finish(now, *std::move(built), state));
  return CompactionResult();
}

void TableCompaction::Describe(const iceberg::TableMetadata& now,
                               iceberg::SnapshotChange& change) const {
  change.snapshot_id = name_.snapshot_id;
  change.timestamp_ms = env_.clock.NowMs();
  change.summary[kCommitUserKey] = kMaintainer;
  const iceberg::Snapshot* current = now.current_snapshot();
  if (current == nullptr) return;
  if (const auto offsets = current->summary.find(kOffsetsKey); offsets != current->summary.end())
    change.summary[kOffsetsKey] = offsets->second;
}

Status TableCompaction::Finish(const iceberg::LoadedTable& now, iceberg::NewSnapshot built,
                               RoundState* state) {
  written_.insert(written_.end(), built.written_files.begin(), built.written_files.end());
  Store& store = env_.catalog.store();
  Transaction extra;
  std::optional<LakeSnapshots::Change> record;
  if (tiered_) {
    // The same offsets under the new snapshot's id: readers go by the latest of both.
    if (auto latest = env_.catalog.lake_snapshots().Latest(*tiered_)) {
      latest->snapshot_id = name_.snapshot_id;
      record = env_.catalog.lake_snapshots().Add(
          *tiered_, *std::move(latest),
          {LakeSnapshots::Keep::Kind::kNewest, env_.options.snapshots_kept}, extra);
    }
    if (begun_) ForgetCompaction(*tiered_, name_.snapshot_id, extra);
  }
  if (begun_ && !env_.lake.SharesStore()) {
    name_.sequence_number = built.snapshot.sequence_number;
    name_.asked_ms = env_.clock.NowMs();
    RETURN_IF_ERROR(SaveCompaction(store, *tiered_, name_));
  }
  unknown_ = true;  // should it throw, as well
  const auto committed = env_.lake.Commit({.ident = now.ident,
                                           .requirements = std::move(built.requirements),
                                           .updates = std::move(built.updates)},
                                          &extra);
  unknown_ = !committed.ok() && !IsRefused(committed.code());
  RETURN_IF_ERROR(committed);
  written_.clear();
  begun_ = false;
  if (state == nullptr) return {};
  const std::lock_guard moving(state->moving);
  if (record) env_.catalog.lake_snapshots().Applied(*std::move(record));
  if (work_ == Work::kFiles) FollowIndex(*state, *now.metadata);
  return {};
}

/// Nothing happened, and nothing will.
bool TableCompaction::IsRefused(ErrorCode code) const {
  if (!env_.lake.SharesStore()) return code != ErrorCode::kCommitStateUnknown;
  return code == ErrorCode::kCommitConflict || code == ErrorCode::kInvalidTable ||
         code == ErrorCode::kTableNotExist;
}

void TableCompaction::FollowIndex(RoundState& state, const iceberg::TableMetadata& before) {
  const auto index = state.index();
  // The next round reads from the lake what an index lacks.
  // Rows that were deleted by value may have a newer place that nobody here knows.
  if (!keys_ || too_many_keys_ || deletes_by_value_ || index == nullptr ||
      index->snapshot_id() != before.current_snapshot_id)
    return;
  for (const auto& [path, rows] : deleted_) changes_.Forget(path, rows);
  const Status applied = index->Apply(changes_, compacted_.removed_data_files, name_.snapshot_id);
  if (!applied.ok()) DropIndex(state, applied.error());
}

// When it did not work.

void TableCompaction::DeleteFrom(size_t first) {
  for (size_t i = first; i < written_.size(); ++i) all_deleted_ &= env_.io.Delete(written_[i]).ok();
  written_.resize(first);
}

void TableCompaction::GiveUp() {
  DeleteFrom(0);
  if (!begun_ || !all_deleted_) return;
  Transaction transaction;
  ForgetCompaction(*tiered_, name_.snapshot_id, transaction);
  (void)env_.catalog.store().Commit(transaction);
}

}  // namespace weir
