// TABLE_EXISTS: false also for what the caller may not see. Source: Fluss 545c5539
// RpcServiceBase.tableExists
#include "handlers/catalog_requests.h"

namespace weir {

Result<pb::TableExistsResponse> TableExists(RequestContext& context,
                                            const pb::TableExistsRequest& request) {
  const TablePath path = ToTablePath(request.table_path());
  pb::TableExistsResponse response;
  response.set_exists(context.Authorize(Operation::kDescribe, TableResource(path)).ok() &&
                      CatalogOf(context).FindTable(path) != nullptr);
  return response;
}

}  // namespace weir
