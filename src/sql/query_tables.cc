#include "sql/query_tables.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>

#include "record/partition_name.h"
#include "sql/kv_scan.h"
#include "sql/literal_value.h"
#include "sql/log_scan.h"
#include "sql/table_router.h"
#include "sql/token.h"

namespace weir {
namespace {

constexpr std::string_view kChangelogSuffix = "$changelog";
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

TableReference ParseTableReference(std::string_view dotted, const std::string& database) {
  TableReference reference;
  const size_t dot = dotted.rfind('.');
  std::string_view table = dotted.substr(dot + 1);
  reference.path.database = database;
  if (dot != std::string_view::npos) {
    const std::string_view before = dotted.substr(0, dot);
    reference.path.database = before.substr(before.rfind('.') + 1);
  }
  if (table.ends_with(kChangelogSuffix)) {
    reference.changelog = true;
    table.remove_suffix(kChangelogSuffix.size());
  }
  reference.path.table = table;
  return reference;
}

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

QueryTables::QueryTables(const SqlParts& parts, std::string database, std::string sql,
                         std::string_view shape, duckdb_connection connection)
    : catalog_(parts.catalog),
      buckets_(parts.buckets),
      database_(std::move(database)),
      sql_(std::move(sql)),
      shape_(shape),
      connection_(connection) {
  CollectNames();
}

/// DuckDB's C API tells only the last part of a name that it does not know: "event" of
/// bronze.event. The query's text says which database was meant, as long as one table of that name
/// is in it; else the last part is written out: bronze."bronze.event".
void QueryTables::CollectNames() {
  const auto tokens = Tokenize(sql_);
  if (!tokens.ok()) return;
  struct Mention {
    std::string dotted;
    const Token* last;
  };
  std::map<std::string, std::vector<Mention>> mentions;  // by last part; only tables that are there
  std::set<std::string> plain;                           // names without a database
  for (size_t i = 0; (*tokens)[i].kind != TokenKind::kEnd;) {
    if (!(*tokens)[i].IsName()) {
      ++i;
      continue;
    }
    const std::string dotted = DottedName(*tokens, i);
    const Token& last = (*tokens)[i - 1];
    if (last.text == dotted) {
      plain.insert(dotted);
    } else if (catalog_.FindTable(ParseTableReference(dotted, database_).path) != nullptr) {
      mentions[last.text].push_back({dotted, &last});
    } else {
      missing_.emplace(last.text, dotted);
    }
  }
  std::map<size_t, std::pair<size_t, std::string>, std::greater<>>
      changes;  // from the back, so that places hold
  for (const auto& [name, all] : mentions) {
    const TablePath first = ParseTableReference(all[0].dotted, database_).path;
    const bool same = std::ranges::all_of(
        all, [&](auto& one) { return ParseTableReference(one.dotted, database_).path == first; });
    const bool shadows = plain.contains(name) && first.database != database_ &&
                         catalog_.FindTable(ParseTableReference(name, database_).path) != nullptr;
    if (same && !shadows) {
      qualified_[name] = all[0].dotted;
      continue;
    }
    for (const Mention& one : all)
      changes[one.last->begin] = {one.last->bytes, QuoteIdentifier(one.dotted)};
  }
  for (const auto& [at, change] : changes) sql_.replace(at, change.first, change.second);
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
  const auto qualified = qualified_.find(last_part);
  const std::string& name = qualified == qualified_.end() ? last_part : qualified->second;
  const TableReference reference = ParseTableReference(name, database_);
  if (const auto missing = missing_.find(name);
      missing != missing_.end() && catalog_.FindTable(reference.path) == nullptr)
    return Forward(FindTableOrHint(catalog_, ParseTableReference(missing->second, database_).path));
  ASSIGN_OR_RETURN(const TableRef table, FindTableOrHint(catalog_, reference.path));
  const Conditions& conditions = shape_.Of(name);
  if (reference.changelog || !table->has_primary_key())
    return OpenLog(table, reference.changelog, conditions);
  if (!conditions.empty()) return OpenKv(table, conditions);
  // t and db.t are one state.
  auto& state = states_[table->path];
  if (state == nullptr) {
    ASSIGN_OR_RETURN(state, OpenKv(table, conditions));
  }
  return state;
}

Result<std::shared_ptr<TableScan>> QueryTables::OpenLog(const TableRef& table, bool changelog,
                                                        const Conditions& conditions) {
  ASSIGN_OR_RETURN(const std::vector<TableBucket> buckets,
                   BucketsOf(*table, AllowedBy(table->schema(), conditions)));
  ASSIGN_OR_RETURN(const std::vector<LogRange> ranges, buckets_.Ranges(buckets));
  std::vector<LogPart> parts;
  const CommitTimes times = changelog ? CommitTimesOf(conditions) : CommitTimes();
  for (size_t i = 0; i < buckets.size(); ++i) parts.push_back({buckets[i], ranges[i], times});
  if (times.first_ms > 0) {
    ASSIGN_OR_RETURN(const auto starts, buckets_.OffsetsAt(buckets, times.first_ms));
    for (size_t i = 0; i < parts.size(); ++i)
      parts[i].range.start = std::max(parts[i].range.start, starts[i]);
  }
  if (changelog) NarrowByOffset(conditions, parts);
  return MakeLogScan(table, std::move(parts),
                     changelog ? LogColumns::kChangelog : LogColumns::kRows, buckets_, connection_);
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
