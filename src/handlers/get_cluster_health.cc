// GET_CLUSTER_HEALTH: how many replicas there are, in sync and led. A bucket has one, here, always
// in sync. Source: Fluss 545c5539 CoordinatorService.computeClusterHealth
#include <algorithm>

#include "handlers/catalog_requests.h"

namespace weir {

namespace {

constexpr int32_t kGreen = 0;

}  // namespace

Result<pb::GetClusterHealthResponse> GetClusterHealth(RequestContext& context,
                                                      const pb::GetClusterHealthRequest&) {
  int64_t buckets = 0;
  for (const TableRef& table : CatalogOf(context).Tables()) {
    const auto parts = table->is_partitioned() ? static_cast<int64_t>(table->partitions.size()) : 1;
    buckets += parts * table->bucket_count();
  }
  const auto replicas = static_cast<int32_t>(std::min<int64_t>(buckets, INT32_MAX));
  pb::GetClusterHealthResponse response;
  response.set_num_replicas(replicas);
  response.set_in_sync_replicas(replicas);
  response.set_num_leader_replicas(replicas);
  response.set_active_leader_replicas(replicas);
  response.set_status(kGreen);
  return response;
}

}  // namespace weir
