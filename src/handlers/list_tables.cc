// LIST_TABLES: the names the caller may see. Source: Fluss 545c5539 RpcServiceBase.listTables
#include "handlers/catalog_requests.h"

namespace weir {

Result<pb::ListTablesResponse> ListTables(RequestContext& context,
                                          const pb::ListTablesRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<TableRef> tables,
                   CatalogOf(context).Tables(request.database_name()));
  pb::ListTablesResponse response;
  for (const TableRef& table : tables) {
    if (context.allows_everything() ||
        context.Authorize(Operation::kDescribe, TableResource(table->path)).ok()) {
      response.add_table_name(table->path.table);
    }
  }
  return response;
}

}  // namespace weir
