#include "meta/table_options.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/nearest_word.h"
#include "base/options.h"

namespace weir {

namespace {

// Text to value.

template <class E>
struct NamedValue {
  std::string_view name;
  E value;
};

template <class E>
Status ParseNamed(std::string_view text, std::span<const NamedValue<E>> names, E& out) {
  std::string upper(text);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  std::string expected;
  for (const NamedValue<E>& candidate : names) {
    if (candidate.name == upper) {
      out = candidate.value;
      return {};
    }
    expected.append(expected.empty() ? "" : ", ").append(candidate.name);
  }
  return Fail(ErrorCode::kInvalidConfig, "'{}' is none of [{}]", text, expected);
}

Status ParseOption(std::string_view text, LogFormat& out) {
  static constexpr std::array<NamedValue<LogFormat>, 3> kNames = {
      {{"ARROW", LogFormat::kArrow},
       {"INDEXED", LogFormat::kIndexed},
       {"COMPACTED", LogFormat::kCompacted}}};
  return ParseNamed<LogFormat>(text, kNames, out);
}
Status ParseOption(std::string_view text, RowFormat& out) {
  static constexpr std::array<NamedValue<RowFormat>, 2> kNames = {
      {{"COMPACTED", RowFormat::kCompacted}, {"INDEXED", RowFormat::kIndexed}}};
  return ParseNamed<RowFormat>(text, kNames, out);
}
Status ParseOption(std::string_view text, LogCompressionType& out) {
  static constexpr std::array<NamedValue<LogCompressionType>, 3> kNames = {
      {{"NONE", LogCompressionType::kNone},
       {"LZ4_FRAME", LogCompressionType::kLz4Frame},
       {"ZSTD", LogCompressionType::kZstd}}};
  return ParseNamed<LogCompressionType>(text, kNames, out);
}
Status ParseOption(std::string_view text, MergeEngine& out) {
  static constexpr std::array<NamedValue<MergeEngine>, 3> kNames = {
      {{"FIRST_ROW", MergeEngine::kFirstRow},
       {"VERSIONED", MergeEngine::kVersioned},
       {"AGGREGATION", MergeEngine::kAggregation}}};
  return ParseNamed<MergeEngine>(text, kNames, out);
}
Status ParseOption(std::string_view text, DeleteBehavior& out) {
  static constexpr std::array<NamedValue<DeleteBehavior>, 3> kNames = {
      {{"ALLOW", DeleteBehavior::kAllow},
       {"IGNORE", DeleteBehavior::kIgnore},
       {"DISABLE", DeleteBehavior::kDisable}}};
  return ParseNamed<DeleteBehavior>(text, kNames, out);
}
Status ParseOption(std::string_view text, ChangelogImage& out) {
  static constexpr std::array<NamedValue<ChangelogImage>, 2> kNames = {
      {{"FULL", ChangelogImage::kFull}, {"WAL", ChangelogImage::kWal}}};
  return ParseNamed<ChangelogImage>(text, kNames, out);
}
Status ParseOption(std::string_view text, PartitionTimeUnit& out) {
  static constexpr std::array<NamedValue<PartitionTimeUnit>, 5> kNames = {
      {{"YEAR", PartitionTimeUnit::kYear},
       {"QUARTER", PartitionTimeUnit::kQuarter},
       {"MONTH", PartitionTimeUnit::kMonth},
       {"DAY", PartitionTimeUnit::kDay},
       {"HOUR", PartitionTimeUnit::kHour}}};
  return ParseNamed<PartitionTimeUnit>(text, kNames, out);
}
Status ParseOption(std::string_view text, Durability& out) {
  static constexpr std::array<NamedValue<Durability>, 3> kNames = {
      {{"DISK", Durability::kDisk}, {"OS", Durability::kOs}, {"MEMORY", Durability::kMemory}}};
  return ParseNamed<Durability>(text, kNames, out);
}
Status ParseOption(std::string_view text, LakeDeleteMode& out) {
  static constexpr std::array<NamedValue<LakeDeleteMode>, 3> kNames = {
      {{"POSITION", LakeDeleteMode::kPosition},
       {"DELETION-VECTOR", LakeDeleteMode::kDeletionVector},
       {"COPY-ON-WRITE", LakeDeleteMode::kCopyOnWrite}}};
  return ParseNamed<LakeDeleteMode>(text, kNames, out);
}
Status ParseOption(std::string_view text, LakeLayout& out) {
  static constexpr std::array<NamedValue<LakeLayout>, 2> kNames = {
      {{"FLUSS", LakeLayout::kFluss}, {"CLEAN", LakeLayout::kClean}}};
  return ParseNamed<LakeLayout>(text, kNames, out);
}
Status ParseOption(std::string_view text, LakeLive& out) {
  static constexpr std::array<NamedValue<LakeLive>, 3> kNames = {
      {{"OFF", LakeLive::kOff}, {"PLAN", LakeLive::kPlan}, {"LOAD", LakeLive::kLoad}}};
  return ParseNamed<LakeLive>(text, kNames, out);
}
Status ParseOption(std::string_view text, LakeFormat& out) {
  ASSIGN_OR_RETURN(out, ParseLakeFormat(text));
  return {};
}

template <class T>
Status ParseOption(std::string_view text, std::optional<T>& out) {
  T value{};
  if constexpr (requires { weir::ParseOption(text, value); }) {
    RETURN_IF_ERROR(weir::ParseOption(text, value));
  } else {
    RETURN_IF_ERROR(ParseOption(text, value));
  }
  out = std::move(value);
  return {};
}

// One setter per member.

template <class T>
Status ParseAny(std::string_view text, T& out) {
  if constexpr (requires { weir::ParseOption(text, out); }) {
    return weir::ParseOption(text, out);
  } else {
    return ParseOption(text, out);
  }
}

template <auto Member>
Status Set(std::string_view text, TableConfig& config) {
  return ParseAny(text, config.*Member);
}
template <auto Outer, auto Inner>
Status Set(std::string_view text, TableConfig& config) {
  return ParseAny(text, config.*Outer.*Inner);
}
/// A whole number of more than 32 bits that is not a size in bytes.
Status SetAutoIncrementCacheSize(std::string_view text, TableConfig& config) {
  int32_t value = 0;
  RETURN_IF_ERROR(weir::ParseOption(text, value));
  config.auto_increment_cache_size = value;
  return {};
}

using C = TableConfig;
using A = AutoPartitionConfig;
using L = LogCompression;
constexpr Alterable kFixed = Alterable::kNo;
constexpr Alterable kAlterable = Alterable::kYes;

constexpr std::array kTableOptions = {
    TableOption{"table.auto-increment.cache-size", "Integer", "100000", kFixed,
                &SetAutoIncrementCacheSize,
                "Numbers a bucket takes at once for the auto-increment column; unused ones are "
                "lost at a restart."},
    TableOption{"table.auto-partition.enabled", "Boolean", "false", kAlterable,
                &Set<&C::auto_partition, &A::enabled>, "Create and drop partitions by time."},
    TableOption{"table.auto-partition.key", "String", "", kFixed, &Set<&C::auto_partition, &A::key>,
                "The partition key that is the time; needed only with several partition keys."},
    TableOption{"table.auto-partition.num-precreate", "Integer", "2", kAlterable,
                &Set<&C::auto_partition, &A::num_precreate>,
                "How many partitions exist ahead of time, the current one included."},
    TableOption{"table.auto-partition.num-retention", "Integer", "7", kAlterable,
                &Set<&C::auto_partition, &A::num_retention>,
                "How many past partitions are kept; negative keeps all."},
    TableOption{"table.auto-partition.time-format", "String", "", kFixed,
                &Set<&C::auto_partition, &A::time_format>,
                "Pattern of the partition value, largest unit first, such as yyyy-MM-dd; default: "
                "yyyy, yyyyQ, yyyyMM, "
                "yyyyMMdd or yyyyMMddHH by the time unit."},
    TableOption{"table.auto-partition.time-unit", "YEAR, QUARTER, MONTH, DAY, HOUR", "DAY", kFixed,
                &Set<&C::auto_partition, &A::unit>, "The span of one partition."},
    TableOption{"table.auto-partition.time-zone", "String", "", kFixed,
                &Set<&C::auto_partition, &A::time_zone>,
                "Where the clock of the partitions hangs, such as Europe/Berlin; default: the "
                "server's time zone."},
    TableOption{"table.changelog.image", "FULL, WAL", "FULL", kFixed, &Set<&C::changelog_image>,
                "Whether updates carry the old row too (FULL) or only the new one (WAL)."},
    TableOption{
        "table.datalake.auto-compaction", "Boolean", "false", kAlterable,
        &Set<&C::lake_auto_compaction>,
        "Accepted for clients of Fluss, without effect: lake.maintenance compacts every table."},
    TableOption{
        "table.datalake.auto-expire-snapshot", "Boolean", "false", kFixed,
        &Set<&C::lake_auto_expire_snapshot>,
        "Accepted for clients of Fluss, without effect: lake.maintenance expires those of every "
        "table."},
    TableOption{
        "table.datalake.database-name", "String", "", kAlterable, &Set<&C::lake_database>,
        "Namespace of the lake table; default: the table's database. Not alterable once the lake "
        "table exists; readers of Fluss look under the default only."},
    TableOption{"table.datalake.enabled", "Boolean", "false", kAlterable, &Set<&C::lake_enabled>,
                "Tier the table into the lake."},
    TableOption{
        "table.datalake.format", "PAIMON, ICEBERG, LANCE, HUDI", "", kFixed, &Set<&C::lake_format>,
        "Lake format. Decides how keys are encoded and rows bucketed, even while tiering is off. "
        "Only ICEBERG is tiered."},
    TableOption{"table.datalake.freshness", "Duration", "3 min", kAlterable,
                &Set<&C::lake_freshness>, "How far the lake may lag behind."},
    TableOption{"table.datalake.historical-partition.enabled", "Boolean", "false", kAlterable,
                &Set<&C::lake_historical_partition>,
                "Look up expired partitions in the lake. Not served by Weir."},
    TableOption{"table.datalake.iceberg.delete-mode", "POSITION, DELETION-VECTOR, COPY-ON-WRITE",
                "POSITION", kAlterable, &Set<&C::lake_delete_mode>,
                "How updates and deletes reach readers of the Iceberg table: position deletes "
                "(format version 2), deletion vectors (version 3), or data files written anew "
                "(either). The version is that of the mode the table is created with. Weir's "
                "own."},
    TableOption{"table.datalake.iceberg.layout", "FLUSS, CLEAN", "FLUSS", kFixed,
                &Set<&C::lake_layout>,
                "Whether the Iceberg table has the columns __bucket, __offset and __timestamp, "
                "which the readers of Fluss need. Weir's own."},
    TableOption{"table.datalake.iceberg.live", "OFF, PLAN, LOAD", "PLAN", kAlterable,
                &Set<&C::lake_live>,
                "Who sees rows in the Iceberg table before they are tiered: nobody, clients that "
                "let the built-in catalog plan their scans, or also those that load the table, by "
                "a snapshot that was never committed. Weir's own."},
    TableOption{"table.datalake.table-name", "String", "", kAlterable, &Set<&C::lake_table>,
                "Name of the lake table; default: the table's. As table.datalake.database-name."},
    TableOption{"table.delete.behavior", "ALLOW, IGNORE, DISABLE", "ALLOW", kFixed,
                &Set<&C::delete_behavior>,
                "What a delete does; IGNORE is the default for tables with a merge engine."},
    TableOption{"table.durability", "DISK, OS, MEMORY", "DISK", kFixed, &Set<&C::durability>,
                "When a write is acknowledged: on disk (fdatasync), handed to the operating "
                "system, or in memory. "
                "Weir's own property."},
    TableOption{"table.kv.format", "COMPACTED, INDEXED", "COMPACTED", kFixed, &Set<&C::kv_format>,
                "Layout of rows in a primary-key table."},
    TableOption{"table.kv.format-version", "Integer", "2", kFixed, &Set<&C::kv_format_version>,
                "Version of the key encoding; set when the table is created."},
    TableOption{"table.kv.standby-replica.enabled", "Boolean", "", kAlterable,
                &Set<&C::kv_standby_replica>,
                "Keep a warm copy on another server; without effect on a single node."},
    TableOption{"table.kv.ttl", "Duration", "", kFixed, &Set<&C::kv_ttl>,
                "Drop rows of a primary-key table after this time. Not served by Weir."},
    TableOption{"table.kv.ttl.time-column", "String", "", kFixed, &Set<&C::kv_ttl_time_column>,
                "The column row TTL counts from. Not served by Weir."},
    TableOption{"table.kv.value-layout-version", "Integer", "1", kFixed,
                &Set<&C::kv_value_layout_version>, "Layout of stored values; 2 only with row TTL."},
    TableOption{"table.log.arrow.compression.type", "NONE, LZ4_FRAME, ZSTD", "ZSTD", kFixed,
                &Set<&C::log_compression, &L::type>, "Compression of ARROW log batches."},
    TableOption{
        "table.log.arrow.compression.zstd.level", "Integer", "3", kFixed,
        &Set<&C::log_compression, &L::level>,
        "ZSTD level, 1 to 22; changelogs of primary-key tables that name none are written at 1."},
    TableOption{"table.log.format", "ARROW, INDEXED, COMPACTED", "ARROW", kFixed,
                &Set<&C::log_format>, "Layout of log batches."},
    TableOption{
        "table.log.local-ttl", "Duration", "", kAlterable, &Set<&C::log_local_ttl>,
        "Accepted for clients of Fluss, without effect: table.log.ttl says how long the log is "
        "kept."},
    TableOption{"table.log.tiered.local-segments", "Integer", "2", kAlterable,
                &Set<&C::tiered_local_segments>,
                "Accepted for clients of Fluss, without effect: segments are on local disks only."},
    TableOption{"table.log.ttl", "Duration", "7 d", kAlterable, &Set<&C::log_ttl>,
                "How long the log is kept; 0 keeps it for ever."},
    TableOption{
        "table.merge-engine", "FIRST_ROW, VERSIONED, AGGREGATION", "", kFixed,
        &Set<&C::merge_engine>,
        "How a row meets an older one of the same key; default: the last one wins. AGGREGATION is "
        "not served by Weir."},
    TableOption{"table.merge-engine.versioned.ver-column", "String", "", kFixed,
                &Set<&C::version_column>, "The column that says which row is newer."},
    TableOption{"table.replication.factor", "Integer", "1", kFixed, &Set<&C::replication_factor>,
                "Copies of each bucket; default: the server's default.replication.factor."},
    TableOption{"table.statistics.columns", "String", "", kAlterable, &Set<&C::statistics_columns>,
                "Columns of which writers keep minima and maxima: names with commas, or *."},
};
static_assert(std::ranges::is_sorted(kTableOptions, {}, &TableOption::key));

}  // namespace

DeleteBehavior TableConfig::EffectiveDeleteBehavior() const {
  if (delete_behavior) return *delete_behavior;
  return merge_engine == MergeEngine::kNone ? DeleteBehavior::kAllow : DeleteBehavior::kIgnore;
}

std::span<const TableOption> TableOptions() { return kTableOptions; }

const TableOption* FindTableOption(std::string_view key) {
  const auto found = std::ranges::lower_bound(kTableOptions, key, {}, &TableOption::key);
  return found != kTableOptions.end() && found->key == key ? &*found : nullptr;
}

Result<TableConfig> ParseTableConfig(const Properties& properties) {
  TableConfig config;
  for (const auto& [key, text] : properties) {
    const TableOption* option = FindTableOption(key);
    if (option == nullptr && key.starts_with("table.")) {
      std::vector<std::string> keys;
      for (const TableOption& known : kTableOptions) keys.emplace_back(known.key);
      return Fail(ErrorCode::kInvalidConfig, "'{}' is not a table property this server knows{}",
                  key, DidYouMean(key, keys));
    }
    if (option == nullptr) {
      return Fail(ErrorCode::kInvalidConfig,
                  "'{}' is not a table property; it belongs to the custom properties", key);
    }
    const Status parsed = option->parse(text, config);
    if (!parsed.ok()) {
      return Fail(ErrorCode::kInvalidConfig, "invalid value for '{}': {}", key,
                  parsed.error().message);
    }
  }
  return config;
}

std::string TableOptionsMarkdown() {
  std::string out =
      "| property | type | default | ALTER TABLE | meaning |\n|---|---|---|---|---|\n";
  for (const TableOption& option : kTableOptions) {
    out +=
        fmt::format("| `{}` | {} | {} | {} | {} |\n", option.key, option.type, option.default_value,
                    option.alterable == Alterable::kYes ? "yes" : "no", option.doc);
  }
  return out;
}

}  // namespace weir
