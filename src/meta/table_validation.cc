#include "meta/table_validation.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "base/units.h"
#include "meta/auto_partition.h"
#include "meta/table_path.h"
#include "meta/time_zone.h"
#include "record/partition_name.h"

namespace weir {

namespace {

constexpr std::array<std::string_view, 6> kSystemColumns = {
    "__offset", "__timestamp", "__bucket", "_change_type", "_log_offset", "_commit_timestamp"};

template <class... A>
Failure BadConfig(fmt::format_string<A...> message, A&&... args) {
  return Fail(ErrorCode::kInvalidConfig, message, std::forward<A>(args)...);
}
template <class... A>
Failure BadTable(fmt::format_string<A...> message, A&&... args) {
  return Fail(ErrorCode::kInvalidTable, message, std::forward<A>(args)...);
}

bool Contains(std::span<const std::string> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// Every name is a column, and none is there twice.
Status CheckColumns(std::string_view what, const Schema& schema,
                    std::span<const std::string> names) {
  std::set<std::string_view> seen;
  for (const std::string& name : names) {
    if (!schema.Find(name)) return BadTable("{} column '{}' does not exist", what, name);
    if (!seen.insert(name).second) return BadTable("{} column '{}' is named twice", what, name);
  }
  return {};
}

Status CheckKeyTypes(std::string_view what, const Schema& schema,
                     std::span<const std::string> names) {
  for (const std::string& name : names) {
    const DataType& type = schema.column(static_cast<size_t>(*schema.Find(name))).type;
    if (type.is_nested()) {
      return BadTable(
          "{} column '{}' has the unsupported type {}: ARRAY, MAP and ROW cannot be keys", what,
          name, type.ToString());
    }
  }
  return {};
}

Status CheckSystemColumns(const Schema& schema) {
  for (const Column& column : schema.columns()) {
    if (std::ranges::find(kSystemColumns, column.name) != kSystemColumns.end()) {
      return BadTable("'{}' cannot be a column name: reserved are {}", column.name,
                      fmt::join(kSystemColumns, ", "));
    }
  }
  return {};
}

Status CheckBuckets(const TableDescriptor& table, const CatalogOptions& options) {
  const Schema& schema = table.schema;
  if (!table.bucket_count) return BadTable("the number of buckets must be set");
  if (*table.bucket_count <= 0)
    return BadTable("the number of buckets must be greater than 0: {}", *table.bucket_count);
  if (*table.bucket_count > options.buckets_max) {
    return Fail(ErrorCode::kBucketMaxNum,
                "too many buckets for a table or partition: buckets={} max={}", *table.bucket_count,
                options.buckets_max);
  }
  RETURN_IF_ERROR(CheckColumns("bucket key", schema, table.bucket_keys));
  RETURN_IF_ERROR(CheckKeyTypes("bucket key", schema, table.bucket_keys));
  for (const std::string& name : table.bucket_keys) {
    if (Contains(table.partition_keys, name))
      return BadTable("bucket key column '{}' is a partition key", name);
    if (schema.has_primary_key() && !Contains(schema.primary_key(), name)) {
      return BadTable(
          "bucket key column '{}' of a primary key table must be part of the primary key", name);
    }
  }
  return {};
}

Status CheckKeys(const TableDescriptor& table) {
  const Schema& schema = table.schema;
  RETURN_IF_ERROR(CheckKeyTypes("primary key", schema, schema.primary_key()));
  RETURN_IF_ERROR(CheckColumns("partition key", schema, table.partition_keys));
  if (!schema.has_primary_key()) return {};
  for (const std::string& name : table.partition_keys) {
    if (!Contains(schema.primary_key(), name)) {
      return BadTable(
          "partition key column '{}' of a primary key table must be part of the primary key", name);
    }
  }
  if (table.partition_keys.size() == schema.primary_key().size()) {
    return BadTable("the primary key must have a column that is not a partition key");
  }
  return {};
}

Status CheckReplication(const TableConfig& config) {
  if (!config.replication_factor)
    return BadConfig("missing table property 'table.replication.factor'");
  if (*config.replication_factor <= 0) {
    return BadConfig("'table.replication.factor' must be greater than 0: {}",
                     *config.replication_factor);
  }
  if (*config.replication_factor > 1) {
    return Fail(
        ErrorCode::kInvalidReplicationFactor,
        "replication factor is larger than the number of tablet servers: factor={} servers=1",
        *config.replication_factor);
  }
  return {};
}

Status CheckLog(const TableConfig& config, bool has_primary_key) {
  if (has_primary_key && config.kv_format == RowFormat::kCompacted &&
      config.log_format == LogFormat::kIndexed) {
    return BadConfig(
        "a primary key table supports the log formats ARROW and COMPACTED when its kv format is "
        "COMPACTED");
  }
  const int level = config.log_compression.level;
  if (level < 1 || level > 22)
    return BadConfig("ZSTD compression level must be 1 to 22: {}", level);
  if (config.tiered_local_segments <= 0) {
    return BadConfig("'table.log.tiered.local-segments' must be greater than 0: {}",
                     config.tiered_local_segments);
  }
  if (config.log_local_ttl && config.log_local_ttl->count() > 0 && config.log_ttl.count() > 0 &&
      *config.log_local_ttl > config.log_ttl) {
    return BadConfig("'table.log.local-ttl' must not be longer than 'table.log.ttl'");
  }
  return {};
}

std::string UpperName(std::string_view function) {
  std::string out(function);
  for (char& c : out)
    c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

/// Whether aggregation `function` (upper case) exists and takes columns of `kind`.
bool AggregationTakes(std::string_view function, TypeKind kind, bool& known) {
  const bool numeric =
      (kind >= TypeKind::kTinyInt && kind <= TypeKind::kDouble) || kind == TypeKind::kDecimal;
  const bool text = kind == TypeKind::kChar || kind == TypeKind::kString;
  const bool temporal = kind >= TypeKind::kDate && kind <= TypeKind::kTimestampLtz;
  known = true;
  if (function == "SUM" || function == "PRODUCT") return numeric;
  if (function == "MAX" || function == "MIN") return numeric || text || temporal;
  if (function == "LISTAGG" || function == "STRING_AGG") return text;
  if (function == "BOOL_AND" || function == "BOOL_OR") return kind == TypeKind::kBoolean;
  if (function == "RBM32" || function == "RBM64") return kind == TypeKind::kBytes;
  if (function == "LAST_VALUE" || function == "LAST_VALUE_IGNORE_NULLS" ||
      function == "FIRST_VALUE" || function == "FIRST_VALUE_IGNORE_NULLS") {
    return true;
  }
  known = false;
  return false;
}

Status CheckAggregation(const Column& column) {
  const std::string function = UpperName(column.agg_function->type);
  bool known = false;
  const bool takes = AggregationTakes(function, column.type.kind, known);
  if (!known) {
    return BadConfig("invalid aggregation function for column '{}': '{}' is unknown", column.name,
                     column.agg_function->type);
  }
  for (const auto& [name, value] : column.agg_function->parameters) {
    const bool lists = function == "LISTAGG" || function == "STRING_AGG";
    if (!lists || name != "delimiter") {
      return BadConfig("invalid aggregation function for column '{}': {} has no parameter '{}'",
                       column.name, function, name);
    }
    if (value.empty()) {
      return BadConfig("invalid aggregation function for column '{}': the delimiter is empty",
                       column.name);
    }
  }
  if (!takes) {
    return BadConfig("invalid aggregation function for column '{}': {} does not take {}",
                     column.name, function, column.type.ToString());
  }
  return {};
}

Status CheckAggregations(const Schema& schema, MergeEngine engine) {
  for (const Column& column : schema.columns()) {
    if (!column.agg_function) continue;
    if (engine != MergeEngine::kAggregation) {
      return BadConfig(
          "column '{}' has an aggregation function, but the merge engine is not aggregation",
          column.name);
    }
    if (Contains(schema.primary_key(), column.name)) continue;
    RETURN_IF_ERROR(CheckAggregation(column));
  }
  return {};
}

Status CheckVersionColumn(const TableConfig& config, const Schema& schema) {
  if (!config.version_column) {
    return BadConfig(
        "'table.merge-engine.versioned.ver-column' must be set for the versioned merge engine");
  }
  const auto position = schema.Find(*config.version_column);
  if (!position) return BadConfig("the version column '{}' does not exist", *config.version_column);
  const DataType& type = schema.column(static_cast<size_t>(*position)).type;
  if (type.kind != TypeKind::kInt && type.kind != TypeKind::kBigInt &&
      type.kind != TypeKind::kTimestamp && type.kind != TypeKind::kTimestampLtz) {
    return BadConfig(
        "the version column '{}' must be INT, BIGINT, TIMESTAMP or TIMESTAMP_LTZ, not {}",
        *config.version_column, type.ToString());
  }
  return {};
}

Status CheckMergeEngine(const TableConfig& config, const Schema& schema) {
  RETURN_IF_ERROR(CheckAggregations(schema, config.merge_engine));
  if (config.merge_engine == MergeEngine::kNone) return {};
  if (!schema.has_primary_key())
    return BadConfig("a merge engine is only supported in primary key tables");
  if (config.merge_engine == MergeEngine::kVersioned) return CheckVersionColumn(config, schema);
  if (config.merge_engine == MergeEngine::kAggregation &&
      config.changelog_image == ChangelogImage::kWal) {
    return BadConfig("the aggregation merge engine needs 'table.changelog.image' = 'FULL'");
  }
  if (config.merge_engine == MergeEngine::kAggregation)
    return BadConfig("the merge engine 'aggregation' is not served by Weir");
  return {};
}

Status CheckDeletes(const TableConfig& config, bool has_primary_key) {
  if (!config.delete_behavior) return {};
  if (!has_primary_key)
    return BadConfig("'table.delete.behavior' is only supported for primary key tables");
  const bool keeps_rows = config.merge_engine == MergeEngine::kFirstRow ||
                          config.merge_engine == MergeEngine::kVersioned;
  if (keeps_rows && *config.delete_behavior == DeleteBehavior::kAllow) {
    return BadConfig(
        "this merge engine does not support deletes: 'table.delete.behavior' must be ignore or "
        "disable");
  }
  return {};
}

Status CheckAutoPartitionKey(const AutoPartitionConfig& config, const TableDescriptor& table) {
  if (table.partition_keys.size() == 1) return {};
  if (!config.key || config.key->empty()) {
    return BadTable(
        "a table with several partition keys needs 'table.auto-partition.key' for auto "
        "partitioning");
  }
  if (!Contains(table.partition_keys, *config.key)) {
    return BadTable("'table.auto-partition.key' is not a partition key: key={} partition_keys=[{}]",
                    *config.key, fmt::join(table.partition_keys, ", "));
  }
  if (config.num_precreate > 0) {
    return BadTable(
        "partitions of several keys cannot be created ahead: 'table.auto-partition.num-precreate' "
        "must be 0, "
        "not {}",
        config.num_precreate);
  }
  return {};
}

Status CheckDatePartition(const AutoPartitionConfig& config, const TableDescriptor& table) {
  const std::string& key =
      config.key && !config.key->empty() ? *config.key : table.partition_keys.front();
  const auto position = table.schema.Find(key);
  if (!position || table.schema.column(static_cast<size_t>(*position)).type.kind != TypeKind::kDate)
    return {};
  if (config.unit != PartitionTimeUnit::kDay) {
    return BadTable(
        "'table.auto-partition.time-unit' must be DAY when the partition key '{}' is a DATE", key);
  }
  if (config.time_format != "yyyy-MM-dd") {
    return BadTable(
        "'table.auto-partition.time-format' must be 'yyyy-MM-dd' when the partition key '{}' is a "
        "DATE",
        key);
  }
  return {};
}

Status CheckPartitions(const TableConfig& config, const TableDescriptor& table) {
  const AutoPartitionConfig& automatic = config.auto_partition;
  if (!table.is_partitioned()) {
    if (!automatic.enabled) return {};
    return BadConfig(
        "only a partitioned table can be partitioned automatically: set "
        "'table.auto-partition.enabled' to false");
  }
  for (const std::string& name : table.partition_keys) {
    const DataType& type = table.schema.column(static_cast<size_t>(*table.schema.Find(name))).type;
    if (!IsPartitionType(type))
      return BadTable("partition key '{}' has the unsupported type {}", name, type.ToString());
  }
  if (automatic.time_format) RETURN_IF_ERROR(PartitionTimeFormat::Of(automatic));
  if (automatic.time_zone) {
    const auto local = ToLocalSeconds(*automatic.time_zone, 0);
    if (!local.ok())
      return BadConfig("invalid value for 'table.auto-partition.time-zone': {}",
                       local.error().message);
  }
  if (!automatic.enabled) return {};
  RETURN_IF_ERROR(CheckAutoPartitionKey(automatic, table));
  return CheckDatePartition(automatic, table);
}

bool HasStatistics(TypeKind kind) {
  return kind != TypeKind::kBinary && kind != TypeKind::kBytes && kind < TypeKind::kArray;
}

Status CheckStatistics(const TableConfig& config, const Schema& schema) {
  if (!config.statistics_columns) return {};
  if (schema.has_primary_key()) {
    return BadConfig(
        "statistics columns are not supported for primary key tables: remove "
        "'table.statistics.columns'");
  }
  if (config.log_format != LogFormat::kArrow)
    return BadConfig("'table.statistics.columns' needs the log format ARROW");
  std::vector<std::string> names;
  RETURN_IF_ERROR(ParseOption(*config.statistics_columns, names));
  if (names.size() == 1 && names[0] == "*") return {};
  if (names.empty())
    return BadConfig("'table.statistics.columns' is empty: name columns, or '*' for all");
  for (const std::string& name : names) {
    const auto position = schema.Find(name);
    if (!position) return BadConfig("statistics column '{}' does not exist", name);
    const DataType& type = schema.column(static_cast<size_t>(*position)).type;
    if (!HasStatistics(type.kind)) {
      return BadConfig("statistics column '{}' has the unsupported type {}", name, type.ToString());
    }
  }
  return {};
}

/// What `datalake.format` says, or what it means when it says nothing.
std::string_view EffectiveLakeFormat(const CatalogOptions& options) {
  return options.lake_format.empty() ? kDefaultLakeFormat : std::string_view(options.lake_format);
}

/// What Fluss' layout of an Iceberg table can express: buckets are Iceberg's own bucket[n] of one column,
/// partitions are identities of text columns.
Status CheckIcebergLayout(const TableDescriptor& table) {
  if (table.bucket_keys.size() > 1) {
    return BadTable(
        "a table in Iceberg can be bucketed by one column only: bucket key={}; name one with "
        "'bucket.key' (DISTRIBUTED BY), it must be part of the primary key",
        fmt::join(table.bucket_keys, ","));
  }
  const Schema& schema = table.schema;
  for (const std::string& name : table.partition_keys) {
    const DataType& type = schema.columns()[static_cast<size_t>(*schema.Find(name))].type;
    if (type.kind != TypeKind::kString && type.kind != TypeKind::kChar) {
      return BadTable(
          "a table in Iceberg can be partitioned by text columns only: column={} type={}", name,
          type.ToString());
    }
  }
  if (table.bucket_keys.empty()) return {};
  const std::array positions = {static_cast<int>(*schema.Find(table.bucket_keys.front()))};
  RETURN_IF_ERROR(KeyEncoder::Make(KeyFormat::kIceberg, schema.types(), positions));
  return {};
}

Status CheckLake(const TableConfig& config, const TableDescriptor& table,
                 const CatalogOptions& options) {
  if (config.lake_historical_partition) {
    return BadConfig(
        "'table.datalake.historical-partition.enabled' is not supported by this server");
  }
  if (config.lake_database)
    RETURN_IF_ERROR(CheckName("lake database", *config.lake_database, ErrorCode::kInvalidConfig));
  if (config.lake_table)
    RETURN_IF_ERROR(CheckName("lake table", *config.lake_table, ErrorCode::kInvalidConfig));
  if (!config.lake_enabled) return {};
  if (!options.lake_enabled) {
    return BadTable(
        "'table.datalake.enabled' is set, but this server has no lake: see 'datalake.enabled'");
  }
  ASSIGN_OR_RETURN(const LakeFormat cluster, ParseLakeFormat(EffectiveLakeFormat(options)));
  const LakeFormat format = config.lake_format.value_or(cluster);
  if (format != LakeFormat::kIceberg) {
    const auto own = table.properties.find("table.datalake.format");
    return BadConfig(
        "this server tiers into Iceberg only: a table of the lake format '{}' can be made and "
        "used, but not with "
        "'table.datalake.enabled'",
        own == table.properties.end() ? EffectiveLakeFormat(options)
                                      : std::string_view(own->second));
  }
  if (format != cluster) {
    return BadConfig(
        "'table.datalake.format' must match the server's 'datalake.format' ('{}') when the lake is "
        "enabled",
        EffectiveLakeFormat(options));
  }
  return CheckIcebergLayout(table);
}

Status CheckRowTtl(const TableConfig& config) {
  if (config.kv_ttl || config.kv_ttl_time_column || config.kv_value_layout_version != 1) {
    return BadConfig("row TTL ('table.kv.ttl') is not supported by this server");
  }
  return {};
}

Status CheckAutoIncrement(const TableConfig& config, const Schema& schema) {
  if (config.auto_increment_cache_size <= 0) {
    return BadConfig("'table.auto-increment.cache-size' must be greater than 0: {}",
                     config.auto_increment_cache_size);
  }
  if (!schema.auto_increment().empty() && !schema.has_primary_key()) {
    return BadTable("an auto-increment column needs a primary key table");
  }
  return {};
}

void SetIfAbsent(Properties& properties, std::string_view key, std::string value) {
  properties.try_emplace(std::string(key), std::move(value));
}

}  // namespace

Status ImplyLakeFormat(Properties& properties, const CatalogOptions& options) {
  if (!options.lake_enabled) return {};
  ASSIGN_OR_RETURN(const TableConfig config, ParseTableConfig(properties));
  if (config.lake_enabled)
    SetIfAbsent(properties, "table.datalake.format", std::string(EffectiveLakeFormat(options)));
  return {};
}

void NormalizeDurations(Properties& properties) {
  for (auto& [key, text] : properties) {
    const TableOption* option = FindTableOption(key);
    if (option == nullptr || option->type != "Duration") continue;
    const auto duration = ParseDuration(text);
    const bool has_unit = std::ranges::any_of(
        text, [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; });
    const bool iso = text.find_first_of("Pp") != std::string::npos;
    if (duration.ok() && (iso || !has_unit)) text = FormatDuration(*duration);
  }
}

Result<TableDescriptor> WithDefaults(TableDescriptor descriptor, const CatalogOptions& options) {
  const bool has_primary_key = descriptor.schema.has_primary_key();
  if (has_primary_key && !options.allow_kv_tables)
    return BadTable("this server does not allow primary key tables");
  if (!has_primary_key && !options.allow_log_tables)
    return BadTable("this server does not allow log tables");

  if (!descriptor.bucket_count) descriptor.bucket_count = options.default_bucket_number;
  if (has_primary_key && descriptor.bucket_keys.empty()) {
    for (const std::string& name : descriptor.schema.primary_key()) {
      if (!Contains(descriptor.partition_keys, name)) descriptor.bucket_keys.push_back(name);
    }
  }

  Properties& properties = descriptor.properties;
  NormalizeDurations(properties);
  SetIfAbsent(properties, "table.replication.factor",
              std::to_string(options.default_replication_factor));
  if (!options.lake_format.empty())
    SetIfAbsent(properties, "table.datalake.format", options.lake_format);
  RETURN_IF_ERROR(ImplyLakeFormat(properties, options));

  ASSIGN_OR_RETURN(const TableConfig config, ParseTableConfig(properties));
  if (descriptor.partition_keys.size() > 1 && config.auto_partition.enabled) {
    SetIfAbsent(properties, "table.auto-partition.num-precreate", "0");
  }
  if (!has_primary_key) return descriptor;
  if (config.merge_engine != MergeEngine::kNone)
    SetIfAbsent(properties, "table.delete.behavior", "IGNORE");
  if (config.kv_format_version > kKvFormatVersion) {
    return BadConfig("kv format version is too new: version={} max={}", config.kv_format_version,
                     kKvFormatVersion);
  }
  SetIfAbsent(properties, "table.kv.format-version", std::to_string(kKvFormatVersion));
  return descriptor;
}

Result<TableConfig> CheckTable(const TableDescriptor& descriptor, const CatalogOptions& options) {
  const Schema& schema = descriptor.schema;
  ASSIGN_OR_RETURN(TableConfig config, ParseTableConfig(descriptor.properties));
  for (const auto& [key, value] : descriptor.custom_properties) {
    if (key.starts_with("table.")) {
      return BadConfig("custom property '{}' must not begin with 'table.'", key);
    }
  }
  RETURN_IF_ERROR(CheckBuckets(descriptor, options));
  RETURN_IF_ERROR(CheckKeys(descriptor));
  RETURN_IF_ERROR(CheckReplication(config));
  RETURN_IF_ERROR(CheckLog(config, schema.has_primary_key()));
  RETURN_IF_ERROR(CheckMergeEngine(config, schema));
  RETURN_IF_ERROR(CheckDeletes(config, schema.has_primary_key()));
  RETURN_IF_ERROR(CheckPartitions(config, descriptor));
  RETURN_IF_ERROR(CheckSystemColumns(schema));
  RETURN_IF_ERROR(CheckStatistics(config, schema));
  RETURN_IF_ERROR(CheckLake(config, descriptor, options));
  RETURN_IF_ERROR(CheckRowTtl(config));
  RETURN_IF_ERROR(CheckAutoIncrement(config, schema));
  return config;
}

}  // namespace weir
