// CREATE_PARTITION. The protocol calls the flag ignore_if_not_exists; it means: the partition may
// exist already. Source: Fluss 545c5539 CoordinatorService.createPartition
#include "handlers/catalog_requests.h"

namespace weir {

Task<Result<pb::CreatePartitionResponse>> CreatePartition(
    RequestContext& context, const pb::CreatePartitionRequest& request) {
  CO_RETURN_IF_ERROR(co_await ChangeCatalog(context, [&](Catalog& catalog) {
    return catalog.CreatePartition(ToTablePath(request.table_path()),
                                   ToPartitionSpec(request.partition_spec()),
                                   ToIfExists(request.ignore_if_not_exists()));
  }));
  co_return pb::CreatePartitionResponse();
}

}  // namespace weir
