// DROP_PARTITION. Source: Fluss 545c5539 CoordinatorService.dropPartition
#include "handlers/catalog_requests.h"

namespace weir {

Task<Result<pb::DropPartitionResponse>> DropPartition(RequestContext& context,
                                                      const pb::DropPartitionRequest& request) {
  co_return co_await AnswerChange<pb::DropPartitionResponse>(context, [&](Catalog& catalog) {
    return catalog.DropPartition(ToTablePath(request.table_path()),
                                 ToPartitionSpec(request.partition_spec()),
                                 ToIfNotExists(request.ignore_if_not_exists()));
  });
}

}  // namespace weir
