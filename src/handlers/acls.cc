// CREATE_ACLS, LIST_ACLS, DROP_ACLS: there are no access lists yet, which the protocol has a code
// for. Source: Fluss 545c5539 CoordinatorService.createAcls without authorizer
#include "handlers/handlers.h"

namespace weir {

namespace {

Failure NoAcls() { return Fail(ErrorCode::kSecurityDisabled, "no authorizer is configured"); }

}  // namespace

Result<pb::CreateAclsResponse> CreateAcls(RequestContext&, const pb::CreateAclsRequest&) {
  return NoAcls();
}
Result<pb::ListAclsResponse> ListAcls(RequestContext&, const pb::ListAclsRequest&) {
  return NoAcls();
}
Result<pb::DropAclsResponse> DropAcls(RequestContext&, const pb::DropAclsRequest&) {
  return NoAcls();
}

}  // namespace weir
