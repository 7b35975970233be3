// Namespaces over REST. Source: Iceberg REST OpenAPI, /v1/{prefix}/namespaces….
#pragma once

#include "catalog/endpoints.h"

namespace weir::iceberg {

RestResult<RestResponse> ListNamespaces(RestContext& context, const RestRequest& request);
RestResult<RestResponse> CreateNamespace(RestContext& context, const RestRequest& request);
RestResult<RestResponse> LoadNamespace(RestContext& context, const RestRequest& request);
RestResult<RestResponse> NamespaceExists(RestContext& context, const RestRequest& request);
RestResult<RestResponse> DropNamespace(RestContext& context, const RestRequest& request);
RestResult<RestResponse> UpdateNamespace(RestContext& context, const RestRequest& request);

}  // namespace weir::iceberg
