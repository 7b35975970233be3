// ALTER_DATABASE: custom properties and the comment; an empty comment removes it.
// Source: Fluss 545c5539 CoordinatorService.alterDatabase
#include "handlers/catalog_requests.h"

namespace weir {

Task<Result<pb::AlterDatabaseResponse>> AlterDatabase(RequestContext& context,
                                                      const pb::AlterDatabaseRequest& request) {
  DatabaseChange change{.configs = ToConfigChanges(request.config_changes())};
  if (request.has_comment()) change.comment = request.comment();
  co_return co_await AnswerChange<pb::AlterDatabaseResponse>(context, [&](Catalog& catalog) {
    return catalog.AlterDatabase(request.database_name(), change,
                                 ToIfNotExists(request.ignore_if_not_exists()));
  });
}

}  // namespace weir
