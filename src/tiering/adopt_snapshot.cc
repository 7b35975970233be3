#include "tiering/adopt_snapshot.h"

#include <fmt/format.h>

#include "lake/file_io.h"
#include "meta/store.h"
#include "tiering/covered_offsets.h"
#include "tiering/round_names.h"

namespace weir {

Status AdoptSnapshot(const RoundEnvironment& environment, const TableInfo& table, RoundState& state,
                     const AdoptRequest& request) {
  const auto conflict = [&]() -> Status {
    return Fail(ErrorCode::kCommitConflict, "the lake table has moved on: table={}",
                table.path.ToString());
  };
  // A catalog elsewhere commits without our offsets; a round that ended without a known outcome comes first.
  if (!environment.lake.SharesStore() || FindRound(environment.catalog.store(), table.id))
    return conflict();
  ASSIGN_OR_RETURN(const auto lake, environment.lake.FindTiered(table.id));
  if (!lake || lake->metadata->current_snapshot_id != request.snapshot.parent_snapshot_id ||
      lake->metadata->last_sequence_number + 1 != request.snapshot.sequence_number)
    return conflict();
  for (const std::string& file : request.files) RETURN_IF_ERROR(environment.io.Sync(file));
  std::vector<TableBucket> buckets;
  for (const auto& [bucket, offset] : request.covered) buckets.push_back(bucket);
  RETURN_IF_ERROR(environment.logs.MakeDurable(buckets));  // INV-5, as in a round

  const std::string path =
      fmt::format("{}/metadata/{}.offsets", lake->metadata->location, iceberg::NewUuid());
  RETURN_IF_ERROR(environment.io.WriteNew(path, ToOffsetsJson(table.id, request.covered)));
  iceberg::Snapshot snapshot = request.snapshot;
  snapshot.summary.erase("weir.live");
  snapshot.summary[kCommitUserKey] = kCommitUser;
  snapshot.summary[kOffsetsKey] = path;
  const int64_t id = snapshot.snapshot_id;

  Transaction extra;
  LakeSnapshots& snapshots = environment.catalog.lake_snapshots();
  LakeSnapshots::Change record = snapshots.Add(
      table.id,
      {.snapshot_id = id,
       .tiered = request.covered,
       .tiered_path = path,
       .readable = request.covered,
       .readable_path = path},
      {LakeSnapshots::Keep::Kind::kNewest, environment.options.snapshots_kept}, extra);
  iceberg::TableCommit commit{.ident = lake->ident, .requirements = {}, .updates = {}};
  commit.requirements.emplace_back(iceberg::AssertTableUuid{lake->metadata->table_uuid});
  commit.requirements.emplace_back(iceberg::AssertRefSnapshotId{
      std::string(iceberg::kMainBranch), request.snapshot.parent_snapshot_id});
  commit.updates.emplace_back(iceberg::AddSnapshot{std::move(snapshot)});
  commit.updates.emplace_back(
      iceberg::SetSnapshotRef{std::string(iceberg::kMainBranch), {.snapshot_id = id}});
  RETURN_IF_ERROR(environment.lake.Commit(std::move(commit), &extra));
  // The key index reads the new files when it is needed next.
  const std::lock_guard moving(state.moving);
  snapshots.Applied(std::move(record));
  for (const auto& [bucket, offset] : request.covered) environment.logs.Release(bucket, offset);
  return {};
}

}  // namespace weir
