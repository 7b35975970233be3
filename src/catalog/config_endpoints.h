// What a client asks before anything else: the configuration, and a token.
#pragma once

#include "catalog/endpoints.h"

namespace weir::iceberg {

/// GET /v1/config. There is one catalog here, whatever warehouse the client names.
RestResult<RestResponse> GetConfig(RestContext& context, const RestRequest& request);

/// POST /v1/oauth/tokens: client credentials, as a form or HTTP Basic, or a token of ours for a younger one.
/// Failures are answered in OAuth's words, not the catalog's.
RestResult<RestResponse> GetToken(RestContext& context, const RestRequest& request);

}  // namespace weir::iceberg
