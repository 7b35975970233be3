// Every file that the metadata of a table can lead a reader to; what is not among them is garbage once it is old
// enough. For snapshot expiry and the removal of orphans. Plain functions; block.
#pragma once

#include <set>
#include <span>
#include <string>

#include "base/result.h"
#include "lake/snapshot.h"
#include "lake/table_metadata.h"

namespace weir::iceberg {

class FileIo;

/// One spelling for one place: "file:/x" and "/x" are the same file, as are s3, s3a and s3n.
std::string SamePlace(const std::string& location);

/// Manifest lists, manifests, data and delete files (also those that a manifest says were removed, when
/// `with_removed`), and files named by the summaries, of `snapshots`; each in the form of SamePlace.
/// Errors  whatever a manifest that cannot be read says: then nothing may be deleted
enum class RemovedEntries : uint8_t { kLeaveOut, kTakeIn };
Status CollectFiles(FileIo& io, const TableMetadata& table,
                    std::span<const Snapshot* const> snapshots, RemovedEntries removed,
                    std::set<std::string>& files);

/// The same of all snapshots, with statistics, the current metadata file and those of the log.
Status CollectAllFiles(FileIo& io, const TableMetadata& table, const std::string& metadata_location,
                       std::set<std::string>& files);

}  // namespace weir::iceberg
