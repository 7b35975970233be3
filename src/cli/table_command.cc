#include "cli/table_command.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>

#include "cli/connect_options.h"
#include "cli/value_text.h"
#include "client/log_scanner.h"
#include "client/lookuper.h"

namespace weir {
namespace {

std::string_view KindOf(const TableInfo& table) {
  return table.has_primary_key() ? "primary key" : "log";
}

std::string Join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::vector<std::optional<PartitionId>> PartitionsOf(const TableInfo& table) {
  if (!table.is_partitioned()) return {std::nullopt};
  std::vector<std::optional<PartitionId>> ids;
  for (const auto& [name, partition] : table.partitions) ids.emplace_back(partition.id);
  return ids;
}

/// Whether rows of a log table may be in the lake only: the log no longer begins at 0.
Result<bool> IsLogCut(FlussClient& client, const TableInfo& table,
                      std::optional<PartitionId> partition) {
  const auto lake = table.descriptor.properties.find("table.datalake.enabled");
  if (table.has_primary_key() || lake == table.descriptor.properties.end()) return false;
  ASSIGN_OR_RETURN(const auto first,
                   client.ListOffsets(table, partition, {.kind = OffsetQuery::Kind::kEarliest}));
  return std::ranges::any_of(first, [](Offset offset) { return offset > 0; });
}

/// Rows of the whole table, or nothing when nobody here knows: wal changelogs keep no count, and
/// how many of the rows that left the log are still in the lake only the lake can tell.
Result<std::optional<int64_t>> CountRows(FlussClient& client, const TableInfo& table) {
  int64_t rows = 0;
  for (const auto& partition : PartitionsOf(table)) {
    ASSIGN_OR_RETURN(const bool cut, IsLogCut(client, table, partition));
    if (cut) return std::optional<int64_t>();
    ASSIGN_OR_RETURN(const auto stats, client.Stats(table, partition));
    for (const BucketStats& bucket : stats) {
      if (!bucket.rows) return std::optional<int64_t>();
      rows += *bucket.rows;
    }
  }
  return std::optional(rows);
}

std::string CountText(std::optional<int64_t> rows) { return rows ? std::to_string(*rows) : "-"; }

// ---- ls

Status ListTable(FlussClient& client, const TablePath& path) {
  ASSIGN_OR_RETURN(const TableRef table, client.OpenTable(path));
  ASSIGN_OR_RETURN(const auto rows, CountRows(client, *table));
  fmt::print(
      "{:<40} {:<12} {:>7} {:>10} {:>14}\n", path.ToString(), KindOf(*table), table->bucket_count(),
      table->is_partitioned() ? std::to_string(table->partitions.size()) : "-", CountText(rows));
  return {};
}

Status ListTables(FlussClient& client, const std::string& only_database) {
  ASSIGN_OR_RETURN(std::vector<std::string> databases, client.ListDatabases());
  if (!only_database.empty()) databases = {only_database};
  std::sort(databases.begin(), databases.end());
  fmt::print("{:<40} {:<12} {:>7} {:>10} {:>14}\n", "TABLE", "KIND", "BUCKETS", "PARTITIONS",
             "ROWS");
  for (const std::string& database : databases) {
    ASSIGN_OR_RETURN(std::vector<std::string> tables, client.ListTables(database));
    std::sort(tables.begin(), tables.end());
    for (const std::string& table : tables) {
      const Status listed = ListTable(client, {.database = database, .table = table});
      // Somebody may drop a table while we list.
      if (!listed.ok() && listed.code() != ErrorCode::kTableNotExist) return listed;
    }
  }
  return {};
}

// ---- describe

void PrintColumns(const TableInfo& table) {
  for (const Column& column : table.schema().columns()) {
    fmt::print("  {:<28} {:<32} {}\n", column.name, column.type.ToString(),
               column.comment.value_or(""));
  }
}

Status PrintBuckets(FlussClient& client, const TableInfo& table) {
  fmt::print("{:<12} {:>7} {:>14} {:>14} {:>14}\n", "PARTITION", "BUCKET", "FIRST OFFSET",
             "NEXT OFFSET", "ROWS");
  const auto print = [&](const std::string& name, std::optional<PartitionId> id) -> Status {
    ASSIGN_OR_RETURN(const auto first,
                     client.ListOffsets(table, id, {.kind = OffsetQuery::Kind::kEarliest}));
    ASSIGN_OR_RETURN(const auto next,
                     client.ListOffsets(table, id, {.kind = OffsetQuery::Kind::kLatest}));
    ASSIGN_OR_RETURN(const auto stats, client.Stats(table, id));
    for (size_t bucket = 0; bucket < first.size(); ++bucket) {
      fmt::print("{:<12} {:>7} {:>14} {:>14} {:>14}\n", name, bucket, first[bucket], next[bucket],
                 CountText(stats[bucket].rows));
    }
    return {};
  };
  if (!table.is_partitioned()) return print("-", std::nullopt);
  for (const auto& [name, partition] : table.partitions) RETURN_IF_ERROR(print(name, partition.id));
  return {};
}

Status Describe(FlussClient& client, const std::string& name) {
  ASSIGN_OR_RETURN(const TablePath path, ParseTablePath(name));
  ASSIGN_OR_RETURN(const TableRef table, client.OpenTable(path));
  const TableDescriptor& descriptor = table->descriptor;
  fmt::print("{} ({} table, id {}, schema {})\n", path.ToString(), KindOf(*table), table->id.value,
             table->schema_id.value);
  if (descriptor.comment) fmt::print("{}\n", *descriptor.comment);
  PrintColumns(*table);
  if (table->has_primary_key()) {
    const auto key = table->schema().primary_key();
    fmt::print("primary key   {}\n", Join({key.begin(), key.end()}));
  }
  if (!descriptor.partition_keys.empty())
    fmt::print("partitioned by {}\n", Join(descriptor.partition_keys));
  fmt::print("buckets       {}{}{}\n", table->bucket_count(),
             descriptor.bucket_keys.empty() ? "" : " by ", Join(descriptor.bucket_keys));
  for (const auto& [key, value] : descriptor.properties) fmt::print("{} = {}\n", key, value);
  for (const auto& [key, value] : descriptor.custom_properties) fmt::print("{} = {}\n", key, value);
  return PrintBuckets(client, *table);
}

// ---- tail

struct TailOptions {
  std::string table;
  std::string columns;
  int64_t rows = 10;
  bool from_start = false;
  bool follow = false;
};

Result<std::vector<int>> SelectColumns(const Schema& schema, const std::string& names) {
  std::set<int> positions;  // the protocol wants them ascending
  for (size_t at = 0; at < names.size();) {
    const size_t comma = std::min(names.find(',', at), names.size());
    const std::string name = names.substr(at, comma - at);
    const auto position = schema.Find(name);
    if (!position) return Fail(ErrorCode::kInvalidTable, "the table has no column {}", name);
    positions.insert(*position);
    at = comma + 1;
  }
  return std::vector<int>(positions.begin(), positions.end());
}

Status PrintRow(const TableInfo& table, std::span<const int> columns, const ScannedRow& row) {
  std::string line =
      fmt::format("{{\"_offset\":{},\"_bucket\":{},\"_change\":\"{}\",\"_row\":", row.offset,
                  row.bucket.bucket, ShortName(row.change));
  RETURN_IF_ERROR(AppendJsonRow(table.schema(), columns, row.values, line));
  line += "}\n";
  std::fwrite(line.data(), 1, line.size(), stdout);
  return {};
}

Status Tail(FlussClient& client, const TailOptions& options) {
  ASSIGN_OR_RETURN(const TablePath path, ParseTablePath(options.table));
  ASSIGN_OR_RETURN(const TableRef table, client.OpenTable(path));
  ASSIGN_OR_RETURN(const auto columns, SelectColumns(table->schema(), options.columns));
  ASSIGN_OR_RETURN(const auto scanner, LogScanner::Open(client, table, {.columns = columns}));
  std::map<TableBucket, Offset> ends;
  for (const auto& partition : PartitionsOf(*table)) {
    ASSIGN_OR_RETURN(const auto first,
                     client.ListOffsets(*table, partition, {.kind = OffsetQuery::Kind::kEarliest}));
    ASSIGN_OR_RETURN(const auto next,
                     client.ListOffsets(*table, partition, {.kind = OffsetQuery::Kind::kLatest}));
    for (BucketId bucket = 0; bucket < table->bucket_count(); ++bucket) {
      const auto at = static_cast<size_t>(bucket);
      const TableBucket id{table->id, partition, bucket};
      const Offset start =
          options.from_start ? first[at] : std::max(first[at], next[at] - options.rows);
      if (!options.follow && start >= next[at]) continue;
      scanner->Subscribe(id, start);
      ends[id] = next[at];
    }
  }
  const auto take = [&](const ScannedRow& row) { return PrintRow(*table, columns, row); };
  while (!scanner->positions().empty()) {
    RETURN_IF_ERROR(scanner->Poll(take));
    std::fflush(stdout);
    if (options.follow) continue;
    for (const auto& [bucket, end] : ends) {
      const auto position = scanner->positions().find(bucket);
      if (position != scanner->positions().end() && position->second >= end)
        scanner->Unsubscribe(bucket);
    }
  }
  return {};
}

// ---- get

Status Get(FlussClient& client, const std::string& name, const std::vector<std::string>& key) {
  ASSIGN_OR_RETURN(const TablePath path, ParseTablePath(name));
  ASSIGN_OR_RETURN(const TableRef table, client.OpenTable(path));
  ASSIGN_OR_RETURN(const auto lookuper, Lookuper::Open(client, table));
  const Schema& schema = table->schema();
  const auto positions = schema.primary_key_positions();
  if (key.size() != positions.size()) {
    const auto names = schema.primary_key();
    return Fail(ErrorCode::kInvalidTable, "the key of {} is ({}): give {} values", path.ToString(),
                Join({names.begin(), names.end()}), positions.size());
  }
  std::vector<Value> row(schema.size());
  for (size_t i = 0; i < key.size(); ++i) {
    const auto position = static_cast<size_t>(positions[i]);
    ASSIGN_OR_RETURN(row[position], ParseValue(schema.column(position).type, key[i]));
  }
  ASSIGN_OR_RETURN(const auto found, lookuper->Lookup(row));
  if (!found) return Fail(ErrorCode::kNone, "no such row");
  std::string line;
  RETURN_IF_ERROR(AppendJsonRow(schema, {}, found->values, line));
  fmt::print("{}\n", line);
  return {};
}

int Run(const ConnectOptions& connect, const std::function<Status(FlussClient&)>& work) {
  const auto client = ConnectClient(connect);
  if (!client.ok()) return ReportError(client.error());
  const Status done = work(**client);
  return done.ok() ? static_cast<int>(kExitOk) : ReportError(done.error());
}

}  // namespace

void AddTableCommand(CLI::App& app, int& exit_code) {
  struct Arguments {
    ConnectOptions connect;
    std::string database;
    std::string table;
    std::vector<std::string> key;
    TailOptions tail;
  };
  CLI::App* table = app.add_subcommand("table", "Look at tables: list, describe, tail, get by key");
  table->require_subcommand(1);
  table->footer(
      "Examples:\n  weir table ls\n  weir table describe shop.orders\n  weir table tail "
      "shop.events -n 5 --follow\n"
      "  weir table get shop.orders O-000042");
  // Arguments of their own: CLI11 reads the environment for the subcommands that were not called as well.
  const auto add = [&](const char* name, const char* help,
                       std::function<Status(FlussClient&, Arguments&)> work) {
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* command = table->add_subcommand(name, help);
    AddConnectOptions(*command, arguments->connect);
    command->callback([&exit_code, arguments, work = std::move(work)] {
      exit_code =
          Run(arguments->connect, [&](FlussClient& client) { return work(client, *arguments); });
    });
    return std::pair(command, arguments);
  };
  const auto [ls, listed] =
      add("ls", "List tables with their kind, buckets and rows",
          [](FlussClient& client, Arguments& a) { return ListTables(client, a.database); });
  ls->alias("list");
  ls->add_option("DATABASE", listed->database, "Only this database");
  const auto [describe, described] =
      add("describe", "Show columns, keys, properties and the offsets of every bucket",
          [](FlussClient& client, Arguments& a) { return Describe(client, a.table); });
  describe->add_option("TABLE", described->table, "DATABASE.TABLE")->required();
  const auto [tail, tailed] =
      add("tail", "Print the latest changes of a table, one JSON object per line",
          [](FlussClient& client, Arguments& a) { return Tail(client, a.tail); });
  tail->add_option("TABLE", tailed->tail.table, "DATABASE.TABLE")->required();
  tail->add_option("-n,--rows", tailed->tail.rows, "How many of each bucket to begin with")
      ->capture_default_str();
  tail->add_option("--columns", tailed->tail.columns, "Only these columns, separated by commas");
  tail->add_flag("--from-start", tailed->tail.from_start, "Begin with the first row there is");
  tail->add_flag("-f,--follow", tailed->tail.follow, "Go on with new rows until interrupted");
  const auto [get, got] =
      add("get", "Print the row with a primary key",
          [](FlussClient& client, Arguments& a) { return Get(client, a.table, a.key); });
  get->add_option("TABLE", got->table, "DATABASE.TABLE")->required();
  get->add_option("KEY", got->key, "One value per key column, in key order")->required();
}

}  // namespace weir
