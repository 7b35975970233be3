#include "sql/query_tables.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <set>

#include "base/nearest_word.h"
#include "lake/fluss_layout.h"
#include "record/partition_name.h"
#include "sql/kv_scan.h"
#include "sql/lake_info.h"
#include "sql/literal_value.h"
#include "sql/log_scan.h"
#include "sql/rows_scan.h"
#include "sql/table_router.h"
#include "sql/token.h"
#include "sql/union_scan.h"

namespace weir {
namespace {

constexpr int kMomentTriesMax = 5;
constexpr size_t kLookupKeysMax = 1000;  // more keys than this are read faster by a scan

/// By column position: the values it may have; columns without an equality are absent.
using AllowedValues = std::map<size_t, std::vector<Value>>;

AllowedValues AllowedBy(const Schema& schema, const Conditions& conditions) {
  AllowedValues allowed;
  for (const Condition& condition : conditions) {
    const auto column = ColumnOf(schema, condition);
    if (condition.op != Condition::Op::kIn || !column || allowed.contains(*column)) continue;
    std::vector<Value> values;
    bool understood = true;
    for (const Literal& literal : condition.values) {
      const auto value = ValueOf(literal, schema.column(*column).type);
      understood = understood && value;
      if (value && std::ranges::find(values, *value) == values.end()) values.push_back(*value);
    }
    if (understood) allowed.emplace(*column, std::move(values));
  }
  return allowed;
}

/// The buckets that can hold rows with the allowed values: partitions are skipped by their names.
Result<std::vector<TableBucket>> BucketsOf(const TableInfo& table, const AllowedValues& allowed) {
  std::vector<std::optional<PartitionId>> partitions;
  if (!table.is_partitioned()) partitions.emplace_back();
  for (const auto& [name, partition] : table.partitions) {
    const std::vector<std::string> texts = SplitPartitionName(name);
    bool matches = true;
    for (size_t i = 0; i < texts.size() && matches; ++i) {
      const auto position = table.schema().Find(table.descriptor.partition_keys[i]);
      const auto values = allowed.find(static_cast<size_t>(*position));
      if (values == allowed.end()) continue;
      matches = std::ranges::any_of(values->second, [&](const Value& value) {
        const auto text = PartitionValueText(value, table.schema().column(values->first).type);
        return !text.ok() || *text == texts[i];
      });
    }
    if (matches) partitions.emplace_back(partition.id);
  }
  std::vector<TableBucket> buckets;
  for (const auto& partition : partitions) {
    for (BucketId bucket = 0; bucket < table.bucket_count(); ++bucket)
      buckets.push_back({table.id, partition, bucket});
  }
  return buckets;
}

/// Every key that the conditions allow, when they fix all columns of the primary key.
Result<std::optional<std::vector<KeyedBucket>>> KeysOf(const TableInfo& table,
                                                       const AllowedValues& allowed) {
  using Keys = std::optional<std::vector<KeyedBucket>>;
  const std::span<const int> key = table.schema().primary_key_positions();
  size_t combinations = 1;
  for (const int position : key) {
    const auto values = allowed.find(static_cast<size_t>(position));
    if (values == allowed.end()) return Keys();
    combinations *= values->second.size();
    if (combinations > kLookupKeysMax) return Keys();
  }
  ASSIGN_OR_RETURN(const TableRouter router, TableRouter::Make(table));
  std::vector<KeyedBucket> keys;
  std::vector<Value> row(table.schema().size());
  for (size_t combination = 0; combination < combinations; ++combination) {
    size_t rest = combination;
    for (const int position : key) {
      const std::vector<Value>& values = allowed.at(static_cast<size_t>(position));
      row[static_cast<size_t>(position)] = values[rest % values.size()];
      rest /= values.size();
    }
    KeyedBucket keyed{.bucket = {.table = table.id, .partition = {}, .bucket = 0}, .key = {}};
    ASSIGN_OR_RETURN(const std::string partition, router.PartitionNameOf(row));
    if (!partition.empty()) {
      const auto found = table.partitions.find(partition);
      if (found == table.partitions.end()) continue;
      keyed.bucket.partition = found->second.id;
    }
    ASSIGN_OR_RETURN(keyed.bucket.bucket, router.BucketOf(row));
    RETURN_IF_ERROR(router.AppendKey(row, keyed.key));
    keys.push_back(std::move(keyed));
  }
  return Keys(std::move(keys));
}

/// The commit timestamps that conditions allow, in ms.
CommitTimes CommitTimesOf(const Conditions& conditions) {
  using enum Condition::Op;
  CommitTimes times;
  for (const Condition& condition : conditions) {
    if (Upper(condition.column) != "_COMMIT_TIMESTAMP" || condition.values.size() != 1) continue;
    const auto at = ValueOf(condition.values[0], DataType::Temporal(TypeKind::kTimestampLtz, 6));
    if (!at) continue;
    const int64_t floor = at->timestamp_ms();
    const int64_t ceiling = floor + (at->timestamp_nanos() > 0 ? 1 : 0);
    if (condition.op == kIn || condition.op == kGreaterOrEqual)
      times.first_ms = std::max(times.first_ms, ceiling);
    if (condition.op == kGreater) times.first_ms = std::max(times.first_ms, floor + 1);
    if (condition.op == kIn || condition.op == kLessOrEqual)
      times.last_ms = std::min(times.last_ms, floor);
    if (condition.op == kLess) times.last_ms = std::min(times.last_ms, ceiling - 1);
  }
  return times;
}

/// Narrow ranges by conditions on _log_offset.
void NarrowByOffset(const Conditions& conditions, std::vector<LogPart>& parts) {
  using enum Condition::Op;
  for (const Condition& condition : conditions) {
    const auto value = IntegerOf(condition.values[0].text);
    const bool usable =
        Upper(condition.column) == "_LOG_OFFSET" && value && condition.values.size() == 1 &&
        condition.values[0].kind == Literal::Kind::kInteger && *value >= 0 && *value < INT64_MAX;
    if (!usable) continue;
    for (LogPart& part : parts) {
      LogRange& range = part.range;
      if (condition.op == kIn || condition.op == kGreaterOrEqual)
        range.start = std::max(range.start, *value);
      if (condition.op == kGreater) range.start = std::max(range.start, *value + 1);
      if (condition.op == kIn || condition.op == kLessOrEqual)
        range.end = std::min(range.end, *value + 1);
      if (condition.op == kLess) range.end = std::min(range.end, *value);
    }
  }
  std::erase_if(parts, [](const LogPart& part) { return part.range.start >= part.range.end; });
}

std::vector<std::string> DatabaseNames(const Catalog& catalog) {
  std::vector<std::string> names;
  for (const DatabaseRef& database : catalog.Databases()) names.push_back(database->name);
  return names;
}

}  // namespace

Status CheckDatabase(const Catalog& catalog, std::string_view name) {
  if (catalog.FindDatabase(name) != nullptr) return {};
  return Fail(ErrorCode::kDatabaseNotExist, "database {} does not exist{}", name,
              DidYouMean(name, DatabaseNames(catalog)));
}

Result<TableRef> FindTableOrHint(const Catalog& catalog, const TablePath& path) {
  if (TableRef table = catalog.FindTable(path); table != nullptr) return table;
  if (path.database.empty())
    return Fail(ErrorCode::kTableNotExist,
                "table {} has no database: write database.table, or USE a database first",
                path.table);
  RETURN_IF_ERROR(CheckDatabase(catalog, path.database));
  std::vector<std::string> names;
  ASSIGN_OR_RETURN(const std::vector<TableRef> tables, catalog.Tables(path.database));
  for (const TableRef& table : tables) names.push_back(table->path.table);
  return Fail(ErrorCode::kTableNotExist, "table {} does not exist{}", path.ToString(),
              DidYouMean(path.table, names));
}

QueryTables::QueryTables(const SqlParts& parts, std::string database, std::string_view sql,
                         std::string_view shape, duckdb_connection connection)
    : catalog_(parts.catalog),
      buckets_(parts.buckets),
      lake_(parts.lake, parts.catalog.lake_snapshots()),
      database_(std::move(database)),
      names_(NamesOf(sql)),
      shape_(shape == sql ? names_.sql() : NamesOf(shape).sql()),
      connection_(connection) {}

NamesInQuery QueryTables::NamesOf(std::string_view sql) const {
  return {sql, database_, [this](const std::string& dotted) { return Exists(dotted); }};
}

bool QueryTables::Exists(const std::string& dotted) const {
  const TableReference reference = ParseTableReference(dotted, database_);
  if (catalog_.FindTable(reference.path) != nullptr) return true;
  const auto found = lake_.Find(reference.dotted, database_);
  return found.ok() && found->has_value();
}

Result<std::shared_ptr<TableScan>> QueryTables::Resolve(const std::string& name) {
  if (const auto known = scans_.find(name); known != scans_.end()) return known->second;
  auto scan = Open(name);
  if (!scan.ok()) {
    error_ = scan.error();
  } else {
    scans_.emplace(name, *scan);
  }
  return scan;
}

Result<std::shared_ptr<TableScan>> QueryTables::Open(const std::string& last_part) {
  const std::string& name = names_.Written(last_part);
  const TableReference reference = ParseTableReference(name, database_);
  if (const std::string* missing = names_.Missing(name))
    return Forward(FindTableOrHint(catalog_, ParseTableReference(*missing, database_).path));
  const Conditions& conditions = shape_.Of(name);
  if (catalog_.FindTable(reference.path) == nullptr) {
    ASSIGN_OR_RETURN(const auto ident, lake_.Find(reference.dotted, database_));
    if (ident) {
      ASSIGN_OR_RETURN(const iceberg::LoadedTable loaded, lake_.Load(*ident));
      return OpenLake(reference, nullptr, loaded, conditions);
    }
  }
  ASSIGN_OR_RETURN(const TableRef table, FindTableOrHint(catalog_, reference.path));
  if (reference.kind == TableKind::kOptions) return MakeOptionsScan(table->descriptor.properties);
  const bool present =
      reference.kind == TableKind::kRows || reference.kind == TableKind::kChangelog;
  if (!present || reference.as_of_ms) {
    ASSIGN_OR_RETURN(const iceberg::LoadedTable loaded, lake_.LoadTiered(*table));
    return OpenLake(reference, table, loaded, conditions);
  }
  const bool changelog = reference.kind == TableKind::kChangelog;
  if (changelog || !table->has_primary_key()) return OpenLog(table, changelog, conditions);
  if (!conditions.empty()) return OpenKv(table, conditions);
  // t and db.t are one state.
  auto& state = states_[table->path];
  if (state == nullptr) {
    ASSIGN_OR_RETURN(state, OpenKv(table, conditions));
  }
  return state;
}

Result<const QueryTables::Moment*> QueryTables::MomentOf(const TableRef& table,
                                                         const std::vector<TableBucket>& buckets) {
  if (const auto known = moments_.find(table->id); known != moments_.end()) return &known->second;
  for (int i = 0;; ++i) {
    Moment moment;
    // The lake has the state of a primary-key table, not its changes.
    auto half = table->has_primary_key() ? std::optional<LakeHalf>() : lake_.HalfOf(*table);
    ASSIGN_OR_RETURN(const std::vector<LogRange> ranges, buckets_.Ranges(buckets));
    // A lake that cannot be asked (another catalog's, a damaged file) is not needed for what the log has in full.
    const bool complete =
        std::ranges::all_of(ranges, [](const LogRange& range) { return range.start == 0; });
    if (!half.ok() && !complete) return Forward(half);
    if (half.ok()) moment.lake = *std::move(half);
    bool gap = false;
    for (size_t j = 0; j < buckets.size(); ++j) {
      LogRange range = ranges[j];
      moment.whole.emplace(buckets[j], range);
      if (moment.lake) {
        const LakeOffsets& offsets = moment.lake->offsets();
        const auto covered = offsets.find(buckets[j]);
        const Offset from = covered == offsets.end() ? 0 : covered->second;
        gap = gap || range.start > from;
        range.start = std::max(range.start, from);
      }
      moment.rest.emplace(buckets[j], std::move(range));
    }
    // What the log no longer had was tiered and expired in between: a newer snapshot has it (INV-6).
    if (!gap || i + 1 == kMomentTriesMax || lake_.IsCurrent(*table, moment.lake))
      return &moments_.emplace(table->id, std::move(moment)).first->second;
  }
}

Result<std::shared_ptr<TableScan>> QueryTables::OpenLog(const TableRef& table, bool changelog,
                                                        const Conditions& conditions) {
  ASSIGN_OR_RETURN(const std::vector<TableBucket> buckets,
                   BucketsOf(*table, AllowedBy(table->schema(), conditions)));
  // Another reference to the table may need the other buckets, at the same moment.
  const bool once = shape_.ReadsOnce(table->path.table);
  ASSIGN_OR_RETURN(const std::vector<TableBucket> all, BucketsOf(*table, {}));
  ASSIGN_OR_RETURN(const Moment* moment, MomentOf(table, once ? buckets : all));
  std::shared_ptr<TableScan> cold;
  if (moment->lake) {
    ASSIGN_OR_RETURN(cold, OpenLakeHalf(table, *moment->lake, changelog, conditions));
  }
  const auto& ranges = cold == nullptr ? moment->whole : moment->rest;
  const CommitTimes times = changelog ? CommitTimesOf(conditions) : CommitTimes();
  std::vector<LogPart> parts;
  for (const TableBucket& bucket : buckets) {
    const auto range = ranges.find(bucket);
    if (range != ranges.end()) parts.push_back({bucket, range->second, times});
  }
  if (times.first_ms > 0 && parts.size() == buckets.size()) {
    ASSIGN_OR_RETURN(const auto starts, buckets_.OffsetsAt(buckets, times.first_ms));
    for (size_t i = 0; i < parts.size(); ++i)
      parts[i].range.start = std::max(parts[i].range.start, starts[i]);
  }
  if (changelog) NarrowByOffset(conditions, parts);
  auto hot =
      MakeLogScan(table, std::move(parts), changelog ? LogColumns::kChangelog : LogColumns::kRows,
                  buckets_, connection_);
  if (cold == nullptr) return hot;
  return MakeUnionScan({std::move(cold), std::move(hot)});
}

Result<std::shared_ptr<TableScan>> QueryTables::OpenLakeHalf(const TableRef& table,
                                                             const LakeHalf& half, bool changelog,
                                                             Conditions conditions) {
  LakeView view{.table = half.table, .snapshot_id = half.rows_of, .columns = {}};
  view.columns = changelog ? ChangelogColumnsIn(*half.table, table->schema())
                           : TableColumnsIn(*half.table, table->schema());
  if (view.columns.empty()) return std::shared_ptr<TableScan>();
  for (Condition& condition : conditions) {
    if (!changelog) break;
    if (Upper(condition.column) == "_LOG_OFFSET") condition.column = iceberg::kOffsetColumn;
    if (Upper(condition.column) == "_COMMIT_TIMESTAMP")
      condition.column = iceberg::kTimestampColumn;
  }
  return MakeLakeScan(lake_.files(), std::move(view), conditions, connection_);
}

Result<std::shared_ptr<TableScan>> QueryTables::OpenLake(const TableReference& reference,
                                                         const TableRef& table,
                                                         const iceberg::LoadedTable& loaded,
                                                         const Conditions& conditions) {
  const iceberg::TableMetadata& metadata = *loaded.metadata;
  switch (reference.kind) {
    case TableKind::kSnapshots:
      return MakeSnapshotsScan(metadata);
    case TableKind::kFiles:
      return MakeFilesScan(lake_.files(), metadata);
    case TableKind::kOptions:
      return MakeOptionsScan(metadata.properties);
    case TableKind::kChangelog:
      return Fail(ErrorCode::kTableNotExist, "{} is a table of the lake: it has no changelog",
                  loaded.ident.ToString());
    case TableKind::kRows:
    case TableKind::kLake:
      break;
  }
  const iceberg::Snapshot* snapshot =
      reference.as_of_ms ? metadata.SnapshotAsOf(*reference.as_of_ms) : metadata.current_snapshot();
  if (snapshot == nullptr && reference.as_of_ms)
    return Fail(ErrorCode::kInvalidTable, "{} has no snapshot in the lake as old as that",
                loaded.ident.ToString());
  LakeView view{.table = loaded.metadata, .snapshot_id = 0, .columns = {}};
  iceberg::Snapshot none;
  none.schema_id = metadata.current_schema_id;
  ASSIGN_OR_RETURN(view.columns, AllLakeColumns(metadata, snapshot == nullptr ? none : *snapshot));
  if (table != nullptr && reference.kind == TableKind::kRows)
    view.columns = TableColumnsIn(metadata, table->schema());
  if (snapshot == nullptr) {
    std::vector<ScanColumn> columns;
    for (LakeColumn& column : view.columns) columns.push_back(std::move(column.column));
    return MakeRowsScan(std::move(columns), {});
  }
  view.snapshot_id = snapshot->snapshot_id;
  return MakeLakeScan(lake_.files(), std::move(view), conditions, connection_);
}

std::vector<std::string> QueryTables::DescribeReads() const {
  std::vector<std::string> out;
  for (const auto& [name, scan] : scans_) {
    if (scan == nullptr) continue;
    ScanCounts sum;
    scan->AddCounts(sum);
    out.push_back(fmt::format(
        "{}: hot {} rows, {} bytes; cold {} rows from {} files of {} bytes; skipped {} files, {} "
        "manifests",
        name, sum.hot_rows.load(), sum.hot_bytes.load(), sum.cold_rows.load(), sum.files.load(),
        sum.cold_bytes.load(), sum.files_skipped, sum.manifests_skipped));
  }
  return out;
}

Result<std::shared_ptr<TableScan>> QueryTables::OpenKv(const TableRef& table,
                                                       const Conditions& conditions) {
  const AllowedValues allowed = AllowedBy(table->schema(), conditions);
  ASSIGN_OR_RETURN(const auto keys, KeysOf(*table, allowed));
  if (keys) return MakeLookupScan(table, *keys, buckets_);
  ASSIGN_OR_RETURN(std::vector<TableBucket> buckets, BucketsOf(*table, allowed));
  const bool once = shape_.ReadsOnce(table->path.table);
  return MakeKvScan(table, std::move(buckets), once ? KeepPages::kNo : KeepPages::kYes, buckets_);
}

}  // namespace weir
