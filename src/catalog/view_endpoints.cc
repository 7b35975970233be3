#include "catalog/view_endpoints.h"

#include <boost/json/value.hpp>

#include "catalog/rest_context.h"
#include "catalog/rest_json.h"
#include "lake/lake_catalog.h"

namespace weir::iceberg {
namespace {

namespace json = boost::json;

/// The lake's "no such table" is "no such view" here.
template <class T>
RestResult<T> OfView(Result<T> result) {
  if (result.ok()) {
    if constexpr (std::is_void_v<T>) {
      return {};
    } else {
      return *std::move(result);
    }
  }
  RestError error(result.error());
  if (error.kind == RestErrorKind::kNoSuchTable) error.kind = RestErrorKind::kNoSuchView;
  return tl::unexpected<RestError>(std::move(error));
}

Ident IdentOf(const RestRequest& request) {
  return {.levels = request.levels, .name = request.name};
}

RestResponse Answer(const LoadedView& view) {
  return RestResponse::Of(json::object{{"metadata-location", view.metadata_location},
                                       {"metadata", ToJson(*view.metadata)},
                                       {"config", json::object{}}});
}

}  // namespace

RestResult<RestResponse> ListViews(RestContext& context, const RestRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<Ident> views, context.lake.ListViews(request.levels));
  return ListOf(views, request);
}

RestResult<RestResponse> CreateView(RestContext& context, const RestRequest& request) {
  ASSIGN_OR_RETURN(const json::object body, request.Json());
  Ident ident{.levels = request.levels, .name = {}};
  ASSIGN_OR_RETURN(ident.name, StringMember(body, "name"));
  ASSIGN_OR_RETURN(const json::value* schema_json, Member(body, "schema"));
  ASSIGN_OR_RETURN(Schema schema, SchemaFromJson(*schema_json));
  ASSIGN_OR_RETURN(const json::value* version_json, Member(body, "view-version"));
  ASSIGN_OR_RETURN(ViewVersion version, ViewVersionFromJson(*version_json));
  ASSIGN_OR_RETURN(StringMap properties, StringMapMember(body, "properties"));
  ASSIGN_OR_RETURN(const LoadedView view,
                   OfView(context.lake.CreateView(ident, std::move(schema), std::move(version),
                                                  std::move(properties))));
  return Answer(view);
}

RestResult<RestResponse> LoadView(RestContext& context, const RestRequest& request) {
  ASSIGN_OR_RETURN(const LoadedView view, OfView(context.lake.LoadView(IdentOf(request))));
  return Answer(view);
}

RestResult<RestResponse> ViewExists(RestContext& context, const RestRequest& request) {
  if (context.lake.ViewExists(IdentOf(request))) return RestResponse::NoContent();
  return Refuse(RestErrorKind::kNoSuchView, "view does not exist: view={}",
                IdentOf(request).ToString());
}

RestResult<RestResponse> ReplaceView(RestContext& context, const RestRequest& request) {
  ASSIGN_OR_RETURN(const json::object body, request.Json());
  std::vector<AssertViewUuid> requirements;
  if (body.contains("requirements")) {
    ASSIGN_OR_RETURN(const json::array* list, ArrayMember(body, "requirements"));
    for (const json::value& one : *list) {
      ASSIGN_OR_RETURN(requirements.emplace_back(), ViewRequirementFromJson(one));
    }
  }
  std::vector<ViewUpdate> updates;
  ASSIGN_OR_RETURN(const json::array* list, ArrayMember(body, "updates"));
  for (const json::value& one : *list) {
    ASSIGN_OR_RETURN(updates.emplace_back(), ViewUpdateFromJson(one));
  }
  ASSIGN_OR_RETURN(const LoadedView view,
                   OfView(context.lake.CommitView(IdentOf(request), requirements, updates)));
  return Answer(view);
}

RestResult<RestResponse> DropView(RestContext& context, const RestRequest& request) {
  RETURN_IF_ERROR(OfView(context.lake.DropView(IdentOf(request))));
  return RestResponse::NoContent();
}

RestResult<RestResponse> RenameView(RestContext& context, const RestRequest& request) {
  ASSIGN_OR_RETURN(const Renaming names, RenamingOf(request));
  RETURN_IF_ERROR(OfView(context.lake.RenameView(names.from, names.to)));
  return RestResponse::NoContent();
}

}  // namespace weir::iceberg
