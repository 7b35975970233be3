#include "catalog/namespace_endpoints.h"

#include <boost/json/value.hpp>
#include <map>

#include "catalog/paging.h"
#include "catalog/rest_context.h"
#include "catalog/rest_json.h"
#include "lake/lake_catalog.h"

namespace weir::iceberg {
namespace {

namespace json = boost::json;

}  // namespace

RestResult<RestResponse> ListNamespaces(RestContext& context, const RestRequest& request) {
  const Namespace parent = SplitLevels(request.Parameter("parent").value_or(""));
  ASSIGN_OR_RETURN(const std::vector<Namespace> found, context.lake.ListNamespaces(parent));
  std::map<std::string, const Namespace*> by_name;
  std::vector<std::string> names;
  for (const Namespace& levels : found) {
    names.push_back(levels.back());
    by_name[levels.back()] = &levels;
  }
  json::object answer;
  ASSIGN_OR_RETURN(names, PageOf(std::move(names), request, answer));
  json::array list;
  for (const std::string& name : names) list.emplace_back(ToJson(*by_name.at(name)));
  answer["namespaces"] = std::move(list);
  return RestResponse::Of(answer);
}

RestResult<RestResponse> CreateNamespace(RestContext& context, const RestRequest& request) {
  ASSIGN_OR_RETURN(const json::object body, request.Json());
  ASSIGN_OR_RETURN(const Namespace levels, LevelsMember(body, "namespace"));
  ASSIGN_OR_RETURN(const StringMap properties, StringMapMember(body, "properties"));
  RETURN_IF_ERROR(context.lake.CreateNamespace(levels, properties));
  return RestResponse::Of(
      json::object{{"namespace", ToJson(levels)}, {"properties", ToJson(properties)}});
}

RestResult<RestResponse> LoadNamespace(RestContext& context, const RestRequest& request) {
  ASSIGN_OR_RETURN(const StringMap properties, context.lake.NamespaceProperties(request.levels));
  return RestResponse::Of(
      json::object{{"namespace", ToJson(request.levels)}, {"properties", ToJson(properties)}});
}

RestResult<RestResponse> NamespaceExists(RestContext& context, const RestRequest& request) {
  if (context.lake.NamespaceExists(request.levels)) return RestResponse::NoContent();
  return Refuse(RestErrorKind::kNoSuchNamespace, "namespace does not exist: namespace={}",
                ToString(request.levels));
}

RestResult<RestResponse> DropNamespace(RestContext& context, const RestRequest& request) {
  RETURN_IF_ERROR(context.lake.DropNamespace(request.levels));
  return RestResponse::NoContent();
}

RestResult<RestResponse> UpdateNamespace(RestContext& context, const RestRequest& request) {
  ASSIGN_OR_RETURN(const json::object body, request.Json());
  ASSIGN_OR_RETURN(const std::vector<std::string> removals, StringListMember(body, "removals"));
  ASSIGN_OR_RETURN(const StringMap updates, StringMapMember(body, "updates"));
  for (const std::string& key : removals) {
    if (updates.contains(key))
      return Refuse(RestErrorKind::kUnprocessable, "a key to update and to remove: key={}", key);
  }
  ASSIGN_OR_RETURN(const ChangedKeys changed,
                   context.lake.UpdateNamespace(request.levels, removals, updates));
  return RestResponse::Of(json::object{{"updated", ToJson(changed.updated)},
                                       {"removed", ToJson(changed.removed)},
                                       {"missing", ToJson(changed.missing)}});
}

}  // namespace weir::iceberg
