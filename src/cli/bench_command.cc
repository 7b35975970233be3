#include "cli/bench_command.h"

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>

#include "cli/bench_operations.h"
#include "cli/connect_options.h"
#include "cli/server_process.h"

namespace weir {
namespace {

/// A folder that is gone when the bench ends.
class ScratchFolder {
 public:
  explicit ScratchFolder(std::string wanted) : path_(std::move(wanted)), temporary_(path_.empty()) {
    if (temporary_)
      path_ = fmt::format("{}/weir-bench-{}", std::filesystem::temp_directory_path().string(),
                          ::getpid());
  }
  ~ScratchFolder() {
    std::error_code ignored;
    if (!temporary_) return;
    std::filesystem::remove_all(path_, ignored);
    std::filesystem::remove(path_ + ".log", ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  const bool temporary_;
};

Status RunBench(BenchOptions options, const std::vector<std::string>& names) {
  const ScratchFolder folder(options.data_dir);
  std::unique_ptr<ServerProcess> own;
  if (options.server.empty()) {
    ASSIGN_OR_RETURN(own, ServerProcess::Start(folder.path()));
    options.server = own->address();
    options.server_pid = own->pid();
  }
  ASSIGN_OR_RETURN(const auto client, FlussClient::Connect(options.server, {}));
  for (const char* table : {"log", "keyed"}) {
    const Status dropped =
        client->DropTable({.database = "bench", .table = table}, IfThere::kIgnore);
    if (!dropped.ok() && dropped.code() != ErrorCode::kDatabaseNotExist) return dropped;
  }
  for (const BenchOperation& operation : BenchOperations()) {
    if (!names.empty() && std::find(names.begin(), names.end(), operation.name) == names.end())
      continue;
    ASSIGN_OR_RETURN(const BenchResult result, operation.run(*client, options));
    fmt::print("{}\n", result.ToJson());
    std::fflush(stdout);
  }
  return client->DropDatabase("bench");
}

}  // namespace

void AddBenchCommand(CLI::App& app, int& exit_code) {
  struct Arguments {
    BenchOptions options;
    std::vector<std::string> operations;
  };
  const auto arguments = std::make_shared<Arguments>();
  BenchOptions& options = arguments->options;
  CLI::App* bench = app.add_subcommand(
      "bench", "Measure a server with our own client; one JSON line per operation");
  std::string list = "Operations (all of them without a name):\n";
  std::vector<std::string> names;
  for (const BenchOperation& operation : BenchOperations()) {
    names.emplace_back(operation.name);
    list += fmt::format("  {:<18} {}\n", operation.name, operation.help);
  }
  bench->footer(list + "The database `bench` of the server is made and dropped.");
  bench->add_option("OPERATION", arguments->operations, "Which ones")->check(CLI::IsMember(names));
  bench->add_option("--server", options.server,
                    "HOST:PORT of a running server; without it one is started and stopped");
  bench->add_option("--server-pid", options.server_pid, "Process of that server, for its CPU time");
  bench->add_option("--data-dir", options.data_dir,
                    "Folder of the server it starts; without it a temporary one");
  bench->add_option("--seconds", options.seconds, "Of each operation")
      ->check(CLI::Range(0.1, 600.0))
      ->capture_default_str();
  bench->add_option("--rows", options.rows, "In the tables that are read")
      ->check(CLI::Range(int64_t{1000}, int64_t{50'000'000}))
      ->capture_default_str();
  bench->add_option("--row-bytes", options.row_bytes, "About this many")
      ->check(CLI::Range(40, 100'000))
      ->capture_default_str();
  bench->add_option("--columns", options.columns, "4 fixed ones, the rest text")
      ->check(CLI::Range(5, 1000))
      ->capture_default_str();
  bench->add_option("--buckets", options.buckets, "Of every table")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  bench->add_option("--window", options.window, "Requests under way")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  bench->add_option("--compression", options.compression, "NONE, LZ4_FRAME or ZSTD")
      ->check(CLI::IsMember({"NONE", "LZ4_FRAME", "ZSTD"}))
      ->capture_default_str();
  bench->callback([arguments, &exit_code] {
    const Status done = RunBench(arguments->options, arguments->operations);
    exit_code = done.ok() ? static_cast<int>(kExitOk) : ReportError(done.error());
  });
}

}  // namespace weir
