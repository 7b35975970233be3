// Deletion vectors (format v3): one blob of a Puffin file for each data file that lost rows.
// Source: Puffin specification, "deletion-vector-v1"; Iceberg specification, "Deletion Vectors".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/data_file.h"
#include "lake/position_deletes.h"
#include "lake/row_positions.h"

namespace weir::iceberg {

class FileIo;

/// The blob: length, magic, 64-bit Roaring bitmap, CRC-32.
std::string EncodeDeletionVector(const RowPositions& rows);
/// Errors  kCorruptRecord  any byte of it is wrong
Result<RowPositions> DecodeDeletionVector(BytesView blob);

/// Write one Puffin file with a vector for each data file of `rows` that lost any. Each result stands for one vector:
/// content position deletes, referenced_data_file, content_offset and content_size_bytes; partition and spec are
/// the caller's to fill in. A vector replaces the one a data file had, so `rows` must hold its positions too.
Result<std::vector<DataFile>> WriteDeletionVectors(FileIo& io, const std::string& location,
                                                   const DeletedRows& rows);

/// Read the vector that `file` describes.
/// Errors  kCorruptRecord  damaged, or not of record_count positions; those of FileIo
///         kRecordTooLarge  it takes more than 256 MiB
Result<RowPositions> ReadDeletionVector(FileIo& io, const DataFile& file);

/// Errors  kCorruptRecord  the vector is said to delete more rows than its data file is said to have
Status CheckVectorFits(const DataFile& vector, const DataFile& data);

}  // namespace weir::iceberg
