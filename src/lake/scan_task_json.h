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
/// `filter` is the condition of the request as it came, or null. It goes into every task as what is left to check of
/// its rows: Iceberg's Java client 1.11.0 fails on a task without, and PyIceberg counts the rows of a task with none
/// left without reading them.
Result<boost::json::object> ScanTasksToJson(std::span<const FileScanTask> tasks,
                                            const TableMetadata& table,
                                            const boost::json::value* filter = nullptr);

}  // namespace weir::iceberg
