// File scan tasks as the REST specification writes them: schemas ContentFile, FileScanTask and the delete files
// they refer to. Partition values are in JSON single-value form, bounds in hexadecimal. Plain functions, any thread.
#pragma once

#include <boost/json/fwd.hpp>
#include <span>

#include "lake/scan_planner.h"

namespace weir::iceberg {

/// One ContentFile.
Result<boost::json::value> ContentFileToJson(const DataFile& file, const TableMetadata& table);

/// The members "file-scan-tasks" and "delete-files" of a planning result, to be merged into the answer.
Result<boost::json::object> ScanTasksToJson(std::span<const FileScanTask> tasks,
                                            const TableMetadata& table);

}  // namespace weir::iceberg
