// GET_TABLE_INFO: the stored descriptor, with the defaults the server filled in and the latest
// schema. Source: Fluss 545c5539 RpcServiceBase.getTableInfo
#include "handlers/catalog_requests.h"

namespace weir {

Result<pb::GetTableInfoResponse> GetTableInfo(RequestContext& context,
                                              const pb::GetTableInfoRequest& request) {
  const Catalog& catalog = CatalogOf(context);
  ASSIGN_OR_RETURN(const TableRef table, catalog.GetTable(ToTablePath(request.table_path())));
  pb::GetTableInfoResponse response;
  response.set_table_id(table->id.value);
  response.set_schema_id(table->schema_id.value);
  response.set_table_json(ToJson(table->descriptor));
  response.set_created_time(table->created_ms);
  response.set_modified_time(table->modified_ms);
  if (!catalog.options().remote_data_dir.empty())
    response.set_remote_data_dir(catalog.options().remote_data_dir);
  return response;
}

}  // namespace weir
