// Finds files below a table's location that no metadata leads to: what commits that failed left behind. The folder is
// listed first and the table read after that, so a file of a commit in between counts as referenced; and a file must
// be older than the grace time, longer than any commit takes. Plain functions; block.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/table_metadata.h"

namespace weir::iceberg {

class FileIo;

struct CurrentTable {
  std::shared_ptr<const TableMetadata> metadata;
  std::string metadata_location;
};

struct OrphanRequest {
  std::string root;  // all the table's files are below
  /// Reads the table anew from its catalog, never from a hint in the folder.
  std::function<Result<CurrentTable>()> load;
  /// Only files last written before this.
  int64_t before_ms = 0;
  /// Files that somebody else counts on, as SamePlace spells them.
  std::set<std::string> keep = {};
};

/// Errors  a manifest cannot be read, or the listing failed: then nothing is an orphan
Result<std::vector<std::string>> FindOrphans(FileIo& io, const OrphanRequest& request);

}  // namespace weir::iceberg
