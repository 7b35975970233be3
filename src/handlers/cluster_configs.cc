// DESCRIBE_CLUSTER_CONFIGS and ALTER_CLUSTER_CONFIGS. Secrets are not shown.
// Source: Fluss 545c5539 DynamicConfigManager
#include "handlers/catalog_requests.h"

namespace weir {

Result<pb::DescribeClusterConfigsResponse> DescribeClusterConfigs(
    RequestContext& context, const pb::DescribeClusterConfigsRequest&) {
  pb::DescribeClusterConfigsResponse response;
  for (const ClusterConfigs::Entry& entry : CatalogOf(context).cluster_configs().Describe()) {
    auto& config = *response.add_configs();
    config.set_config_key(entry.key);
    if (entry.value) config.set_config_value(*entry.value);
    config.set_config_source(entry.source == ClusterConfigs::Source::kDynamic
                                 ? "DYNAMIC_SERVER_CONFIG"
                                 : "INITIAL_SERVER_CONFIG");
  }
  return response;
}

Task<Result<pb::AlterClusterConfigsResponse>> AlterClusterConfigs(
    RequestContext& context, const pb::AlterClusterConfigsRequest& request) {
  co_return co_await AnswerChange<pb::AlterClusterConfigsResponse>(context, [&](Catalog& catalog) {
    return catalog.cluster_configs().Alter(ToConfigChanges(request.alter_configs()));
  });
}

}  // namespace weir
