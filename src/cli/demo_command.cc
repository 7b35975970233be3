#include "cli/demo_command.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <thread>

#include "cli/attribution_data.h"
#include "cli/attribution_sql.h"
#include "cli/connect_options.h"
#include "cli/progress_bar.h"
#include "cli/server_process.h"
#include "cli/value_text.h"
#include "client/table_writer.h"

namespace weir {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPacedFlush{20};
constexpr size_t kBarCells = 36;

struct DemoOptions {
  int64_t orders = 2000;
  int64_t rate = 0;  // orders per second; 0: as fast as it goes
  uint64_t seed = 1;
  std::string data_dir = "./weir-demo";
  std::string server;       // "" starts one
  std::string http_server;  // with `server`
  std::string dump;
  std::string python = "python3";
  bool force = false;  // drop also tables that are not the demo's
};

double SecondsSince(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

/// Refuse to run when a table that the demo would drop is somebody else's.
Status CheckTables(FlussClient& client) {
  std::vector<std::string> names{std::string(kMartTable)};
  for (size_t n = 0; n < kDemoTables; ++n) names.emplace_back(Name(static_cast<DemoTable>(n)));
  for (const std::string& name : names) {
    const TablePath path{.database = std::string(kDemoDatabase), .table = name};
    const auto table = client.OpenTable(path);
    if (table.code() == ErrorCode::kTableNotExist || table.code() == ErrorCode::kDatabaseNotExist)
      continue;
    if (!table.ok()) return Forward(table);
    if ((*table)->descriptor.comment == kDemoComment) continue;
    return Fail(ErrorCode::kTableAlreadyExist,
                "the table {} was not made by this demo, which would drop it: nothing is changed; "
                "--force drops it",
                path.ToString());
  }
  return {};
}

/// The four tables with a writer each. One connection per writer, as a writer owns its connection's
/// replies.
class Shop {
 public:
  static Result<std::unique_ptr<Shop>> Create(const std::string& server) {
    auto shop = std::make_unique<Shop>();
    for (size_t n = 0; n < kDemoTables; ++n) {
      const auto table = static_cast<DemoTable>(n);
      auto& entry = shop->tables_[n];
      ASSIGN_OR_RETURN(entry.client, FlussClient::Connect(server, {}));
      const TablePath path{.database = std::string(kDemoDatabase),
                           .table = std::string(Name(table))};
      RETURN_IF_ERROR(entry.client->CreateDatabase(path.database, IfThere::kIgnore));
      RETURN_IF_ERROR(entry.client->DropTable(path, IfThere::kIgnore));
      RETURN_IF_ERROR(entry.client->CreateTable(path, DescriptorOf(table), IfThere::kFail));
      ASSIGN_OR_RETURN(entry.table, entry.client->OpenTable(path));
      ASSIGN_OR_RETURN(entry.writer, TableWriter::Open(*entry.client, entry.table, {}));
    }
    return shop;
  }

  Status Write(const Arrival& arrival) {
    auto& entry = tables_[static_cast<size_t>(arrival.table)];
    const auto values = ValuesOf(arrival, entry.table->schema());
    switch (arrival.op) {
      case Arrival::Op::kAppend:
        return entry.writer->Append(values);
      case Arrival::Op::kUpsert:
        return entry.writer->Upsert(values);
      case Arrival::Op::kDelete:
        return entry.writer->Delete(values);
    }
    return {};
  }

  Status Flush() {
    for (auto& entry : tables_) RETURN_IF_ERROR(entry.writer->Flush());
    return {};
  }

 private:
  struct Entry {
    std::unique_ptr<FlussClient> client;
    TableRef table;
    std::unique_ptr<TableWriter> writer;
  };
  std::array<Entry, kDemoTables> tables_;
};

/// One JSON object per arrival, in the order written, and the query beside it.
Status Dump(const std::vector<Arrival>& arrivals, const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  std::ofstream file(folder + "/arrivals.jsonl");
  std::array<TableDescriptor, kDemoTables> descriptors{
      DescriptorOf(DemoTable::kCampaigns), DescriptorOf(DemoTable::kCustomers),
      DescriptorOf(DemoTable::kEvents), DescriptorOf(DemoTable::kOrders)};
  constexpr std::array<std::string_view, 3> kOps{"append", "upsert", "delete"};
  std::string line;
  for (const Arrival& arrival : arrivals) {
    const Schema& schema = descriptors[static_cast<size_t>(arrival.table)].schema;
    line = fmt::format(R"({{"table":"{}","op":"{}","row":)", Name(arrival.table),
                       kOps[static_cast<size_t>(arrival.op)]);
    RETURN_IF_ERROR(AppendJsonRow(schema, {}, ValuesOf(arrival, schema), line));
    file << line << "}\n";
  }
  std::ofstream(folder + "/mart.sql") << kMartSql << "\n";
  if (!file.flush()) return Fail(ErrorCode::kStorage, "cannot write to {}", folder);
  return {};
}

/// Write everything, pacing the orders when a rate is given.
Status WriteArrivals(Shop& shop, const std::vector<Arrival>& arrivals, int64_t rate) {
  ProgressBar bar("writing", static_cast<int64_t>(arrivals.size()));
  const auto start = SteadyClock::now();
  auto next_flush = start + kPacedFlush;
  int64_t orders = 0;
  int64_t done = 0;
  for (const Arrival& arrival : arrivals) {
    RETURN_IF_ERROR(shop.Write(arrival));
    bar.Update(++done);
    if (rate <= 0) continue;
    orders += arrival.table == DemoTable::kOrders;
    const auto due = start + std::chrono::microseconds(orders * 1'000'000 / rate);
    if (SteadyClock::now() >= next_flush || due > SteadyClock::now()) {
      RETURN_IF_ERROR(shop.Flush());
      next_flush = SteadyClock::now() + kPacedFlush;
    }
    std::this_thread::sleep_until(due);
  }
  return shop.Flush();
}

void PrintSummary(const std::vector<Arrival>& arrivals, double seconds) {
  std::array<int64_t, kDemoTables> rows{};
  int64_t late = 0;
  int64_t deletes = 0;
  for (const Arrival& arrival : arrivals) {
    ++rows[static_cast<size_t>(arrival.table)];
    late += arrival.late;
    deletes += arrival.op == Arrival::Op::kDelete;
  }
  fmt::print("Wrote {} changes over the Fluss wire protocol in {:.2f} s, all on disk:\n",
             arrivals.size(), seconds);
  for (size_t n = 0; n < kDemoTables; ++n) {
    fmt::print("  {}.{:<10} {:>9}\n", kDemoDatabase, Name(static_cast<DemoTable>(n)), rows[n]);
  }
  fmt::print("  ({} events came late, {} changes are deletes)\n\n", late, deletes);
}

std::string WithMart(std::string_view rest) {
  return fmt::format("WITH mart AS (\n{}){}", kMartSql, rest);
}

Status RunSql(const std::string& http_server, const std::string& sql, std::string* csv = nullptr) {
  std::vector<std::string> arguments{"sql", "--server", http_server, "-c", sql};
  if (csv != nullptr) arguments.insert(arguments.end(), {"--format", "csv"});
  ASSIGN_OR_RETURN(const int code, RunSelf(arguments, csv));
  if (code != 0)
    return Fail(ErrorCode::kUnknownServerError, "weir sql failed with exit code {}", code);
  return {};
}

/// channel,orders,revenue lines as bars.
void PrintBars(const std::string& csv) {
  struct Bar {
    std::string channel;
    std::string orders;
    double revenue;
  };
  std::vector<Bar> bars;
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);  // the names of the columns
  double most = 0;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    Bar bar;
    std::string revenue;
    std::getline(fields, bar.channel, ',');
    std::getline(fields, bar.orders, ',');
    std::getline(fields, revenue, ',');
    bar.revenue = std::strtod(revenue.c_str(), nullptr);
    most = std::max(most, bar.revenue);
    bars.push_back(std::move(bar));
  }
  for (const Bar& bar : bars) {
    const auto cells = static_cast<size_t>(bar.revenue / std::max(most, 1.0) * kBarCells);
    std::string blocks;
    for (size_t i = 0; i < cells; ++i) blocks += "█";
    fmt::print("  {:<14} {}{} {:>12.2f}  {:>6} orders\n", bar.channel, blocks,
               std::string(kBarCells - cells, ' '), bar.revenue, bar.orders);
  }
}

