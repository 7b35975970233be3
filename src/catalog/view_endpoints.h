// Views over REST. We keep them for engines. Source: Iceberg REST OpenAPI, …/views….
#pragma once

#include "catalog/endpoints.h"

namespace weir::iceberg {

RestResult<RestResponse> ListViews(RestContext& context, const RestRequest& request);
RestResult<RestResponse> CreateView(RestContext& context, const RestRequest& request);
RestResult<RestResponse> LoadView(RestContext& context, const RestRequest& request);
RestResult<RestResponse> ViewExists(RestContext& context, const RestRequest& request);
RestResult<RestResponse> ReplaceView(RestContext& context, const RestRequest& request);
RestResult<RestResponse> DropView(RestContext& context, const RestRequest& request);
RestResult<RestResponse> RenameView(RestContext& context, const RestRequest& request);

}  // namespace weir::iceberg
