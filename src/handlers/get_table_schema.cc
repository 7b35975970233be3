// GET_TABLE_SCHEMA: one version of a table's schema, the latest unless a version is named.
// Source: Fluss 545c5539 RpcServiceBase.getTableSchema
#include "handlers/catalog_requests.h"
#include "record/schema_json.h"

namespace weir {

Result<pb::GetTableSchemaResponse> GetTableSchema(RequestContext& context,
                                                  const pb::GetTableSchemaRequest& request) {
  ASSIGN_OR_RETURN(const TableRef table,
                   CatalogOf(context).GetTable(ToTablePath(request.table_path())));
  const int32_t wanted = request.has_schema_id() ? request.schema_id() : table->schema_id.value;
  const auto schema = wanted >= 0 && wanted <= INT16_MAX
                          ? table->FindSchema(SchemaId{static_cast<int16_t>(wanted)})
                          : nullptr;
  if (!schema) {
    return Fail(ErrorCode::kSchemaNotExist, "table '{}' has no schema with id {}",
                table->path.ToString(), wanted);
  }
  pb::GetTableSchemaResponse response;
  response.set_schema_id(wanted);
  response.set_schema_json(SchemaToText(*schema));
  return response;
}

}  // namespace weir
