// Everything about a table but its files: what a `…metadata.json` holds. A plain value; who changes one
// goes through table_update.h, which keeps it right.
// Source: Iceberg table specification, "Table Metadata", appendix C "Table Metadata and Snapshots".
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "lake/partition_spec.h"
#include "lake/schema.h"
#include "lake/snapshot.h"
#include "lake/sort_order.h"
#include "lake/statistics.h"

namespace weir::iceberg {

inline constexpr int kFormatVersionMax = 3;
inline constexpr int kFormatVersionDefault = 2;
/// Larger documents are refused before they are parsed, also after gunzip.
inline constexpr int64_t kMetadataBytesMax = 256 * MiB;

using StringMap = std::map<std::string, std::string, std::less<>>;

struct SnapshotLogEntry {
  int64_t timestamp_ms = 0;
  int64_t snapshot_id = 0;

  friend bool operator==(const SnapshotLogEntry&, const SnapshotLogEntry&) = default;
};

struct MetadataLogEntry {
  int64_t timestamp_ms = 0;
  std::string metadata_file;

  friend bool operator==(const MetadataLogEntry&, const MetadataLogEntry&) = default;
};

/// v3: a key that encrypts others; opaque to us.
struct EncryptedKey {
  std::string key_id;
  std::string encrypted_key_metadata;  // base64
  std::optional<std::string> encrypted_by_id;
  StringMap properties;

  friend bool operator==(const EncryptedKey&, const EncryptedKey&) = default;
};

struct TableMetadata {
  int format_version = kFormatVersionDefault;
  std::string table_uuid;
  std::string location;
  int64_t last_sequence_number = 0;
  int64_t last_updated_ms = 0;
  int32_t last_column_id = 0;
  int32_t current_schema_id = 0;
  std::vector<Schema> schemas;
  int32_t default_spec_id = 0;
  std::vector<PartitionSpec> partition_specs;
  int32_t last_partition_id = kPartitionFieldIdFirst - 1;
  int32_t default_sort_order_id = 0;
  std::vector<SortOrder> sort_orders;
  StringMap properties;
  std::optional<int64_t> current_snapshot_id;
  std::vector<Snapshot> snapshots;
  std::vector<SnapshotLogEntry> snapshot_log;
  std::vector<MetadataLogEntry> metadata_log;
  std::map<std::string, SnapshotRef, std::less<>> refs;
  std::vector<StatisticsFile> statistics;
  std::vector<PartitionStatisticsFile> partition_statistics;
  std::vector<EncryptedKey> encryption_keys;  // v3
  int64_t next_row_id = 0;                    // v3

  /// The current ones always exist in metadata that was read or built here.
  const Schema& current_schema() const;
  const PartitionSpec& default_spec() const;
  const SortOrder& default_sort_order() const;
  /// Null before the first commit.
  const Snapshot* current_snapshot() const;

  /// Null when there is none.
  const Schema* FindSchema(int32_t schema_id) const;
  const PartitionSpec* FindSpec(int32_t spec_id) const;
  const SortOrder* FindSortOrder(int32_t order_id) const;
  const Snapshot* FindSnapshot(int64_t snapshot_id) const;
  /// Whether the current snapshot is this one or stands on it. What nobody can say, because snapshots between have
  /// expired, is a no.
  bool StandsOn(int64_t snapshot_id) const;
  /// The snapshot a branch or tag names, or null.
  const Snapshot* FindRef(std::string_view name) const;
  /// The last snapshot of the main branch at or before `timestamp_ms`, by the snapshot log, or null.
  const Snapshot* SnapshotAsOf(int64_t timestamp_ms) const;
  /// The schema a snapshot was written with; the current one when it does not say.
  const Schema& SchemaOf(const Snapshot& snapshot) const;

  /// A property, or `otherwise`.
  std::string_view Property(std::string_view key, std::string_view otherwise = {}) const;

  friend bool operator==(const TableMetadata&, const TableMetadata&) = default;
};

boost::json::object ToJson(const EncryptedKey& key);
/// Errors  kInvalidTable
Result<EncryptedKey> EncryptedKeyFromJson(const boost::json::value& value);

boost::json::object ToJson(const TableMetadata& metadata);
std::string ToJsonText(const TableMetadata& metadata);

/// Read version 1, 2 or 3. Version 1 stays version 1 in memory; writers upgrade it first.
/// Errors  kInvalidTable        not JSON, a key missing or of the wrong kind, an id that names nothing;
///         kUnsupportedVersion  a newer format
Result<TableMetadata> TableMetadataFromJson(const boost::json::value& value);
/// The same of text; gzip is found by its first bytes.
Result<TableMetadata> TableMetadataFromJsonText(BytesView text);

/// A random version 4 UUID, lower case with dashes.
std::string NewUuid();

}  // namespace weir::iceberg
