// Every request we serve, one function and one file each (handlers/<api>.cc); rows in handlers/api_table.cc.
// To add one: declare it here, write the file, put kHandler<&X> into its row.
#pragma once

#include <span>

#include "proto/fluss_api.pb.h"
#include "rpc/api.h"

namespace weir {

/// The API table: a row for every request of the protocol, sorted by key.
std::span<const Api> Apis();

/// The row of `key`, or null when the protocol has no such request.
const Api* FindApi(ApiKey key);

// Handshake.
Result<pb::ApiVersionsResponse> ApiVersions(RequestContext& context, const pb::ApiVersionsRequest& request);
Result<pb::AuthenticateResponse> Authenticate(RequestContext& context, const pb::AuthenticateRequest& request);

// Data: hot requests decode and authorize themselves.
Task<Result<Pieces>> ProduceLog(RequestContext& context, SharedBytes body);
Task<Result<Pieces>> FetchLog(RequestContext& context, SharedBytes body);
Task<Result<Pieces>> PutKv(RequestContext& context, SharedBytes body);
Task<Result<Pieces>> Lookup(RequestContext& context, SharedBytes body);
Task<Result<Pieces>> PrefixLookup(RequestContext& context, SharedBytes body);
Task<Result<Pieces>> LimitScan(RequestContext& context, SharedBytes body);
Task<Result<pb::ScanKvResponse>> ScanKv(RequestContext& context, const pb::ScanKvRequest& request);
Task<Result<pb::ListOffsetsResponse>> ListOffsets(RequestContext& context, const pb::ListOffsetsRequest& request);
Task<Result<pb::GetTableStatsResponse>> GetTableStats(RequestContext& context,
                                                      const pb::GetTableStatsRequest& request);

}  // namespace weir
