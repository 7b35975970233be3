// API_VERSIONS: which requests this server answers, in which versions. Only what is served is
// listed: clients never send what is missing. server_type stays unset, so that one port plays
// coordinator and tablet server.
#include "handlers/handlers.h"

namespace weir {

Result<pb::ApiVersionsResponse> ApiVersions(RequestContext& context,
                                            const pb::ApiVersionsRequest& request) {
  pb::ApiVersionsResponse response;
  for (const Api& api : Apis()) {
    if (!api.served()) continue;
    auto& row = *response.add_api_versions();
    row.set_api_key(static_cast<int32_t>(api.key));
    row.set_min_version(api.version_min);
    row.set_max_version(api.version_max);
  }
  return response;
}

}  // namespace weir
