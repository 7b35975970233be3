#include "lake/orphan_files.h"

#include "lake/file_io.h"
#include "lake/table_files.h"

namespace weir::iceberg {

Result<std::vector<std::string>> FindOrphans(FileIo& io, const OrphanRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<FileStat> found, io.List(request.root));
  ASSIGN_OR_RETURN(const CurrentTable table, request.load());
  std::set<std::string> needed = request.keep;
  RETURN_IF_ERROR(CollectAllFiles(io, *table.metadata, table.metadata_location, needed));
  std::vector<std::string> orphans;
  for (const FileStat& file : found) {
    if (file.modified_ms >= request.before_ms) continue;
    if (!needed.contains(SamePlace(file.location))) orphans.push_back(file.location);
  }
  return orphans;
}

}  // namespace weir::iceberg
