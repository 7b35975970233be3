#include "lake/purge_tables.h"

#include "lake/file_io.h"
#include "lake/lake_catalog.h"
#include "lake/location_rules.h"

namespace weir::iceberg {
namespace {

/// Errors  whatever reading a table says: then nobody knows, and nothing is deleted
Result<bool> Inhabited(LakeCatalog& catalog, const std::string& root) {
  for (const Ident& ident : catalog.AllTables()) {
    const auto location = catalog.MetadataLocation(ident);
    if (location.code() == ErrorCode::kTableNotExist) continue;  // dropped meanwhile
    RETURN_IF_ERROR(location);
    if (IsBelow(*location, root)) return true;
    const auto table = catalog.LoadTable(ident);
    if (table.code() == ErrorCode::kTableNotExist) continue;
    RETURN_IF_ERROR(table);
    if (IsBelow(table->metadata->location, root) || IsBelow(root, table->metadata->location)) {
      return true;
    }
  }
  return false;
}

}  // namespace

Result<int64_t> PurgeDroppedTables(LakeCatalog& catalog, int64_t before_ms,
                                   const std::function<Status()>& alive) {
  int64_t deleted = 0;
  for (const PurgeRequest& request : catalog.PurgeRequests()) {
    if (request.dropped_ms >= before_ms) continue;
    ASSIGN_OR_RETURN(const bool inhabited, Inhabited(catalog, request.root));
    if (!inhabited) {
      ASSIGN_OR_RETURN(const auto files, catalog.files().List(request.root));
      for (const FileStat& file : files) {
        RETURN_IF_ERROR(alive());
        RETURN_IF_ERROR(catalog.files().Delete(file.location));
        ++deleted;
      }
    }
    RETURN_IF_ERROR(catalog.ForgetPurge(request.id));
  }
  return deleted;
}

}  // namespace weir::iceberg
