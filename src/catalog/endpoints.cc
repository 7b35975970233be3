#include "catalog/endpoints.h"

#include <algorithm>
#include <array>

#include "catalog/config_endpoints.h"
#include "catalog/namespace_endpoints.h"
#include "catalog/plan_endpoints.h"
#include "catalog/table_endpoints.h"
#include "catalog/view_endpoints.h"

namespace weir::iceberg {
namespace {

RestResult<RestResponse> AnswerNoContent(RestContext&, const RestRequest&) {
  return RestResponse::NoContent();
}

#define NAMESPACE "/v1/{prefix}/namespaces/{namespace}"
#define TABLE NAMESPACE "/tables/{table}"
#define VIEW NAMESPACE "/views/{view}"

constexpr std::array kEndpoints = {
    Endpoint{"GET", "/v1/config", GetConfig},
    Endpoint{"POST", "/v1/oauth/tokens", GetToken},

    Endpoint{"GET", "/v1/{prefix}/namespaces", ListNamespaces},
    Endpoint{"POST", "/v1/{prefix}/namespaces", CreateNamespace, Effect::kChanges},
    Endpoint{"GET", NAMESPACE, LoadNamespace},
    Endpoint{"HEAD", NAMESPACE, NamespaceExists},
    Endpoint{"DELETE", NAMESPACE, DropNamespace, Effect::kChanges},
    Endpoint{"POST", NAMESPACE "/properties", UpdateNamespace, Effect::kChanges},

    Endpoint{"GET", NAMESPACE "/tables", ListTables},
    Endpoint{"POST", NAMESPACE "/tables", CreateTable, Effect::kChanges},
    Endpoint{"POST", NAMESPACE "/register", RegisterTable, Effect::kChanges},
    Endpoint{"GET", TABLE, LoadTable},
    Endpoint{"HEAD", TABLE, TableExists},
    Endpoint{"POST", TABLE, UpdateTable, Effect::kChanges, LoadTable},
    Endpoint{"DELETE", TABLE, DropTable, Effect::kChanges},
    Endpoint{"GET", TABLE "/credentials", LoadCredentials},
    Endpoint{"POST", TABLE "/metrics", ReportMetrics},
    Endpoint{"POST", TABLE "/plan", PlanTableScan},
    Endpoint{"GET", TABLE "/plan/{plan-id}", FetchPlan},
    Endpoint{"DELETE", TABLE "/plan/{plan-id}", CancelPlan},
    Endpoint{"POST", TABLE "/tasks", FetchTasks},
    Endpoint{"POST", "/v1/{prefix}/tables/rename", RenameTable, Effect::kChanges},
    Endpoint{"POST", "/v1/{prefix}/transactions/commit", CommitTransaction, Effect::kChanges,
             AnswerNoContent},

    Endpoint{"GET", NAMESPACE "/views", ListViews},
    Endpoint{"POST", NAMESPACE "/views", CreateView, Effect::kChanges},
    Endpoint{"GET", VIEW, LoadView},
    Endpoint{"HEAD", VIEW, ViewExists},
    Endpoint{"POST", VIEW, ReplaceView, Effect::kChanges},
    Endpoint{"DELETE", VIEW, DropView, Effect::kChanges},
    Endpoint{"POST", "/v1/{prefix}/views/rename", RenameView, Effect::kChanges},
};

#undef NAMESPACE
#undef TABLE
#undef VIEW

using Segments = std::vector<std::string_view>;

Segments SegmentsOf(std::string_view path) {
  Segments out;
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  while (true) {
    const size_t slash = path.find('/');
    out.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    path.remove_prefix(slash + 1);
  }
}

/// The pattern without {prefix}, and the path without what stands there: it may be left out.
Segments WithoutPrefix(std::string_view path) {
  constexpr std::array<std::string_view, 7> kNoPrefix = {
      "config", "oauth", "namespaces", "tables", "views", "transactions", ""};
  Segments segments = SegmentsOf(path);
  if (segments.size() > 2 && std::ranges::find(kNoPrefix, segments[1]) == kNoPrefix.end())
    segments.erase(segments.begin() + 1);
  return segments;
}

bool IsVariable(std::string_view segment) { return segment.starts_with('{'); }

bool Matches(const Segments& pattern, const Segments& path) {
  if (pattern.size() != path.size()) return false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (!IsVariable(pattern[i]) && pattern[i] != path[i]) return false;
  }
  return true;
}

RestStatus TakeNames(const Segments& pattern, const Segments& path, RestRequest& request) {
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (!IsVariable(pattern[i])) continue;
    std::string text = PercentDecode(path[i], false);
    if (text.empty()) return Refuse(RestErrorKind::kBadRequest, "an empty name in the path");
    if (pattern[i] == "{namespace}") {
      request.levels = SplitLevels(text);
    } else if (pattern[i] == "{plan-id}") {
      request.plan_id = std::move(text);
    } else {
      request.name = std::move(text);
    }
  }
  return {};
}

}  // namespace

std::span<const Endpoint> Endpoints() { return kEndpoints; }

std::string AllowedMethods(std::string_view asked) {
  const Segments path = WithoutPrefix(asked);
  std::string methods;
  for (const Endpoint& endpoint : kEndpoints) {
    if (Matches(WithoutPrefix(endpoint.path), path))
      methods.append(methods.empty() ? "" : ", ").append(endpoint.method);
  }
  return methods;
}

RestResult<const Endpoint*> FindEndpoint(RestRequest& request) {
  const Segments path = WithoutPrefix(request.path);
  bool path_known = false;
  for (const Endpoint& endpoint : kEndpoints) {
    const Segments pattern = WithoutPrefix(endpoint.path);
    if (!Matches(pattern, path)) continue;
    path_known = true;
    if (endpoint.method != request.method) continue;
    RETURN_IF_ERROR(TakeNames(pattern, path, request));
    return &endpoint;
  }
  if (path_known) {
    return Refuse(RestErrorKind::kMethodNotAllowed,
                  "not with this method: method={:.20} path={:.200}", request.method, request.path);
  }
  return Refuse(RestErrorKind::kNotFound, "no such path in the Iceberg REST catalog: path={:.200}",
                request.path);
}

}  // namespace weir::iceberg
