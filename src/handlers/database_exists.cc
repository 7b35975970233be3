// DATABASE_EXISTS: false also for what the caller may not see, except for the built-in database,
// which Flink's catalog asks for when it is opened. Source: Fluss 545c5539
// RpcServiceBase.databaseExists
#include "handlers/catalog_requests.h"

namespace weir {

Result<pb::DatabaseExistsResponse> DatabaseExists(RequestContext& context,
                                                  const pb::DatabaseExistsRequest& request) {
  const std::string& name = request.database_name();
  const bool visible = name == kBuiltInDatabase ||
                       context.Authorize(Operation::kDescribe, DatabaseResource(name)).ok();
  pb::DatabaseExistsResponse response;
  response.set_exists(visible && CatalogOf(context).FindDatabase(name) != nullptr);
  return response;
}

}  // namespace weir
