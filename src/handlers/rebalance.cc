// REBALANCE, LIST_REBALANCE_PROGRESS and CANCEL_REBALANCE: with one node there is nothing to move,
// so a rebalance is over as soon as it is asked for. Source: Fluss 545c5539 RebalanceManager
#include "handlers/catalog_requests.h"

namespace weir {

namespace {

constexpr int32_t kCompleted = 3;

}  // namespace

Result<pb::RebalanceResponse> Rebalance(RequestContext& context, const pb::RebalanceRequest&) {
  pb::RebalanceResponse response;
  response.set_rebalance_id(fmt::format("rebalance-{}", context.services().clock.NowMs()));
  return response;
}

Result<pb::ListRebalanceProgressResponse> ListRebalanceProgress(
    RequestContext&, const pb::ListRebalanceProgressRequest& request) {
  pb::ListRebalanceProgressResponse response;
  if (request.has_rebalance_id()) {
    response.set_rebalance_id(request.rebalance_id());
    response.set_rebalance_status(kCompleted);
  }
  return response;
}

Result<pb::CancelRebalanceResponse> CancelRebalance(RequestContext&,
                                                    const pb::CancelRebalanceRequest&) {
  return pb::CancelRebalanceResponse();
}

}  // namespace weir
