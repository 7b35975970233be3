// From the footer of a Parquet file just written to the numbers of its manifest entry. For .cc files only.
#pragma once

#include <parquet/metadata.h>

#include "lake/data_file.h"
#include "lake/parquet_writer.h"
#include "lake/schema.h"

namespace weir::iceberg {

/// Fill in counts, sizes, bounds and split offsets. May throw (parquet_guard.h).
/// Columns inside lists and maps get their size only: their values are not rows.
void FillMetrics(const parquet::FileMetaData& footer, const Schema& schema,
                 const ParquetWriterOptions& options, DataFile& file);

}  // namespace weir::iceberg
