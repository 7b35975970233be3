// Keys and values of the catalog in the meta store (docs/formats/meta_store.md). Values are small
// JSON documents with a version. Reading trusts nothing but the store's checksums: a document that
// does not parse is an error with its key, not a crash.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/ids.h"
#include "base/result.h"
#include "meta/table_info.h"

namespace weir::records {

inline constexpr std::string_view kDatabases = "db/";
inline constexpr std::string_view kTables = "table/";
inline constexpr std::string_view kSchemas = "schema/";
inline constexpr std::string_view kPartitions = "partition/";
inline constexpr std::string_view kNextTable = "next/table";
inline constexpr std::string_view kNextPartition = "next/partition";
inline constexpr std::string_view kNextWriter = "next/writer";

std::string DatabaseKey(std::string_view name);
std::string TableKey(TableId table);
/// Schemas that are no longer the latest; the latest is in the table's descriptor.
std::string SchemaKey(TableId table, SchemaId schema);
std::string PartitionKey(TableId table, PartitionId partition);
std::string AutoIncrementKey(TableId table);
/// The numbers at the end of a key, "schema/00…7/00…1" -> {7, 1}.
Result<std::pair<int64_t, int64_t>> TwoNumbers(std::string_view key, std::string_view prefix);

std::string ToRecord(const DatabaseInfo& database);
Result<DatabaseInfo> DatabaseFromRecord(std::string_view name, std::string_view record);

/// Without partitions and without older schemas.
std::string ToRecord(const TableInfo& table);
Result<TableInfo> TableFromRecord(std::string_view record);

std::string ToRecord(const PartitionInfo& partition);
Result<PartitionInfo> PartitionFromRecord(PartitionId id, std::string_view record);

std::string NumberToRecord(int64_t number);
Result<int64_t> NumberFromRecord(std::string_view record);

}  // namespace weir::records
