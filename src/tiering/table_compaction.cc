#include "tiering/table_compaction.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "lake/file_io.h"
#include "lake/rewrite_manifests.h"
#include "lake/snapshot_builder.h"
#include "meta/store.h"
#include "tiering/covered_offsets.h"
#include "tiering/round_names.h"

namespace weir {
namespace {

constexpr const char* kMaintainer = "weir-maintenance";
/// Compaction merges as many manifests on its way.
constexpr int32_t kManifestsMin = 16;
/// The new places of more keys than fit in here are read back from the files by the next round.
constexpr int64_t kKeyBytesMax = 32 * MiB;

class Step {
 public:
  Step(const RoundEnvironment& environment, const iceberg::Ident& ident, RoundState* state,
       const iceberg::CompactionOptions& options, const std::function<Status()>& alive)
      : env_(environment), ident_(ident), state_(state), options_(options), alive_(alive) {}

  Result<CompactionResult> Run() {
    ASSIGN_OR_RETURN(lake_, env_.lake.LoadTable(ident_));
    if (tiered()) {
      // A round that ended without a known outcome comes first.
      Store& store = env_.catalog.store();
      if (FindRound(store, *lake_.tiered_by) || !FindRoundsAside(store, *lake_.tiered_by).empty())
        return std::move(result_);
      const TableRef table = env_.catalog.FindTable(*lake_.tiered_by);
      if (table != nullptr) RETURN_IF_ERROR(FollowLake(env_, *table, *lake_.metadata));
    }
    ASSIGN_OR_RETURN(const auto plan, iceberg::PlanCompaction(env_.io, *lake_.metadata, options_));
    const Status done = plan.empty() ? RewriteManifests() : Rewrite(plan);
    if (!done.ok()) {
      GiveUp(done.error());
      return Forward(done);
    }
    return std::move(result_);
  }

 private:
  bool tiered() const { return state_ != nullptr && lake_.tiered_by.has_value(); }

  Status Begin() {
    name_ = {.round = NewName(),
             .location = lake_.metadata->location,
             .snapshot_id = iceberg::NewSnapshotId()};
    if (!tiered()) return {};
    begun_ = true;
    return SaveRound(env_.catalog.store(), *lake_.tiered_by, name_);
  }

  static std::string NewName() {
    std::string name = iceberg::NewUuid();
    std::erase(name, '-');
    return name;
  }

  Status Rewrite(const iceberg::CompactionPlan& plan) {
    RETURN_IF_ERROR(Begin());
    ASSIGN_OR_RETURN(const iceberg::CompactionRequest request, MakeRequest());
    ASSIGN_OR_RETURN(iceberg::Compacted compacted,
                     iceberg::WriteCompaction(request, plan, written_));
    result_.bytes = plan.bytes;
    result_.rows = compacted.rows;
    result_.files_before = static_cast<int64_t>(compacted.change.removed.size());
    result_.files_after = static_cast<int64_t>(compacted.change.added.size());
    result_.more = plan.more;
    Describe(compacted.change);
    ASSIGN_OR_RETURN(
        iceberg::NewSnapshot built,
        iceberg::BuildSnapshot(env_.io, iceberg::MergingManifests(*lake_.metadata, kManifestsMin),
                               compacted.change));
    return Commit(std::move(built), &compacted);
  }

  Status RewriteManifests() {
    iceberg::SnapshotChange change{.operation = iceberg::SnapshotOperation::kReplace};
    // Most tables need nothing: a look at the list comes before the name.
    name_.snapshot_id = iceberg::NewSnapshotId();
    Describe(change);
    ASSIGN_OR_RETURN(
        auto built, iceberg::RewriteManifests(env_.io, *lake_.metadata, 4 * kManifestsMin, change));
    if (!built) return {};
    return Commit(*std::move(built), nullptr);
  }

  Result<iceberg::CompactionRequest> MakeRequest() {
    iceberg::CompactionRequest request{
        .io = env_.io,
        .table = *lake_.metadata,
        .folder = DataFolder(),
        .new_name = [this] { return fmt::format("{}-{:05}", name_.round, files_++); },
        .alive = alive_,
        .options = options_};
    ASSIGN_OR_RETURN(request.parquet,
                     iceberg::ParquetWriterOptions::FromProperties(lake_.metadata->properties));
    request.parquet.row_group_bytes =
        std::min(request.parquet.row_group_bytes, env_.options.memory_bytes_max / 4);
    if (tiered()) index_ = state_->index();
    if (IndexIsCurrent()) {
      const TableRef table = env_.catalog.FindTable(*lake_.tiered_by);
      if (table != nullptr) {
        ASSIGN_OR_RETURN(keys_, LakeKeys::Create(*table, lake_.metadata->current_schema()));
        request.on_rows = [this](const std::string& path, int64_t first_row,
                                 const arrow::RecordBatch& rows) {
          return RememberKeys(path, first_row, rows);
        };
      }
    }
    return request;
  }

