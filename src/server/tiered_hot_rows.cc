#include "server/tiered_hot_rows.h"

#include <algorithm>

#include "lake/file_io.h"
#include "lake/fluss_layout.h"
#include "lake/parquet_writer.h"
#include "tiering/covered_offsets.h"
#include "tiering/lake_deletes.h"
#include "tiering/tiering_round.h"

namespace weir {
namespace {

// More than this is tiered instead of written again for every reader. Reduced tables hold it in memory.
constexpr int64_t kLogBytesMax = 256 * MiB;
constexpr int64_t kReducedLogBytesMax = 64 * MiB;
constexpr std::chrono::seconds kTierWaitMax(60);

/// Whether columns came that the next round brings to the lake table.
Result<bool> LacksColumns(const TableInfo& table, const iceberg::TableMetadata& lake) {
  ASSIGN_OR_RETURN(const auto changes, iceberg::LakeTableChanges(table, lake));
  return std::ranges::any_of(changes, [](const iceberg::TableUpdate& change) {
    return std::holds_alternative<iceberg::AddSchema>(change);
  });
}

bool KnowsRowsOf(const std::shared_ptr<const KeyIndex>& index, const iceberg::TableMetadata& lake) {
  // An index that was never synced belongs to a lake table without a snapshot: -1 after a sync.
  return index != nullptr &&
         index->snapshot_id().value_or(-1) == lake.current_snapshot_id.value_or(-1);
}

}  // namespace

iceberg::LiveMode TieredHotRows::ModeOf(TableId id) const {
  const TableRef table = catalog_.FindTable(id);
  if (table == nullptr) return iceberg::LiveMode::kOff;
  switch (table->config.lake_live) {
    case LakeLive::kOff:
      return iceberg::LiveMode::kOff;
    case LakeLive::kPlan:
      return iceberg::LiveMode::kPlan;
    case LakeLive::kLoad:
      return iceberg::LiveMode::kLoad;
  }
  return iceberg::LiveMode::kOff;
}

/// INV-5: the offsets that belong to the snapshot, or to the newest one below it that tiering made: others that
/// commit bring no rows of the log.
/// Errors  kStorage  snapshots in between were removed: nobody can say
Result<LakeOffsets> TieredHotRows::CoveredBy(TableId table,
                                             const iceberg::TableMetadata& lake) const {
  std::optional<int64_t> id = lake.current_snapshot_id;
  for (size_t steps = 0; id && steps <= lake.snapshots.size(); ++steps) {
    if (const auto known = catalog_.lake_snapshots().Find(table, *id)) return known->tiered;
    const iceberg::Snapshot* const snapshot = lake.FindSnapshot(*id);
    if (snapshot == nullptr)
      return Fail(ErrorCode::kStorage,
                  "the snapshots that said which offsets the lake has were removed: snapshot={}",
                  *id);
    id = snapshot->parent_snapshot_id;
  }
  return LakeOffsets();
}

Result<TieredHotRows::Hot> TieredHotRows::FindHot(const TableInfo& table,
                                                  const iceberg::TableMetadata& lake) const {
  ASSIGN_OR_RETURN(const LakeOffsets covered, CoveredBy(table.id, lake));
  const std::vector<TableBucket> buckets = BucketsOf(table);
  ASSIGN_OR_RETURN(const auto ends, logs_.Ranges(buckets));
  Hot out;
  for (size_t i = 0; i < buckets.size(); ++i) {
    const auto found = covered.find(buckets[i]);
    Offset from = found == covered.end() ? 0 : found->second;
    if (from < ends[i].start) {
      // Changes of keys that have expired are in the state only, until tiering has loaded it.
      if (table.has_primary_key()) out.incomplete = true;
      if (!table.has_primary_key()) from = ends[i].start;
    }
    if (ends[i].end > from) out.ranges.push_back({buckets[i], from, ends[i].end});
  }
  return out;
}

/// Tiering has committed since.
bool TieredHotRows::IsOld(const TableInfo& table, const iceberg::TableMetadata& lake) const {
  const auto latest = catalog_.lake_snapshots().Latest(table.id);
  if (latest && lake.FindSnapshot(latest->snapshot_id) == nullptr) return true;
  // Or is at it: the pointer moves a moment before what belongs to it is known here.
  const iceberg::Snapshot* current = lake.current_snapshot();
  return current != nullptr && current->summary.contains(kOffsetsKey) &&
         (!latest || latest->snapshot_id != current->snapshot_id);
}

Result<std::string> TieredHotRows::VersionOf(const iceberg::LoadedTable& table) {
  const TableRef info = catalog_.FindTable(*table.tiered_by);
  if (info == nullptr) return std::string();
  ASSIGN_OR_RETURN(const Hot hot, FindHot(*info, *table.metadata));
  std::string out;
  for (const TailRange& range : hot.ranges) {
    out += fmt::format("{}.{}:{}-{} ", range.bucket.partition ? range.bucket.partition->value : -1,
                       range.bucket.bucket, range.from, range.to);
  }
  return out;
}

Result<iceberg::HotFiles> TieredHotRows::Write(const iceberg::LoadedTable& lake) {
  const TableRef table = catalog_.FindTable(*lake.tiered_by);
  iceberg::HotFiles out;
  if (table == nullptr) return out;
  ASSIGN_OR_RETURN(const bool lacks_columns, LacksColumns(*table, *lake.metadata));
  if (lacks_columns) {
    out.incomplete = true;
    return out;
  }
  const bool needs_index = NeedsKeyIndex(*table);
  TieringRunner::Still still = tiering_.HoldStill(table->id);
  if (needs_index && !IsOld(*table, *lake.metadata) && !KnowsRowsOf(still.index, *lake.metadata)) {
    // The first reader since the start, or somebody else has committed.
    still = {};
    RETURN_IF_ERROR(tiering_.SyncIndex(*table));
    still = tiering_.HoldStill(table->id);
  }
  // Without the places of this very snapshot's rows nobody can say which rows are replaced.
  if (IsOld(*table, *lake.metadata) || (needs_index && !KnowsRowsOf(still.index, *lake.metadata))) {
    out.stale = true;
    return out;
  }
  const std::shared_ptr<const KeyIndex> index = needs_index ? still.index : nullptr;
  ASSIGN_OR_RETURN(const Hot hot, FindHot(*table, *lake.metadata));
  if (hot.incomplete) {
    out.incomplete = true;
    return out;
  }
  const std::string name = "live-" + iceberg::NewUuid();
  int files = 0;
  TailRequest request{.table = table,
                      .lake = lake.metadata.get(),
                      .logs = &logs_,
                      .io = &io_,
                      .index = index.get(),
                      .folder = lake.metadata->location + "/live",
                      .new_name = [&] { return fmt::format("{}-{:05}", name, files++); },
                      .alive = {}};
  ASSIGN_OR_RETURN(request.parquet,
                   iceberg::ParquetWriterOptions::FromProperties(lake.metadata->properties));
  request.limits.log_bytes_max = index == nullptr ? kLogBytesMax : kReducedLogBytesMax;

  std::vector<std::string> written;
  const auto keep = [&] {
    for (std::string& path : written)
      out.files.push_back(std::make_shared<iceberg::TemporaryFile>(io_, std::move(path)));
    written.clear();
  };
  Result<Tail> tail = WriteTail(request, hot.ranges, written);
  Result<LakeDeletes> deletes = LakeDeletes();
  if (tail.ok())
    deletes = WriteLakeDeletes(request, table->config.lake_delete_mode, *tail, written);
  keep();  // from here on they go with `out`
  RETURN_IF_ERROR(tail);
  RETURN_IF_ERROR(deletes);
  out.incomplete = tail->stopped_early;
  ASSIGN_OR_RETURN(out.covered, CoveredBy(table->id, *lake.metadata));
  for (const TailPart& part : tail->parts) out.covered[part.bucket] = part.end;
  iceberg::SnapshotChange& change = out.change;
  for (const TailPart& part : tail->parts)
    change.added.insert(change.added.end(), part.data.begin(), part.data.end());
  const bool appends = !change.added.empty();
  const bool replaces = !deletes->added.empty() || !deletes->removed.empty();
  change.added.insert(change.added.end(), deletes->added.begin(), deletes->added.end());
  change.removed = deletes->removed;
  change.operation = !replaces ? iceberg::SnapshotOperation::kAppend
                     : appends ? iceberg::SnapshotOperation::kOverwrite
                               : iceberg::SnapshotOperation::kDelete;
  return out;
}

Status TieredHotRows::Adopt(TableId id, const iceberg::Snapshot& snapshot,
                            const LakeOffsets& covered, const std::vector<std::string>& files) {
  ASSIGN_OR_RETURN(const TableRef table, catalog_.GetTable(id));
  return tiering_.Adopt(*table, {.snapshot = snapshot, .files = files, .covered = covered});
}

Status TieredHotRows::TierNow(TableId table) { return tiering_.TierNow(table, kTierWaitMax); }

Status TieredHotRows::BeforeRemoval(TableId table) { return tiering_.FollowLake(table); }

}  // namespace weir
