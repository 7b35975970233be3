// The lake in a local folder.
#pragma once

#include <memory>

#include "lake/file_io.h"

namespace weir::iceberg {

/// Files on the machine's disks. A file is written beside its place under a name ending in ".tmp", synced and
/// renamed; one that a crash leaves behind is never read and looks like any other file that nothing references.
std::shared_ptr<FileStore> MakeLocalStore();

}  // namespace weir::iceberg
