// CREATE_TABLE: fill in the defaults, check every rule, create. Source: Fluss 545c5539
// CoordinatorService.createTable
#include "handlers/catalog_requests.h"

namespace weir {

Task<Result<pb::CreateTableResponse>> CreateTable(RequestContext& context,
                                                  const pb::CreateTableRequest& request) {
  CO_ASSIGN_OR_RETURN(TableDescriptor descriptor, TableDescriptorFromJson(request.table_json()));
  CO_RETURN_IF_ERROR(co_await ChangeCatalog(context, [&](Catalog& catalog) {
    return catalog.CreateTable(ToTablePath(request.table_path()), std::move(descriptor),
                               ToIfExists(request.ignore_if_exists()));
  }));
  co_return pb::CreateTableResponse();
}

}  // namespace weir
