// The lake in a local folder.
#pragma once

#include <memory>

#include "lake/file_io.h"

namespace weir::iceberg {

/// Files on the machine's disks. A file is written beside its place under a name ending in ".tmp", synced and
/// renamed; one that a crash leaves behind is never read and looks like any other file that nothing references.
/// kNo: a file and its name may be lost with the machine.
enum class LocalSync : uint8_t { kYes, kNo };
std::shared_ptr<FileStore> MakeLocalStore(LocalSync sync = LocalSync::kYes);

}  // namespace weir::iceberg
