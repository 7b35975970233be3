// Scan planning on the server. A plan is complete when it is answered; what does not fit into one answer is fetched
// as plan tasks. A plan that names no snapshot sees the table with its live rows (live_tables.h).
// Source: Iceberg REST OpenAPI, …/tables/{table}/plan and /tasks.
#pragma once

#include "catalog/endpoints.h"

namespace weir::iceberg {

RestResult<RestResponse> PlanTableScan(RestContext& context, const RestRequest& request);
RestResult<RestResponse> FetchPlan(RestContext& context, const RestRequest& request);
RestResult<RestResponse> CancelPlan(RestContext& context, const RestRequest& request);
RestResult<RestResponse> FetchTasks(RestContext& context, const RestRequest& request);

}  // namespace weir::iceberg