/// The mart as a table of the lake, read by a client that knows nothing of Weir.
Status ReadMartWithPyIceberg(const DemoOptions& options, const std::string& http_server) {
  fmt::print("\nThe same mart as a table, read by PyIceberg from the built-in catalog:\n\n");
  std::fflush(stdout);
  std::string ignored;
  RETURN_IF_ERROR(RunSql(http_server, std::string(kMartTableSql), &ignored));
  RETURN_IF_ERROR(RunSql(http_server, fmt::format(kFillMartSql, kMartSql), &ignored));
  const std::string catalog = fmt::format("http://{}/api/catalog", http_server);
  const auto found =
      RunProgram(options.python, {"-c", "import pyiceberg.catalog, pandas"}, &ignored);
  if (!found.ok() || *found != 0) {
    fmt::print("  ({} has no PyIceberg: pip install 'pyiceberg[pyarrow]' pandas, then)\n\n{}\n",
               options.python, kReadMartPython);
    return {};
  }
  ASSIGN_OR_RETURN(const int code,
                   RunProgram(options.python, {"-c", std::string(kReadMartPython), catalog}));
  if (code == 0) return {};
  return Fail(ErrorCode::kUnknownServerError, "PyIceberg could not read {}: exit code {}", catalog,
              code);
}

