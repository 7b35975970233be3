#include "catalog/table_endpoints.h"

#include <boost/json/value.hpp>

#include "catalog/live_tables.h"
#include "catalog/loaded_table.h"
#include "catalog/rest_json.h"
#include "catalog/table_commits.h"

namespace weir::iceberg {
namespace {

namespace json = boost::json;

Ident IdentOf(const RestRequest& request) {
  return {.levels = request.levels, .name = request.name};
}

/// What Weir tiers follows its table in Weir, name and existence included.
RestStatus CheckNotTiered(RestContext& context, const Ident& ident, std::string_view action) {
  ASSIGN_OR_RETURN(const LoadedTable table, context.lake.LoadTable(ident));
  if (!table.tiered_by) return {};
  return Refuse(RestErrorKind::kForbidden,
                "{} is the lake side of a Weir table: {} it there, by SQL or a Fluss client",
                ident.ToString(), action);
}

RestResult<NewTable> NewTableOf(const json::object& body) {
  NewTable out;
  ASSIGN_OR_RETURN(const json::value* schema, Member(body, "schema"));
  ASSIGN_OR_RETURN(out.schema, SchemaFromJson(*schema));
  if (const json::value* spec = body.if_contains("partition-spec"); spec && !spec->is_null()) {
    ASSIGN_OR_RETURN(out.spec, PartitionSpecFromJson(*spec));
  }
  if (const json::value* order = body.if_contains("write-order"); order && !order->is_null()) {
    ASSIGN_OR_RETURN(out.sort_order, SortOrderFromJson(*order));
  }
  ASSIGN_OR_RETURN(auto location, OptionalStringMember(body, "location"));
  out.location = std::move(location).value_or("");
  ASSIGN_OR_RETURN(out.properties, StringMapMember(body, "properties"));
  return out;
}

}  // namespace

RestResult<RestResponse> ListTables(RestContext& context, const RestRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<Ident> tables, context.lake.ListTables(request.levels));
  return ListOf(tables, request);
}

RestResult<RestResponse> CreateTable(RestContext& context, const RestRequest& request) {
  ASSIGN_OR_RETURN(const json::object body, request.Json());
  Ident ident{.levels = request.levels, .name = {}};
  ASSIGN_OR_RETURN(ident.name, StringMember(body, "name"));
  ASSIGN_OR_RETURN(NewTable table, NewTableOf(body));
  ASSIGN_OR_RETURN(const bool staged, FlagMember(body, "stage-create", false));
  ASSIGN_OR_RETURN(const LoadedTable made, staged
                                               ? context.lake.StageTable(ident, std::move(table))
                                               : context.lake.CreateTable(ident, std::move(table)));
  return TableAnswer(context, made, SnapshotMode::kAll, request);
}

RestResult<RestResponse> RegisterTable(RestContext& context, const RestRequest& request) {
  ASSIGN_OR_RETURN(const json::object body, request.Json());
  Ident ident{.levels = request.levels, .name = {}};
  ASSIGN_OR_RETURN(ident.name, StringMember(body, "name"));
  ASSIGN_OR_RETURN(const std::string location, StringMember(body, "metadata-location"));
  ASSIGN_OR_RETURN(const bool overwrite, FlagMember(body, "overwrite", false));
  if (overwrite && context.lake.TableExists(ident))
    RETURN_IF_ERROR(CheckNotTiered(context, ident, "replace"));
  const auto table =
      context.lake.RegisterTable(ident, location, overwrite ? Overwrite::kYes : Overwrite::kNo);
  if (table.code() == ErrorCode::kFileNotExist)
    return Refuse(RestErrorKind::kInvalidArgument, "there is no metadata file: location={}",
                  location);
  if (!table.ok()) return Forward(table);
  return TableAnswer(context, *table, SnapshotMode::kAll, request);
}

