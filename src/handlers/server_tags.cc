// ADD_SERVER_TAG, REMOVE_SERVER_TAG and their variants by rack: kept, without effect on a single
// node, which has no rack. Source: Fluss 545c5539 CoordinatorEventProcessor.processAddServerTag,
// processRemoveServerTag
#include "handlers/catalog_requests.h"

namespace weir {

namespace {

Result<ServerTag> ToServerTag(int32_t tag) {
  if (tag == static_cast<int32_t>(ServerTag::kPermanentOffline))
    return ServerTag::kPermanentOffline;
  if (tag == static_cast<int32_t>(ServerTag::kTemporaryOffline))
    return ServerTag::kTemporaryOffline;
  return Fail(ErrorCode::kUnknownServerError, "unknown server tag: {}", tag);
}

template <class Request>
std::vector<int32_t> ServersOf(const Request& request) {
  return {request.server_ids().begin(), request.server_ids().end()};
}

template <class Request>
Failure NoRacks(const Request& request) {
  return Fail(ErrorCode::kServerNotExist, "no server is in any of the named racks: racks={}",
              request.racks_size());
}

}  // namespace

Task<Result<pb::AddServerTagResponse>> AddServerTag(RequestContext& context,
                                                    const pb::AddServerTagRequest& request) {
  CO_ASSIGN_OR_RETURN(const ServerTag tag, ToServerTag(request.server_tag()));
  const int32_t server_id = context.services().server_id;
  co_return co_await AnswerChange<pb::AddServerTagResponse>(context, [&](Catalog& catalog) {
    return catalog.server_tags().Add(ServersOf(request), tag, server_id);
  });
}

Task<Result<pb::RemoveServerTagResponse>> RemoveServerTag(
    RequestContext& context, const pb::RemoveServerTagRequest& request) {
  CO_ASSIGN_OR_RETURN(const ServerTag tag, ToServerTag(request.server_tag()));
  co_return co_await AnswerChange<pb::RemoveServerTagResponse>(context, [&](Catalog& catalog) {
    return catalog.server_tags().Remove(ServersOf(request), tag);
  });
}

Result<pb::AddServerTagByRackResponse> AddServerTagByRack(
    RequestContext&, const pb::AddServerTagByRackRequest& request) {
  return NoRacks(request);
}

Result<pb::RemoveServerTagByRackResponse> RemoveServerTagByRack(
    RequestContext&, const pb::RemoveServerTagByRackRequest& request) {
  return NoRacks(request);
}

}  // namespace weir