void PrintNext(const DemoOptions& options) {
  const std::string where =
      options.server.empty() ? "--data-dir " + options.data_dir : "--server " + options.http_server;
  fmt::print("\nTry next:\n");
  fmt::print("  weir sql {} -c 'SELECT * FROM shop.orders$changelog LIMIT 10'\n", where);
  fmt::print("  weir sql {}        # then paste the query above, or: SHOW TABLES FROM shop;\n",
             where);
  if (options.server.empty()) {
    fmt::print("  weir serve --data-dir {} & weir table tail shop.events -n 3\n", options.data_dir);
  } else {
    fmt::print("  weir table tail shop.events -n 3 --server {}\n", options.server);
  }
}

Status RunDemo(const DemoOptions& options) {
  std::unique_ptr<ServerProcess> own;
  std::string server = options.server;
  std::string http_server = options.http_server;
  if (server.empty()) {
    ASSIGN_OR_RETURN(own, ServerProcess::Start(options.data_dir));
    server = own->address();
    http_server = own->http_address();
  }
  const std::vector<Arrival> arrivals = MakeAttributionData(options.orders, options.seed);
  if (!options.dump.empty()) RETURN_IF_ERROR(Dump(arrivals, options.dump));
  if (!options.force) {
    ASSIGN_OR_RETURN(const auto client, FlussClient::Connect(server, {}));
    RETURN_IF_ERROR(CheckTables(*client));
  }
  ASSIGN_OR_RETURN(const auto shop, Shop::Create(server));
  const auto start = SteadyClock::now();
  RETURN_IF_ERROR(WriteArrivals(*shop, arrivals, options.rate));
  PrintSummary(arrivals, SecondsSince(start));

  fmt::print("The first-touch mart is this query:\n\n{}\n\nIts latest orders:\n\n", kMartSql);
  std::fflush(stdout);
  RETURN_IF_ERROR(RunSql(http_server, WithMart(kLatestOrdersSql)));
  fmt::print("\nRevenue by first-touch channel:\n\n");
  std::string csv;
  RETURN_IF_ERROR(RunSql(http_server, WithMart(kChannelsSql), &csv));
  PrintBars(csv);
  RETURN_IF_ERROR(ReadMartWithPyIceberg(options, http_server));
  PrintNext(options);
  return {};
}

}  // namespace

void AddDemoCommand(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<DemoOptions>();
  CLI::App* demo = app.add_subcommand("demo", "Run a complete example");
  demo->require_subcommand(1);
  CLI::App* attribution = demo->add_subcommand(
      "attribution",
      "A shop's events and orders arrive; which campaign touched each order's customer first?");
  attribution->add_option("--orders", options->orders, "How many orders")
      ->check(CLI::Range(int64_t{1}, kDemoOrdersMax))
      ->capture_default_str();
  attribution->add_option("--rate", options->rate, "Orders per second; 0: as fast as it goes")
      ->capture_default_str();
  attribution->add_option("--seed", options->seed, "The same seed makes the same shop")
      ->capture_default_str();
  attribution->add_option("--data-dir", options->data_dir, "Folder of the server it starts")
      ->capture_default_str();
  CLI::Option* server = attribution->add_option("--server", options->server,
                                                "HOST:PORT of a running server to use instead");
  attribution->add_option("--http", options->http_server, "HOST:PORT of that server's HTTP port")
      ->needs(server);
  attribution->add_option("--dump", options->dump,
                          "Also write the generated input and the query to this folder");
  attribution->add_option("--python", options->python, "A Python that has PyIceberg")
      ->capture_default_str();
  attribution->add_flag("--force", options->force,
                        "Also drop tables of these names that are not the demo's");
  server->needs("--http");
  attribution->footer(
      "The tables shop.campaigns, customers, events, orders and mart_first_touch are made anew "
      "each "
      "time.");
  attribution->callback([options, &exit_code] {
    const Status done = RunDemo(*options);
    exit_code = done.ok() ? static_cast<int>(kExitOk) : ReportError(done.error());
  });
}

}  // namespace weir
