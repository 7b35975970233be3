// GET_TABLE_INFO: the stored descriptor, with the defaults the server filled in and the latest
// schema; for tables in the lake also where their catalog is, as Fluss' readers look for it. Never a secret.
// Source: Fluss 545c5539 RpcServiceBase.getTableInfo, LakeStorageUtils
#include "base/options.h"
#include "handlers/catalog_requests.h"

namespace weir {
namespace {

constexpr std::string_view kPrefix = "table.datalake.iceberg.";

std::string CatalogUri(const RequestContext& context) {
  const Services& services = context.services();
  std::string host = services.advertised_host;
  if (host.empty()) {
    const auto address = context.local().address();
    host = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
  }
  return fmt::format("http://{}:{}/api/catalog", host, services.http_port);
}

/// What a reader of the lake needs to know.
void AddLakeProperties(const RequestContext& context, const TableInfo& table,
                       Properties& properties) {
  const Services& services = context.services();
  if (!table.config.lake_enabled || table.config.lake_format != LakeFormat::kIceberg) return;
  const bool ours = services.lake_catalog_settings.empty();
  if (ours && services.http_port == 0) return;
  const auto add = [&](std::string_view key, std::string value) {
    properties.try_emplace(std::string(kPrefix).append(key), std::move(value));
  };
  add("type", "rest");
  if (ours) add("uri", CatalogUri(context));
  for (const auto& [key, value] : services.lake_catalog_settings) add(key, value);
  for (const auto& [key, value] : services.lake_file_settings) {
    if (!IsSensitiveKey(key)) add(key, value);
  }
}

}  // namespace

Result<pb::GetTableInfoResponse> GetTableInfo(RequestContext& context,
                                              const pb::GetTableInfoRequest& request) {
  const Catalog& catalog = CatalogOf(context);
  ASSIGN_OR_RETURN(const TableRef table, catalog.GetTable(ToTablePath(request.table_path())));
  pb::GetTableInfoResponse response;
  response.set_table_id(table->id.value);
  response.set_schema_id(table->schema_id.value);
  TableDescriptor shown = table->descriptor;
  AddLakeProperties(context, *table, shown.properties);
  response.set_table_json(ToJson(shown));
  response.set_created_time(table->created_ms);
  response.set_modified_time(table->modified_ms);
  if (!catalog.options().remote_data_dir.empty())
    response.set_remote_data_dir(catalog.options().remote_data_dir);
  return response;
}

}  // namespace weir
