#include "lake/purge_tables.h"

#include "lake/file_io.h"
#include "lake/lake_catalog.h"
#include "lake/location_rules.h"

namespace weir::iceberg {
namespace {

bool Overlap(const std::string& a, const std::string& b) { return IsBelow(a, b) || IsBelow(b, a); }

/// Errors  what reading a table says that may have moved to `root`: then nobody knows, and nothing is deleted
Result<bool> Inhabited(LakeCatalog& catalog, const std::string& root) {
  for (const Ident& ident : catalog.AllTables()) {
    const auto place = catalog.PlaceOf(ident);
    if (place.code() == ErrorCode::kTableNotExist) continue;  // dropped meanwhile
    RETURN_IF_ERROR(place);
    if (IsBelow(place->metadata_location, root) || Overlap(place->root, root)) return true;
    // A table keeps to its own place, or one that the configuration names.
    if (!IsBelowAny(root, catalog.options().other_places)) continue;
    const auto table = catalog.LoadTable(ident);
    if (table.code() == ErrorCode::kTableNotExist) continue;
    RETURN_IF_ERROR(table);
    if (Overlap(table->metadata->location, root)) return true;
  }
  return false;
}

Result<int64_t> PurgeOne(LakeCatalog& catalog, const PurgeRequest& request,
                         const std::function<Status()>& alive) {
  int64_t deleted = 0;
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
  return deleted;
}

}  // namespace

Result<int64_t> PurgeDroppedTables(LakeCatalog& catalog, int64_t before_ms,
                                   const std::function<Status()>& alive) {
  int64_t deleted = 0;
  std::optional<Error> failed;
  for (const PurgeRequest& request : catalog.PurgeRequests()) {
    if (request.dropped_ms >= before_ms) continue;
    RETURN_IF_ERROR(alive());
    const auto purged = PurgeOne(catalog, request, alive);
    if (purged.ok()) {
      deleted += *purged;
    } else if (!failed) {
      failed = purged.error();  // the others need not wait
    }
  }
  if (failed) return Failure(*std::move(failed));
  return deleted;
}

}  // namespace weir::iceberg