  std::string DataFolder() const {
    const std::string_view configured = lake_.metadata->Property("write.data.path");
    return configured.empty() ? lake_.metadata->location + "/data" : std::string(configured);
  }

  bool IndexIsCurrent() const {
    return index_ != nullptr && index_->snapshot_id() == lake_.metadata->current_snapshot_id;
  }

  Status RememberKeys(const std::string& path, int64_t first_row, const arrow::RecordBatch& rows) {
    if (too_many_keys_) return {};
    ASSIGN_OR_RETURN(const KeyList list, keys_->Encode(rows));
    if (path != key_path_) {
      key_path_ = path;
      key_file_ = changes_.AddFile(path);
    }
    for (size_t i = 0; i < list.size(); ++i) {
      changes_.Put(list[i], key_file_, first_row + static_cast<int64_t>(i));
    }
    if (changes_.memory_bytes() > kKeyBytesMax) {
      too_many_keys_ = true;
      changes_ = {};
    }
    return {};
  }

  void Describe(iceberg::SnapshotChange& change) const {
    change.snapshot_id = name_.snapshot_id;
    change.timestamp_ms = env_.clock.NowMs();
    change.summary[kCommitUserKey] = kMaintainer;
    const iceberg::Snapshot* current = lake_.metadata->current_snapshot();
    if (current == nullptr) return;
    if (const auto offsets = current->summary.find(kOffsetsKey);
        offsets != current->summary.end()) {
      change.summary[kOffsetsKey] = offsets->second;
    }
  }

  /// compacted: null when no row has moved.
  Status Commit(iceberg::NewSnapshot built, const iceberg::Compacted* compacted) {
    written_.insert(written_.end(), built.written_files.begin(), built.written_files.end());
    Transaction extra;
    std::optional<LakeSnapshots::Change> record;
    if (tiered()) {
      // The same offsets under the new snapshot's id: readers go by the latest of both.
      if (auto latest = env_.catalog.lake_snapshots().Latest(*lake_.tiered_by)) {
        latest->snapshot_id = name_.snapshot_id;
        record = env_.catalog.lake_snapshots().Add(
            *lake_.tiered_by, *std::move(latest),
            {LakeSnapshots::Keep::Kind::kNewest, env_.options.snapshots_kept}, extra);
      }
      ForgetRound(*lake_.tiered_by, extra);
    }
    if (begun_ && !env_.lake.SharesStore()) {
      name_.sequence_number = built.snapshot.sequence_number;
      name_.asked_ms = env_.clock.NowMs();
      RETURN_IF_ERROR(SaveRound(env_.catalog.store(), *lake_.tiered_by, name_));
    }
    RETURN_IF_ERROR(env_.lake.Commit({.ident = ident_,
                                      .requirements = std::move(built.requirements),
                                      .updates = std::move(built.updates)},
                                     &extra));
    if (!tiered()) return {};
    const std::lock_guard moving(state_->moving);
    if (record) env_.catalog.lake_snapshots().Applied(*std::move(record));
    if (compacted != nullptr) FollowIndex(*compacted);
    return {};
  }

  void FollowIndex(const iceberg::Compacted& compacted) {
    if (!keys_ || too_many_keys_) return;
    const Status applied = index_->Apply(changes_, compacted.removed_data_files, name_.snapshot_id);
    if (!applied.ok()) DropIndex(*state_, applied.error());
  }

  void GiveUp(const Error& why) {
    if (why.code == ErrorCode::kCommitStateUnknown) return;
    bool all_gone = true;
    for (const std::string& path : written_) all_gone &= env_.io.Delete(path).ok();
    if (!begun_ || !all_gone) return;
    Transaction transaction;
    ForgetRound(*lake_.tiered_by, transaction);
    (void)env_.catalog.store().Commit(transaction);
  }

  const RoundEnvironment& env_;
  const iceberg::Ident& ident_;
  RoundState* const state_;
  const iceberg::CompactionOptions& options_;
  const std::function<Status()>& alive_;
  iceberg::LoadedTable lake_;
  RoundName name_;
  bool begun_ = false;
  int files_ = 0;
  std::vector<std::string> written_;
  std::shared_ptr<KeyIndex> index_;
  std::optional<LakeKeys> keys_;
  KeyChanges changes_;
  std::string key_path_;
  int32_t key_file_ = 0;
  bool too_many_keys_ = false;
  CompactionResult result_;
};

}  // namespace

Result<CompactionResult> CompactTable(const RoundEnvironment& environment,
                                      const iceberg::Ident& ident, RoundState* state,
                                      const iceberg::CompactionOptions& options,
                                      const std::function<Status()>& alive) {
  return Step(environment, ident, state, options, alive).Run();
}

}  // namespace weir
