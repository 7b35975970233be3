// Position delete files: Parquet files of (file_path, pos) that say which rows of which data files are gone. v2
// tables; in v3 only read. Source: Iceberg specification, "Position Delete Files".
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/data_file.h"
#include "lake/row_positions.h"

namespace weir::iceberg {

class FileIo;

/// Reserved field ids of metadata columns.
inline constexpr int32_t kFilePathColumnId = 2147483646;     // _file
inline constexpr int32_t kRowPositionColumnId = 2147483645;  // _pos
inline constexpr int32_t kDeletePathColumnId = 2147483546;   // file_path of a delete file
inline constexpr int32_t kDeletePosColumnId = 2147483545;    // pos of a delete file
inline constexpr int32_t kRowIdColumnId = 2147483540;        // _row_id, v3
inline constexpr int32_t kLastUpdatedSequenceNumberColumnId = 2147483539;  // v3

/// Data file path -> positions deleted in it.
using DeletedRows = std::map<std::string, RowPositions, std::less<>>;

/// Write one position delete file at `location`, sorted by path and position. The result has content position
/// deletes, full bounds of file_path, and referenced_data_file when only one file is touched; partition and spec are
/// the caller's to fill in.
/// Errors  kInvalidTable  no position at all; those of FileIo
Result<DataFile> WritePositionDeletes(FileIo& io, const std::string& location,
                                      const DeletedRows& rows);

/// Read the positions that a delete file has for `data_path`; with an empty path those of all files.
/// Errors  kCorruptRecord  damaged, or a negative position; those of FileIo
///         kRecordTooLarge  the positions take more than `memory_bytes_max`
Result<DeletedRows> ReadPositionDeletes(FileIo& io, const DataFile& file,
                                        std::string_view data_path = {},
                                        int64_t memory_bytes_max = 256 * MiB);

}  // namespace weir::iceberg
