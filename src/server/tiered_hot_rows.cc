#include "server/tiered_hot_rows.h"

#include <algorithm>

#include "lake/file_io.h"
#include "lake/fluss_layout.h"
#include "lake/parquet_writer.h"
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
LakeOffsets TieredHotRows::CoveredBy(TableId table, const iceberg::TableMetadata& lake) const {
  const iceberg::Snapshot* snapshot = lake.current_snapshot();
  while (snapshot != nullptr) {
    if (const auto known = catalog_.lake_snapshots().Find(table, snapshot->snapshot_id))
      return known->tiered;
    snapshot =
        snapshot->parent_snapshot_id ? lake.FindSnapshot(*snapshot->parent_snapshot_id) : nullptr;
  }
  return {};
}

Result<TieredHotRows::Hot> TieredHotRows::FindHot(const TableInfo& table,
                                                  const iceberg::TableMetadata& lake) const {
  const LakeOffsets covered = CoveredBy(table.id, lake);
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
  std::shared_ptr<const KeyIndex> index;
  if (NeedsKeyIndex(*table)) {
    index = tiering_.FindIndex(table->id);
    // Without the places of this very snapshot's rows nobody can say which rows are replaced.
    if (index == nullptr || index->snapshot_id() != lake.metadata->current_snapshot_id) {
      out.incomplete = true;
      return out;
    }
  }
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
  // The index may have moved on while it was asked: then its answers are about files we do not show.
  out.incomplete = tail->stopped_early ||
                   (index != nullptr && index->snapshot_id() != lake.metadata->current_snapshot_id);
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

Status TieredHotRows::TierNow(TableId table) { return tiering_.TierNow(table, kTierWaitMax); }

}  // namespace weir
