// Changes of a table as the REST catalog and our own writers send them: what must hold, and what to do.
// Source: Iceberg REST catalog OpenAPI, TableRequirement and TableUpdate.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "lake/table_metadata.h"

namespace weir::iceberg {

// What must hold for a commit to go through.

struct AssertCreate {};  // the table does not exist
struct AssertTableUuid {
  std::string uuid;
};
struct AssertRefSnapshotId {
  std::string ref;
  std::optional<int64_t> snapshot_id;  // nothing: the ref does not exist
};
struct AssertLastAssignedFieldId {
  int32_t id = 0;
};
struct AssertCurrentSchemaId {
  int32_t id = 0;
};
struct AssertLastAssignedPartitionId {
  int32_t id = 0;
};
struct AssertDefaultSpecId {
  int32_t id = 0;
};
struct AssertDefaultSortOrderId {
  int32_t id = 0;
};

using TableRequirement =
    std::variant<AssertCreate, AssertTableUuid, AssertRefSnapshotId, AssertLastAssignedFieldId,
                 AssertCurrentSchemaId, AssertLastAssignedPartitionId, AssertDefaultSpecId,
                 AssertDefaultSortOrderId>;

// What to do. An id of -1 means "the one added last in this commit".

inline constexpr int32_t kLastAdded = -1;

struct AssignUuid {
  std::string uuid;
};
struct UpgradeFormatVersion {
  int format_version = kFormatVersionDefault;
};
struct AddSchema {
  Schema schema;
};
struct SetCurrentSchema {
  int32_t schema_id = kLastAdded;
};
struct AddSpec {
  PartitionSpec spec;  // field ids of 0 are assigned; equal fields keep their old id
};
struct SetDefaultSpec {
  int32_t spec_id = kLastAdded;
};
struct AddSortOrder {
  SortOrder order;
};
struct SetDefaultSortOrder {
  int32_t order_id = kLastAdded;
};
struct AddSnapshot {
  Snapshot snapshot;
};
struct SetSnapshotRef {
  std::string name;
  SnapshotRef ref;
};
struct RemoveSnapshots {
  std::vector<int64_t> snapshot_ids;
};
struct RemoveSnapshotRef {
  std::string name;
};
struct SetLocation {
  std::string location;
};
struct SetProperties {
  StringMap updates;
};
struct RemoveProperties {
  std::vector<std::string> removals;
};
struct SetStatistics {
  StatisticsFile statistics;
};
struct RemoveStatistics {
  int64_t snapshot_id = 0;
};
struct SetPartitionStatistics {
  PartitionStatisticsFile statistics;
};
struct RemovePartitionStatistics {
  int64_t snapshot_id = 0;
};
struct RemovePartitionSpecs {
  std::vector<int32_t> spec_ids;
};
struct RemoveSchemas {
  std::vector<int32_t> schema_ids;
};
struct AddEncryptionKey {
  EncryptedKey key;
};
struct RemoveEncryptionKey {
  std::string key_id;
};

using TableUpdate =
    std::variant<AssignUuid, UpgradeFormatVersion, AddSchema, SetCurrentSchema, AddSpec,
                 SetDefaultSpec, AddSortOrder, SetDefaultSortOrder, AddSnapshot, SetSnapshotRef,
                 RemoveSnapshots, RemoveSnapshotRef, SetLocation, SetProperties, RemoveProperties,
                 SetStatistics, RemoveStatistics, SetPartitionStatistics, RemovePartitionStatistics,
                 RemovePartitionSpecs, RemoveSchemas, AddEncryptionKey, RemoveEncryptionKey>;

boost::json::object ToJson(const TableRequirement& requirement);
boost::json::object ToJson(const TableUpdate& update);
/// Errors  kInvalidTable  an unknown type or action, or a key missing or of the wrong kind
Result<TableRequirement> TableRequirementFromJson(const boost::json::value& value);
Result<TableUpdate> TableUpdateFromJson(const boost::json::value& value);

/// table   null: there is no such table
/// Errors  kCommitConflict  the requirement does not hold; the message says which and what is
Status CheckRequirement(const TableRequirement& requirement, const TableMetadata* table);

/// Apply updates in order to `base` (a default-made one when the table is being created) and check the result.
/// `last_updated_ms` becomes `now_ms`, or stays when the clock went back; metadata_log is the caller's
/// (RecordMetadataFile). A table being created may have any format version, and needs a location.
/// Errors  kInvalidTable    an update that makes no sense: an id that names nothing, a smaller format
///                          version, the current schema removed …
///         kCommitConflict  the snapshot was made beside a newer one: its sequence number or first row id is
///                          taken
Result<TableMetadata> ApplyUpdates(const TableMetadata& base, std::span<const TableUpdate> updates,
                                   int64_t now_ms);

/// What a new table needs. Field ids are assigned afresh, the spec's and the order's sources follow.
struct NewTable {
  std::string location;
  Schema schema;
  PartitionSpec spec = {};
  SortOrder sort_order = {};
  StringMap properties = {};  // "format-version" in here chooses the version and is not kept
  std::string uuid = {};      // empty: a new one
};
/// Errors  kInvalidTable
Result<TableMetadata> MakeTableMetadata(const NewTable& table, int64_t now_ms);

/// Put the file `base` was read from into `next`'s metadata log, and cut the log to
/// write.metadata.previous-versions-max (100).
void RecordMetadataFile(const TableMetadata& base, const std::string& base_file,
                        TableMetadata& next);

}  // namespace weir::iceberg
