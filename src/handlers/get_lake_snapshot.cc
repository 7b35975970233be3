// GET_LAKE_SNAPSHOT while nothing is tiered: the table has no lake snapshot, and readers read the
// log alone. Source: Fluss 545c5539 RpcServiceBase.getLakeSnapshot
#include "handlers/catalog_requests.h"

namespace weir {

Result<pb::GetLakeSnapshotResponse> GetLakeSnapshot(RequestContext& context,
                                                    const pb::GetLakeSnapshotRequest& request) {
  if (request.readable() && request.has_snapshot_id()) {
    return Fail(ErrorCode::kUnknownServerError,
                "a lake snapshot is asked for by id or as the readable one, not both");
  }
  ASSIGN_OR_RETURN(const TableRef table,
                   CatalogOf(context).GetTable(ToTablePath(request.table_path())));
  return Fail(ErrorCode::kLakeSnapshotNotExist, "table '{}' has no {}lake snapshot",
              table->path.ToString(), request.readable() ? "readable " : "");
}

}  // namespace weir
