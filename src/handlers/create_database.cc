// CREATE_DATABASE. Source: Fluss 545c5539 CoordinatorService.createDatabase
#include "handlers/catalog_requests.h"

namespace weir {

Task<Result<pb::CreateDatabaseResponse>> CreateDatabase(RequestContext& context,
                                                        const pb::CreateDatabaseRequest& request) {
  DatabaseDescriptor descriptor;
  if (request.has_database_json()) {
    CO_ASSIGN_OR_RETURN(descriptor, DatabaseDescriptorFromJson(request.database_json()));
  }
  co_return co_await AnswerChange<pb::CreateDatabaseResponse>(context, [&](Catalog& catalog) {
    return catalog.CreateDatabase(request.database_name(), descriptor,
                                  ToIfExists(request.ignore_if_exists()));
  });
}

}  // namespace weir
