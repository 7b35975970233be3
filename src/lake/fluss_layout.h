// What the Iceberg table of a Fluss table looks like.
//
// Layout `fluss`, the default, is what Fluss' own readers expect: the columns, then required `__bucket` int,
// `__offset` long, `__timestamp` timestamptz; partitions identity(partition keys), then bucket[n](bucket key) or
// identity(__bucket); sorted by __offset. Layout `clean` has the user's columns only, partitioned by the
// partition keys.
// Source: Fluss 545c5539 fluss-lake-iceberg: IcebergLakeCatalog, IcebergSchemaUtils, IcebergPartitionSpecUtils,
// FlussDataTypeToIcebergDataType.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/table_update.h"
#include "meta/table_info.h"

namespace weir::iceberg {

inline constexpr std::string_view kBucketColumn = "__bucket";
inline constexpr std::string_view kOffsetColumn = "__offset";
inline constexpr std::string_view kTimestampColumn = "__timestamp";
/// In the summary of a snapshot that tiering committed: the path of the file with the offsets it covers.
/// Source: Fluss 545c5539 LakeCommitter, FLUSS_LAKE_SNAP_BUCKET_OFFSET_PROPERTY
inline constexpr const char* kOffsetsKey = "fluss-offsets";

/// Whether only commits without rows of the log came after snapshot `id`, which itself may have been removed: the
/// current snapshot covers the same offsets (INV-5).
bool HasSameOffsetsSince(const TableMetadata& lake, int64_t id);

/// Table property `table.datalake.iceberg.layout`.
enum class LakeLayout : uint8_t { kFluss, kClean };

/// Errors  kInvalidConfig  neither fluss nor clean
Result<LakeLayout> LakeLayoutOf(const TableInfo& table);

/// The Iceberg type of a column, nested ids counted on from `next_id`.
Type IcebergTypeOf(const DataType& type, int32_t& next_id);

/// What to create the lake table with; location and uuid are left open.
///
/// format_version  2, or 3 for deletion vectors
/// Errors  kInvalidTable   a column has the name of a system column, or more than one bucket key (layout fluss)
///         kInvalidConfig  the layout is unknown
Result<NewTable> LakeTableOf(const TableInfo& table, int format_version = kFormatVersionDefault);

/// For each Fluss column its field id in the lake schema, found by name.
/// Errors  kInvalidTable  the lake table lacks the column or has another type for it
Result<std::vector<int32_t>> LakeFieldIds(const weir::Schema& schema, const Schema& lake);

/// The changes that bring an existing lake table to the Fluss table's present columns and properties: columns
/// added at the end (before the system columns), ids of the others kept. Empty when nothing is to do.
/// Errors  kInvalidTable  the lake table was altered by somebody so that it no longer fits
Result<std::vector<TableUpdate>> LakeTableChanges(const TableInfo& table,
                                                  const TableMetadata& lake);

}  // namespace weir::iceberg
