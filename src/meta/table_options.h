// Table properties (`table.*`): one row each, parsed once into a TableConfig that tablets read.
// Keys, types and defaults are those of Fluss 1.0; `table.durability` is Weir's own.
// Source: Fluss 545c5539 ConfigOptions, FlussConfigUtils; 1.0.0 client for row TTL and lake names.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "meta/table_descriptor.h"
#include "record/key_encoder.h"
#include "record/log_compression.h"
#include "record/value.h"

namespace weir {

enum class LogFormat : uint8_t { kArrow, kIndexed, kCompacted };
enum class MergeEngine : uint8_t { kNone, kFirstRow, kVersioned, kAggregation };
enum class DeleteBehavior : uint8_t { kAllow, kIgnore, kDisable };
enum class ChangelogImage : uint8_t { kFull, kWal };
/// How updates and deletes of a primary-key table reach readers of its Iceberg table.
enum class LakeDeleteMode : uint8_t { kPosition, kDeletionVector, kCopyOnWrite };
/// kFluss: with the columns __bucket, __offset and __timestamp, as Fluss' own readers expect.
enum class LakeLayout : uint8_t { kFluss, kClean };
/// Who sees rows in the Iceberg table before they are tiered: nobody, clients that let the catalog plan their scans,
/// or every client that loads the table (docs/decisions/0012-live-iceberg.md).
enum class LakeLive : uint8_t { kOff, kPlan, kLoad };
enum class PartitionTimeUnit : uint8_t { kYear, kQuarter, kMonth, kDay, kHour };

/// When an append is acknowledged: after fdatasync, after write(2), or from memory.
enum class Durability : uint8_t { kDisk, kOs, kMemory };

struct AutoPartitionConfig {
  bool enabled = false;
  std::optional<std::string> key;
  PartitionTimeUnit unit = PartitionTimeUnit::kDay;
  std::optional<std::string> time_format;  // absent: the unit's own
  std::optional<std::string> time_zone;    // absent: the server's
  int32_t num_precreate = 2;
  int32_t num_retention = 7;  // < 0: keep all
};

struct TableConfig {
  std::optional<int32_t> replication_factor;
  Durability durability = Durability::kDisk;

  LogFormat log_format = LogFormat::kArrow;
  LogCompression log_compression;
  std::chrono::milliseconds log_ttl = std::chrono::days(7);  // 0: keep for ever
  std::optional<std::chrono::milliseconds> log_local_ttl;    // absent: log_ttl
  int32_t tiered_local_segments = 2;
  std::optional<std::string> statistics_columns;  // "*" or names with commas

  RowFormat kv_format = RowFormat::kCompacted;
  int32_t kv_format_version = 1;
  std::optional<bool> kv_standby_replica;
  std::optional<std::chrono::milliseconds> kv_ttl;
  std::optional<std::string> kv_ttl_time_column;
  int32_t kv_value_layout_version = 1;

  MergeEngine merge_engine = MergeEngine::kNone;
  std::optional<std::string> version_column;
  std::optional<DeleteBehavior> delete_behavior;  // absent: see EffectiveDeleteBehavior
  ChangelogImage changelog_image = ChangelogImage::kFull;
  int64_t auto_increment_cache_size = 100'000;

  AutoPartitionConfig auto_partition;

  bool lake_enabled = false;
  std::optional<LakeFormat>
      lake_format;  // counts for keys and buckets even while lake_enabled is false
  std::chrono::milliseconds lake_freshness = std::chrono::minutes(3);
  bool lake_auto_compaction = false;
  bool lake_auto_expire_snapshot = false;
  bool lake_historical_partition = false;
  std::optional<std::string> lake_database;
  std::optional<std::string> lake_table;
  LakeDeleteMode lake_delete_mode = LakeDeleteMode::kPosition;
  LakeLayout lake_layout = LakeLayout::kFluss;
  LakeLive lake_live = LakeLive::kPlan;

  /// What is set, or `ignore` for tables with a merge engine, else `allow`.
  DeleteBehavior EffectiveDeleteBehavior() const;
};

/// May ALTER TABLE change the property.
enum class Alterable : uint8_t { kNo, kYes };

struct TableOption {
  std::string_view key;
  std::string_view type;           // for the docs
  std::string_view default_value;  // as text; "" = none
  Alterable alterable;
  Status (*parse)(std::string_view text, TableConfig& out);
  std::string_view doc;
};

/// Every `table.*` property there is, by key.
std::span<const TableOption> TableOptions();
/// The row of `key`, or null.
const TableOption* FindTableOption(std::string_view key);

/// Parse all properties.
/// Errors  kInvalidConfig  unknown `table.*` key, a key that is not a table's, a value not of its
/// type
Result<TableConfig> ParseTableConfig(const Properties& properties);

std::string TableOptionsMarkdown();

}  // namespace weir
