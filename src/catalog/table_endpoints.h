// Tables over REST: their life, commits to them, and what clients report. A table that Weir tiers is dropped and
// renamed in Weir, not here. Source: Iceberg REST OpenAPI, …/tables….
#pragma once

#include "catalog/endpoints.h"

namespace weir::iceberg {

RestResult<RestResponse> ListTables(RestContext& context, const RestRequest& request);
/// With stage-create nothing is written; the client completes the table by a commit with assert-create.
RestResult<RestResponse> CreateTable(RestContext& context, const RestRequest& request);
RestResult<RestResponse> RegisterTable(RestContext& context, const RestRequest& request);
/// 304 when If-None-Match names the newest state.
RestResult<RestResponse> LoadTable(RestContext& context, const RestRequest& request);
RestResult<RestResponse> TableExists(RestContext& context, const RestRequest& request);
RestResult<RestResponse> UpdateTable(RestContext& context, const RestRequest& request);
RestResult<RestResponse> DropTable(RestContext& context, const RestRequest& request);
RestResult<RestResponse> RenameTable(RestContext& context, const RestRequest& request);
RestResult<RestResponse> CommitTransaction(RestContext& context, const RestRequest& request);
RestResult<RestResponse> LoadCredentials(RestContext& context, const RestRequest& request);
RestResult<RestResponse> ReportMetrics(RestContext& context, const RestRequest& request);

}  // namespace weir::iceberg
