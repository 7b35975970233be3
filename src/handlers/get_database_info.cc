// GET_DATABASE_INFO. Source: Fluss 545c5539 RpcServiceBase.getDatabaseInfo
#include "handlers/catalog_requests.h"

namespace weir {

Result<pb::GetDatabaseInfoResponse> GetDatabaseInfo(RequestContext& context,
                                                    const pb::GetDatabaseInfoRequest& request) {
  ASSIGN_OR_RETURN(const DatabaseRef database,
                   CatalogOf(context).GetDatabase(request.database_name()));
  pb::GetDatabaseInfoResponse response;
  response.set_database_json(ToJson(database->descriptor));
  response.set_created_time(database->created_ms);
  response.set_modified_time(database->modified_ms);
  return response;
}

}  // namespace weir
