// LIST_DATABASES: the names the caller may see, or a summary of each.
// Source: Fluss 545c5539 RpcServiceBase.listDatabases
#include "handlers/catalog_requests.h"

namespace weir {

Result<pb::ListDatabasesResponse> ListDatabases(RequestContext& context,
                                                const pb::ListDatabasesRequest& request) {
  const Catalog& catalog = CatalogOf(context);
  pb::ListDatabasesResponse response;
  for (const DatabaseRef& database : catalog.Databases()) {
    if (!context.Authorize(Operation::kDescribe, DatabaseResource(database->name)).ok()) continue;
    if (!request.include_summary()) {
      response.add_database_name(database->name);
      continue;
    }
    auto& summary = *response.add_database_summary();
    summary.set_database_name(database->name);
    summary.set_created_time(database->created_ms);
    summary.set_table_count(catalog.CountTables(database->name));
  }
  return response;
}

}  // namespace weir
