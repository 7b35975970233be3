#include "catalog/plan_endpoints.h"

#include <boost/json/value.hpp>
#include <charconv>

#include "catalog/live_tables.h"
#include "catalog/loaded_table.h"
#include "catalog/plan_store.h"
#include "catalog/rest_json.h"
#include "lake/scan_task_json.h"

namespace weir::iceberg {
namespace {

namespace json = boost::json;

// File scan tasks in one answer: some 700 bytes each.
constexpr size_t kTasksPerPage = 5'000;

/// What the body asks for.
struct PlanRequest {
  std::optional<int64_t> snapshot_id;
  std::optional<int64_t> start_snapshot_id;
  std::optional<int64_t> end_snapshot_id;
  bool case_sensitive = true;
  bool use_snapshot_schema = false;
  bool statistics = false;
  const json::value* filter = nullptr;  // lives in the body

  bool is_live() const { return !snapshot_id && !end_snapshot_id; }
};

RestResult<std::optional<int64_t>> IdMember(const json::object& body, std::string_view key) {
  const json::value* value = body.if_contains(json::string_view(key.data(), key.size()));
  if (value == nullptr || value->is_null()) return std::optional<int64_t>();
  if (!value->is_int64())
    return Refuse(RestErrorKind::kBadRequest, "\"{}\" must be a snapshot id", key);
  return std::optional<int64_t>(value->as_int64());
}

RestResult<PlanRequest> PlanRequestOf(const json::object& body) {
  PlanRequest out;
  ASSIGN_OR_RETURN(out.snapshot_id, IdMember(body, "snapshot-id"));
  ASSIGN_OR_RETURN(out.start_snapshot_id, IdMember(body, "start-snapshot-id"));
  ASSIGN_OR_RETURN(out.end_snapshot_id, IdMember(body, "end-snapshot-id"));
  ASSIGN_OR_RETURN(out.case_sensitive, FlagMember(body, "case-sensitive", true));
  ASSIGN_OR_RETURN(out.use_snapshot_schema, FlagMember(body, "use-snapshot-schema", false));
  ASSIGN_OR_RETURN(const auto statistics, StringListMember(body, "stats-fields"));
  out.statistics = !statistics.empty();
  if (const json::value* filter = body.if_contains("filter"); filter && !filter->is_null())
    out.filter = filter;
  if (out.snapshot_id && (out.start_snapshot_id || out.end_snapshot_id))
    return Refuse(RestErrorKind::kBadRequest, "snapshot-id excludes start- and end-snapshot-id");
  if (out.start_snapshot_id && !out.end_snapshot_id)
    return Refuse(RestErrorKind::kBadRequest, "start-snapshot-id needs end-snapshot-id");
  return out;
}

RestResult<ScanPlan> PlanOf(RestContext& context, const TableMetadata& metadata,
                            const PlanRequest& wanted) {
  const auto id = wanted.snapshot_id ? wanted.snapshot_id : wanted.end_snapshot_id;
  const Snapshot* snapshot = id ? metadata.FindSnapshot(*id) : metadata.current_snapshot();
  if (id && snapshot == nullptr)
    return Refuse(RestErrorKind::kBadRequest, "no such snapshot: snapshot-id={}", *id);
  if (snapshot == nullptr) return ScanPlan{};
  const Schema& schema =
      wanted.use_snapshot_schema ? metadata.SchemaOf(*snapshot) : metadata.current_schema();
  ScanRequest scan;
  scan.case_sensitive = wanted.case_sensitive;
  scan.with_statistics = wanted.statistics;
  if (wanted.filter != nullptr) {
    ASSIGN_OR_RETURN(scan.filter,
                     ExpressionFromJson(*wanted.filter, schema, wanted.case_sensitive));
  }
  FileIo& io = context.lake.files();
  ASSIGN_OR_RETURN(ScanPlan plan,
                   wanted.end_snapshot_id
                       ? PlanAppends(io, metadata, wanted.start_snapshot_id, *snapshot, scan)
                       : PlanScan(io, metadata, *snapshot, scan));
  return plan;
}

StoredPlan CutIntoPages(ScanPlan plan, std::shared_ptr<const TableMetadata> metadata,
                        const json::value* filter) {
  StoredPlan out{.id = NewUuid(),
                 .table_uuid = metadata->table_uuid,
                 .metadata = std::move(metadata),
                 .residual = filter == nullptr ? json::value(true) : *filter,
                 .pages = {}};
  for (FileScanTask& task : plan.tasks) {
    if (out.pages.empty() || out.pages.back().size() == kTasksPerPage) out.pages.emplace_back();
    out.pages.back().push_back(std::move(task));
  }
  return out;
}

/// One page. Every task names its residual: the specification lets it out, Iceberg Java 1.11.0 does not.
RestResult<json::object> TasksOf(const StoredPlan& plan, size_t page) {
  ASSIGN_OR_RETURN(json::object out, ScanTasksToJson(plan.pages[page], *plan.metadata));
  if (json::value* tasks = out.if_contains("file-scan-tasks"); tasks && tasks->is_array()) {
    for (json::value& task : tasks->as_array())
      task.as_object().insert_or_assign("residual-filter", plan.residual);
  }
  return out;
}

/// The first page, and the names of the others.
RestResult<json::object> Answer(const StoredPlan& plan) {
  json::object out{{"status", "completed"}};
  if (plan.pages.empty()) {
    out["file-scan-tasks"] = json::array();
    return out;
  }
  ASSIGN_OR_RETURN(json::object tasks, TasksOf(plan, 0));
  for (auto& [key, value] : tasks) out[key] = std::move(value);
  if (plan.pages.size() == 1) return out;
  out["plan-id"] = plan.id;
  json::array rest;
  for (size_t page = 1; page < plan.pages.size(); ++page)
    rest.emplace_back(fmt::format("{}/{}", plan.id, page));
  out["plan-tasks"] = std::move(rest);
  return out;
}

/// The plan of the path, of the table of the path.
RestResult<std::shared_ptr<const StoredPlan>> FindPlan(RestContext& context,
                                                       const RestRequest& request,
                                                       std::string_view id, RestErrorKind missing) {
  ASSIGN_OR_RETURN(const LoadedTable table,
                   context.lake.LoadTable({.levels = request.levels, .name = request.name}));
  auto plan = context.plans.Find(id);
  if (plan == nullptr || plan->table_uuid != table.metadata->table_uuid)
    return Refuse(missing, "no such plan, or too old: id={:.80}", id);
  return plan;
}

}  // namespace

RestResult<RestResponse> PlanTableScan(RestContext& context, const RestRequest& request) {
  ASSIGN_OR_RETURN(const json::object body, request.Json());
  ASSIGN_OR_RETURN(const PlanRequest wanted, PlanRequestOf(body));
  ASSIGN_OR_RETURN(LoadedTable table,
                   context.lake.LoadTable({.levels = request.levels, .name = request.name}));
  if (wanted.is_live()) {
    ASSIGN_OR_RETURN(table, context.live.ForScan(table));
  } else if (wanted.snapshot_id) {
    table = context.live.ForSnapshot(std::move(table), *wanted.snapshot_id);
  }
  ASSIGN_OR_RETURN(ScanPlan plan, PlanOf(context, *table.metadata, wanted));
  context.metrics.plans.Add();
  context.metrics.planned_files.Add(static_cast<int64_t>(plan.tasks.size()));
  StoredPlan pages = CutIntoPages(std::move(plan), table.metadata, wanted.filter);
  ASSIGN_OR_RETURN(json::object answer, Answer(pages));
  const json::array credentials = StorageCredentials(context, table);
  if (WantsCredentials(request) && !credentials.empty())
    answer["storage-credentials"] = credentials;
  if (pages.pages.size() > 1) context.plans.Add(std::move(pages));
  return RestResponse::Of(answer);
}

RestResult<RestResponse> FetchPlan(RestContext& context, const RestRequest& request) {
  ASSIGN_OR_RETURN(const auto plan,
                   FindPlan(context, request, request.plan_id, RestErrorKind::kNoSuchPlanId));
  ASSIGN_OR_RETURN(const json::object answer, Answer(*plan));
  return RestResponse::Of(answer);
}

RestResult<RestResponse> CancelPlan(RestContext& context, const RestRequest& request) {
  // A plan that fitted into its answer was never held; there is nothing to release, and that is fine.
  context.plans.Remove(request.plan_id);
  return RestResponse::NoContent();
}

RestResult<RestResponse> FetchTasks(RestContext& context, const RestRequest& request) {
  ASSIGN_OR_RETURN(const json::object body, request.Json());
  ASSIGN_OR_RETURN(const std::string task, StringMember(body, "plan-task"));
  const size_t slash = std::min(task.rfind('/'), task.size());
  ASSIGN_OR_RETURN(const auto plan, FindPlan(context, request, task.substr(0, slash),
                                             RestErrorKind::kNoSuchPlanTask));
  size_t page = 0;
  std::from_chars(task.data() + std::min(slash + 1, task.size()), task.data() + task.size(), page);
  if (page == 0 || page >= plan->pages.size())
    return Refuse(RestErrorKind::kNoSuchPlanTask, "no such plan task: plan-task={:.80}", task);
  ASSIGN_OR_RETURN(const json::object answer, TasksOf(*plan, page));
  return RestResponse::Of(answer);
}

}  // namespace weir::iceberg