RestResult<RestResponse> LoadTable(RestContext& context, const RestRequest& request) {
  ASSIGN_OR_RETURN(const SnapshotMode mode, SnapshotModeOf(request));
  const std::string& known = request.headers.if_none_match;
  const auto not_modified = [&](const std::string& location) {
    const std::string tag = EntityTag(location, mode);
    return NamesTag(known, tag)
               ? std::optional(RestResponse{.status = 304, .body = {}, .etag = tag})
               : std::nullopt;
  };
  ASSIGN_OR_RETURN(LoadedTable table, context.lake.LoadTable(IdentOf(request)));
  ASSIGN_OR_RETURN(table, context.live.ForLoad(table));
  if (auto same = not_modified(table.metadata_location)) {
    context.metrics.not_modified.Add();
    return *std::move(same);
  }
  return TableAnswer(context, table, mode, request);
}

RestResult<RestResponse> TableExists(RestContext& context, const RestRequest& request) {
  if (context.lake.TableExists(IdentOf(request))) return RestResponse::NoContent();
  return Refuse(RestErrorKind::kNoSuchTable, "table does not exist: table={}",
                IdentOf(request).ToString());
}

RestResult<RestResponse> UpdateTable(RestContext& context, const RestRequest& request) {
  ASSIGN_OR_RETURN(const json::object body, request.Json());
  ASSIGN_OR_RETURN(TableCommit commit, TableCommitOf(body, IdentOf(request)));
  ASSIGN_OR_RETURN(const std::vector<LoadedTable> tables,
                   CommitTables(context, request, {&commit, 1}));
  return TableAnswer(context, tables.front(), SnapshotMode::kAll, request);
}

RestResult<RestResponse> CommitTransaction(RestContext& context, const RestRequest& request) {
  ASSIGN_OR_RETURN(const json::object body, request.Json());
  ASSIGN_OR_RETURN(const json::array* changes, ArrayMember(body, "table-changes"));
  std::vector<TableCommit> commits;
  for (const json::value& change : *changes) {
    if (!change.is_object())
      return Refuse(RestErrorKind::kBadRequest, "members of \"table-changes\" must be objects");
    ASSIGN_OR_RETURN(Ident ident, IdentMember(change.as_object(), "identifier"));
    ASSIGN_OR_RETURN(commits.emplace_back(), TableCommitOf(change.as_object(), std::move(ident)));
  }
  RETURN_IF_ERROR(CommitTables(context, request, commits));
  return RestResponse::NoContent();
}

RestResult<RestResponse> DropTable(RestContext& context, const RestRequest& request) {
  ASSIGN_OR_RETURN(const bool purge, request.Flag("purgeRequested", false));
  RETURN_IF_ERROR(CheckNotTiered(context, IdentOf(request), "drop"));
  RETURN_IF_ERROR(context.lake.DropTable(IdentOf(request), purge ? Purge::kYes : Purge::kNo));
  return RestResponse::NoContent();
}

RestResult<RestResponse> RenameTable(RestContext& context, const RestRequest& request) {
  ASSIGN_OR_RETURN(const Renaming names, RenamingOf(request));
  RETURN_IF_ERROR(CheckNotTiered(context, names.from, "rename"));
  RETURN_IF_ERROR(context.lake.RenameTable(names.from, names.to));
  return RestResponse::NoContent();
}

RestResult<RestResponse> LoadCredentials(RestContext& context, const RestRequest& request) {
  ASSIGN_OR_RETURN(const LoadedTable table, context.lake.LoadTable(IdentOf(request)));
  return RestResponse::Of(
      json::object{{"storage-credentials", StorageCredentials(context, table)}});
}

RestResult<RestResponse> ReportMetrics(RestContext& context, const RestRequest& request) {
  ASSIGN_OR_RETURN(const json::object body, request.Json());
  ASSIGN_OR_RETURN(const std::string type, StringMember(body, "report-type"));
  if (type == "scan-report") {
    context.metrics.scan_reports.Add();
  } else if (type == "commit-report") {
    context.metrics.commit_reports.Add();
  } else {
    return Refuse(RestErrorKind::kBadRequest, "no such report: report-type={:.40}", type);
  }
  return RestResponse::NoContent();
}

}  // namespace weir::iceberg
