// DROP_TABLE. The tablets hear of it through the catalog's hooks. Source: Fluss 545c5539
// MetadataManager.dropTable
#include "handlers/catalog_requests.h"

namespace weir {

Task<Result<pb::DropTableResponse>> DropTable(RequestContext& context,
                                              const pb::DropTableRequest& request) {
  co_return co_await AnswerChange<pb::DropTableResponse>(context, [&](Catalog& catalog) {
    return catalog.DropTable(ToTablePath(request.table_path()),
                             ToIfNotExists(request.ignore_if_not_exists()));
  });
}

}  // namespace weir
