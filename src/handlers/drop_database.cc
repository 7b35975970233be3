// DROP_DATABASE. Source: Fluss 545c5539 MetadataManager.dropDatabase
#include "handlers/catalog_requests.h"

namespace weir {

Task<Result<pb::DropDatabaseResponse>> DropDatabase(RequestContext& context,
                                                    const pb::DropDatabaseRequest& request) {
  co_return co_await AnswerChange<pb::DropDatabaseResponse>(context, [&](Catalog& catalog) {
    return catalog.DropDatabase(request.database_name(),
                                request.cascade() ? DropTables::kCascade : DropTables::kNo,
                                ToIfNotExists(request.ignore_if_not_exists()));
  });
}

}  // namespace weir
