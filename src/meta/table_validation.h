// The rules a table must obey, and what the server fills in before it checks them. Pure functions.
// Source: Fluss 545c5539 TableDescriptorValidation, CoordinatorService.applySystemDefaults,
// StatisticsConfigUtils, AggFunctionType; 1.0.0 client for row TTL.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "meta/catalog_options.h"
#include "meta/table_changes.h"
#include "meta/table_descriptor.h"
#include "meta/table_info.h"

namespace weir {

/// Complete a new table: bucket count, bucket key of a primary-key table, replication factor, lake
/// format (only when the server has one), kv format version, delete behavior of merge engines, no
/// pre-creation for several partition keys. Clients read these back and rely on them. Errors
/// kInvalidTable   the kind of table may not be created here; tiering asked for on a server without
/// lake
///         kInvalidConfig  a kv format version newer than this server's
Result<TableDescriptor> WithDefaults(TableDescriptor descriptor, const CatalogOptions& options);

/// The lake format of a table that is to be tiered and names none.
inline constexpr std::string_view kDefaultLakeFormat = "iceberg";

/// Give a table that is to be tiered the server's lake format. Tables that are not keep keys and buckets free of it.
/// Errors  kInvalidConfig
Status ImplyLakeFormat(Properties& properties, const CatalogOptions& options);

/// Write durations so that the Java client can read them back: it knows "7 d", but neither "PT168H"
/// nor "5000". Leaves alone what is no duration; CheckTable will say so.
void NormalizeDurations(Properties& properties);

/// Check a completed descriptor against every rule and parse its properties.
/// Errors  kInvalidConfig  an unknown, malformed or contradictory property
///         kInvalidTable   columns, keys, partitions;  kBucketMaxNum;  kInvalidReplicationFactor
Result<TableConfig> CheckTable(const TableDescriptor& descriptor, const CatalogOptions& options);

/// Apply configuration changes to a table's properties: keys beginning with "table." go to the
/// table's own, others to the custom ones. Checks what may be altered; the result still has to pass
/// CheckTable. Errors  kInvalidAlterTable
Result<TableDescriptor> WithConfigChanges(const TableInfo& table,
                                          const std::vector<ConfigChange>& changes);

/// Add columns at the end. Ids continue after the highest there ever was, nested fields included.
/// Errors  kInvalidAlterTable  the name is taken, or the type is NOT NULL
///         kInvalidTable       a reserved name or an impossible type;  kInvalidConfig  a misplaced
///         aggregation
Result<Schema> WithAddedColumns(const TableInfo& table, const std::vector<AddColumn>& columns);

}  // namespace weir
