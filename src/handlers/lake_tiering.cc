// LAKE_TIERING_HEARTBEAT, PREPARE_ and COMMIT_LAKE_TABLE_SNAPSHOT: Fluss' tiering job, when the server leaves the
// lake to it (lake.tiering: external). Source: Fluss 545c5539 CoordinatorService
#include <algorithm>
#include <set>

#include "handlers/catalog_requests.h"
#include "tiering/external_tiering.h"
#include "tiering/tiering_schedule.h"

namespace weir {
namespace {

using TableBeats = google::protobuf::RepeatedPtrField<pb::PbHeartbeatReqForTable>;
using TableBeatAnswers = google::protobuf::RepeatedPtrField<pb::PbHeartbeatRespForTable>;

/// Errors  kFencedTieringEpoch  the job has no business here
Status CheckExternal(const RequestContext& context) {
  if (context.services().external_tiering != nullptr) return {};
  return Fail(ErrorCode::kFencedTieringEpoch,
              "this server does not leave tiering to a job: see 'lake.tiering'");
}

/// Call `apply(table, epoch)` for each table that may be talked about, and answer for all.
template <class F>
void ForEachBeat(const RequestContext& context, const TableBeats& beats, TableBeatAnswers& answers,
                 F apply) {
  for (const auto& beat : beats) {
    const TableId table{beat.table_id()};
    Status status = CheckExternal(context);
    if (status.ok()) status = context.AuthorizeTable(Operation::kWrite, table);
    if (status.ok() && beat.coordinator_epoch() != context.services().coordinator_epoch) {
      status = Fail(ErrorCode::kInvalidCoordinator, "the server has restarted: epoch={} now={}",
                    beat.coordinator_epoch(), context.services().coordinator_epoch);
    }
    if (status.ok()) status = apply(table, beat.tiering_epoch());
    pb::PbHeartbeatRespForTable& answer = *answers.Add();
    answer.set_table_id(beat.table_id());
    if (status.ok()) continue;
    answer.mutable_error()->set_error_code(static_cast<int32_t>(status.error().code));
    answer.mutable_error()->set_error_message(status.error().message);
  }
}

void HandOut(const RequestContext& context, pb::LakeTieringHeartbeatResponse& response) {
  TieringSchedule& schedule = *context.services().tiering_schedule;
  while (const auto assignment = schedule.Request()) {
    const TableRef table = CatalogOf(context).FindTable(assignment->table);
    if (table == nullptr) continue;  // dropped a moment ago
    if (!context.AuthorizeTable(Operation::kWrite, table->id).ok()) {
      (void)schedule.Fail(table->id, assignment->epoch, TieringSchedule::Retry::kLater);
      continue;
    }
    auto& out = *response.mutable_tiering_table();
    out.set_table_id(table->id.value);
    out.mutable_table_path()->set_database_name(table->path.database);
    out.mutable_table_path()->set_table_name(table->path.table);
    out.set_tiering_epoch(assignment->epoch);
    return;
  }
}

/// The table of a request for one, if it may be written.
Result<TableRef> TableOf(const RequestContext& context, TableId id) {
  RETURN_IF_ERROR(CheckExternal(context));
  RETURN_IF_ERROR(context.AuthorizeTable(Operation::kWrite, id));
  return CatalogOf(context).GetTable(id);
}

template <class Answer>
void SetError(const Status& status, Answer& answer) {
  if (status.ok()) return;
  answer.set_error_code(static_cast<int32_t>(status.error().code));
  answer.set_error_message(status.error().message);
}

template <class List>
LakeOffsets OffsetsOf(TableId table, const List& buckets) {
  LakeOffsets offsets;
  for (const auto& bucket : buckets) {
    if (bucket.has_log_end_offset())
      offsets[ToTableBucket(table.value, bucket)] = bucket.log_end_offset();
  }
  return offsets;
}

Result<std::string> Prepare(const RequestContext& context, const pb::PbTableOffsets& request,
                            ExternalTiering::Previous previous) {
  ASSIGN_OR_RETURN(const TableRef table, TableOf(context, TableId{request.table_id()}));
  return context.services().external_tiering->Prepare(
      *table, OffsetsOf(table->id, request.bucket_offsets()), previous);
}

Status Commit(const RequestContext& context, const pb::PbLakeTableSnapshotMetadata& request) {
  ASSIGN_OR_RETURN(const TableRef table, TableOf(context, TableId{request.table_id()}));
  ExternalTiering::Committed committed{.snapshot_id = request.snapshot_id(),
                                       .tiered_path = request.tiered_bucket_offsets_file_path()};
  if (request.has_readable_bucket_offsets_file_path())
    committed.readable_path = request.readable_bucket_offsets_file_path();
  if (request.has_earliest_snapshot_id_to_keep())
    committed.earliest_to_keep = request.earliest_snapshot_id_to_keep();
  return context.services().external_tiering->Commit(*table, committed);
}

Status CommitOffsets(const RequestContext& context, const pb::PbLakeTableSnapshotInfo& request) {
  ASSIGN_OR_RETURN(const TableRef table, TableOf(context, TableId{request.table_id()}));
  return context.services().external_tiering->CommitOffsets(
      *table, request.snapshot_id(), OffsetsOf(table->id, request.buckets_req()));
}

}  // namespace

Result<pb::LakeTieringHeartbeatResponse> LakeTieringHeartbeat(
    RequestContext& context, const pb::LakeTieringHeartbeatRequest& request) {
  pb::LakeTieringHeartbeatResponse response;
  response.set_coordinator_epoch(context.services().coordinator_epoch);
  TieringSchedule* const schedule = context.services().tiering_schedule;
  ForEachBeat(context, request.failed_tables(), *response.mutable_failed_table_resp(),
              [&](TableId table, int64_t epoch) {
                return schedule->Fail(table, epoch, TieringSchedule::Retry::kSoon);
              });
  ForEachBeat(context, request.tiering_tables(), *response.mutable_tiering_table_resp(),
              [&](TableId table, int64_t epoch) { return schedule->Renew(table, epoch); });
  const auto& forced = request.force_finished_tables();
  ForEachBeat(context, request.finished_tables(), *response.mutable_finished_table_resp(),
              [&](TableId table, int64_t epoch) {
                const bool again = std::ranges::find(forced, table.value) != forced.end();
                return schedule->Finish(
                    table, epoch,
                    again ? TieringSchedule::Finished::kForced : TieringSchedule::Finished::kDone);
              });
  if (request.request_table() && CheckExternal(context).ok()) HandOut(context, response);
  return response;
}

Task<Result<pb::PrepareLakeTableSnapshotResponse>> PrepareLakeTableSnapshot(
    RequestContext& context, const pb::PrepareLakeTableSnapshotRequest& request) {
  const auto previous = request.ignore_previous_table_offsets() ? ExternalTiering::Previous::kIgnore
                                                                : ExternalTiering::Previous::kMerge;
  co_return co_await context.services().pool.Run(
      [&]() -> Result<pb::PrepareLakeTableSnapshotResponse> {
        pb::PrepareLakeTableSnapshotResponse response;
        for (const auto& table : request.bucket_offsets()) {
          auto& answer = *response.add_prepare_lake_table_resp();
          answer.set_table_id(table.table_id());
          const Result<std::string> path = Prepare(context, table, previous);
          if (path.ok()) {
            answer.set_lake_table_offsets_path(*path);
          } else {
            SetError(Forward(path), answer);
          }
        }
        return response;
      });
}

Task<Result<pb::CommitLakeTableSnapshotResponse>> CommitLakeTableSnapshot(
    RequestContext& context, const pb::CommitLakeTableSnapshotRequest& request) {
  co_return co_await context.services().pool.Run(
      [&]() -> Result<pb::CommitLakeTableSnapshotResponse> {
        pb::CommitLakeTableSnapshotResponse response;
        std::set<int64_t> done;
        for (const auto& table : request.lake_table_snapshot_metadata()) {
          auto& answer = *response.add_table_resp();
          answer.set_table_id(table.table_id());
          SetError(Commit(context, table), answer);
          done.insert(table.table_id());
        }
        // Beside such metadata these only carry numbers to show; alone they are the commit of an old job.
        for (const auto& table : request.tables_req()) {
          if (!done.insert(table.table_id()).second) continue;
          auto& answer = *response.add_table_resp();
          answer.set_table_id(table.table_id());
          SetError(CommitOffsets(context, table), answer);
        }
        return response;
      });
}

}  // namespace weir
