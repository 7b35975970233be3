#include "tiering/covered_offsets.h"

#include <algorithm>

#include "base/log.h"
#include "lake/file_io.h"
#include "lake/location_rules.h"

namespace weir {
namespace {

Result<LakeOffsets> ReadOffsets(iceberg::FileIo& io, const iceberg::TableMetadata& lake,
                                TableId table, const std::string& path) {
  // Whoever commits to the table can write there what he likes.
  if (!iceberg::IsBelow(path, lake.location))
    return Fail(ErrorCode::kInvalidTable, "the file of covered offsets lies outside of the table");
  constexpr int64_t kOffsetsBytesMax = 64 * MiB;
  ASSIGN_OR_RETURN(const std::string text, io.ReadAll(path, kOffsetsBytesMax));
  return LakeOffsetsFromJson(table, text);
}

Offset OffsetIn(const LakeOffsets& offsets, const TableBucket& bucket) {
  const auto found = offsets.find(bucket);
  return found == offsets.end() ? 0 : found->second;
}

/// Going back is right only while the log can give the rows again.
Status CheckLost(const RoundEnvironment& environment, const TableInfo& table,
                 const LakeOffsets& before, const LakeOffsets& now) {
  std::vector<TableBucket> lower;
  for (const TableBucket& bucket : BucketsOf(table)) {
    if (OffsetIn(now, bucket) < OffsetIn(before, bucket)) lower.push_back(bucket);
  }
  if (lower.empty()) return {};
  ASSIGN_OR_RETURN(const auto ranges, environment.logs.Ranges(lower));
  for (size_t i = 0; i < lower.size(); ++i) {
    if (ranges[i].start <= OffsetIn(now, lower[i])) continue;
    return Fail(ErrorCode::kLogOffsetOutOfRange,
                "the lake table lacks rows that it had and that the log has no more: table={} "
                "bucket={} offsets={}..{}; bring the lake table back as it was",
                table.path.ToString(), lower[i].bucket, OffsetIn(now, lower[i]),
                std::min(ranges[i].start, OffsetIn(before, lower[i])));
  }
  return {};
}

/// Offsets that grew by somebody else's word: after an answer that was lost they are ours, and the log has them.
Status CheckGained(const RoundEnvironment& environment, const TableInfo& table,
                   const LakeOffsets& before, const LakeOffsets& now) {
  std::vector<TableBucket> higher;
  for (const TableBucket& bucket : BucketsOf(table)) {
    if (OffsetIn(now, bucket) > OffsetIn(before, bucket)) higher.push_back(bucket);
  }
  if (higher.empty()) return {};
  ASSIGN_OR_RETURN(const auto ranges, environment.logs.Ranges(higher));
  for (size_t i = 0; i < higher.size(); ++i)
    RETURN_IF_ERROR(CheckNotAhead(table, higher[i], OffsetIn(now, higher[i]), ranges[i].end));
  return {};
}

}  // namespace

Status CheckNotAhead(const TableInfo& table, const TableBucket& bucket, Offset covered,
                     Offset end) {
  if (covered <= end) return {};
  return Fail(ErrorCode::kLogOffsetOutOfRange,
              "the lake has rows that the log does not have: table={} partition={} bucket={} "
              "log_end={} lake={}; bring the data folder back as it was, or the lake table to what "
              "the log has",
              table.path.ToString(), bucket.partition ? bucket.partition->value : -1, bucket.bucket,
              end, covered);
}

Result<std::optional<LakeSnapshot>> CoveredBy(iceberg::FileIo& io,
                                              const iceberg::TableMetadata& lake, TableId table,
                                              const std::optional<LakeSnapshot>& known) {
  const iceberg::Snapshot* head = lake.current_snapshot();
  if (head == nullptr) return std::optional<LakeSnapshot>();
  const auto at_head = [&](LakeOffsets offsets, const std::string& path) {
    return std::optional(LakeSnapshot{.snapshot_id = head->snapshot_id,
                                      .tiered = offsets,
                                      .tiered_path = path,
                                      .readable = std::move(offsets),
                                      .readable_path = path,
                                      .committed_ms = head->timestamp_ms});
  };
  std::optional<int64_t> id = head->snapshot_id;
  while (id) {
    if (known && known->snapshot_id == *id) return at_head(known->tiered, known->tiered_path);
    const iceberg::Snapshot* snapshot = lake.FindSnapshot(*id);
    if (snapshot == nullptr)
      return Fail(ErrorCode::kStorage,
                  "the snapshots that said which offsets the lake has were removed: snapshot={}",
                  *id);
    if (const auto path = snapshot->summary.find(kOffsetsKey); path != snapshot->summary.end()) {
      ASSIGN_OR_RETURN(LakeOffsets offsets, ReadOffsets(io, lake, table, path->second));
      return at_head(std::move(offsets), path->second);
    }
    id = snapshot->parent_snapshot_id;
  }
  return std::optional<LakeSnapshot>();
}

namespace {

Status FollowHead(const RoundEnvironment& environment, const TableInfo& table,
                  const iceberg::TableMetadata& lake) {
  LakeSnapshots& records = environment.catalog.lake_snapshots();
  auto known = records.Latest(table.id);
  if (!known || known->snapshot_id == lake.current_snapshot_id) return {};
  if (!HasSameOffsetsSince(lake, known->snapshot_id))
    return Fail(ErrorCode::kCommitConflict,
                "which offsets the lake table has is known only after the next round: table={} "
                "snapshot={}",
                table.path.ToString(), known->snapshot_id);
  known->snapshot_id = *lake.current_snapshot_id;
  RETURN_IF_ERROR(
      records.Commit(table.id, *std::move(known),
                     {LakeSnapshots::Keep::Kind::kNewest, environment.options.snapshots_kept}));
  return {};
}

}  // namespace

Status FollowLake(const RoundEnvironment& environment, const TableInfo& table,
                  const iceberg::TableMetadata& lake) {
  if (environment.lake.SharesStore()) return FollowHead(environment, table, lake);
  LakeSnapshots& records = environment.catalog.lake_snapshots();
  const auto known = records.Latest(table.id);
  ASSIGN_OR_RETURN(std::optional<LakeSnapshot> covered,
                   CoveredBy(environment.io, lake, table.id, known));
  if (covered.has_value() == known.has_value() &&
      (!covered || covered->snapshot_id == known->snapshot_id))
    return {};
  if (covered)
    RETURN_IF_ERROR(
        CheckGained(environment, table, known ? known->tiered : LakeOffsets(), covered->tiered));
  // Rows of a primary-key table come from its state when the log has them no more.
  if (known && !table.has_primary_key())
    RETURN_IF_ERROR(
        CheckLost(environment, table, known->tiered, covered ? covered->tiered : LakeOffsets()));
  LogInfo("tiering", "covered offsets taken from the lake table: table={} snapshot={} before={}",
          table.path.ToString(), covered ? covered->snapshot_id : -1,
          known ? known->snapshot_id : -1);
  if (!covered) return records.Drop(table.id);
  RETURN_IF_ERROR(
      records.Commit(table.id, *std::move(covered),
                     {LakeSnapshots::Keep::Kind::kNewest, environment.options.snapshots_kept}));
  return {};
}

}  // namespace weir
