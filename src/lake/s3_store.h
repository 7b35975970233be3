// The lake in an S3 object store.
#pragma once

#include <memory>

#include "lake/file_io.h"
#include "lake/object_store_metrics.h"

namespace weir::iceberg {

/// Objects behind s3:// locations. Arrow's S3 library (17 MB, 16 MiB of memory once in use) is loaded by the
/// first call, not before.
std::shared_ptr<FileStore> MakeS3Store(const FileIoOptions& options,
                                       std::shared_ptr<LiveMetrics> metrics);

}  // namespace weir::iceberg
