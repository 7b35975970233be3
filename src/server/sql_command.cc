#include "server/sql_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <mutex>

#include "base/log.h"
#include "cli/connect_options.h"
#include "cli/http_options.h"
#include "cli/sql_shell.h"
#include "net/listener.h"
#include "server/data_directory.h"
#include "server/server.h"
#include "server/sql_service.h"

namespace weir {
namespace {

struct SqlFlags {
  HttpOptions http;
  std::string data_dir;
  std::string command;
  std::string file;
  std::string format = "aligned";
  std::string database;
};

/// The engine in this process.
class EmbeddedBackend : public SqlBackend {
 public:
  EmbeddedBackend(SqlEngine& engine, std::string data_dir)
      : engine_(engine), data_dir_(std::move(data_dir)) {}

  Status Run(const ShellRequest& request,
             const std::function<bool(std::string_view)>& take) override {
    auto stream = engine_.Run({.text = request.text,
                               .database = request.database,
                               .format = ResultFormat::kFrames,
                               .frame_values_as_json = request.values_as_json});
    Announce(stream.get());
    const Status status = Pull(*stream, take);
    Announce(nullptr);
    return status;
  }

  void Cancel() override {
    const std::lock_guard lock(mutex_);
    if (running_ != nullptr) running_->Cancel();
  }

  std::string Describe() const override { return "data directory " + data_dir_; }

 private:
  static Status Pull(ResultStream& stream, const std::function<bool(std::string_view)>& take) {
    while (true) {
      ASSIGN_OR_RETURN(const std::string piece, stream.Next());
      if (piece.empty() || !take(piece)) return {};
    }
  }
  void Announce(ResultStream* stream) {
    const std::lock_guard lock(mutex_);
    running_ = stream;
  }

  SqlEngine& engine_;
  const std::string data_dir_;
  std::mutex mutex_;
  ResultStream* running_ = nullptr;
};

int RunEmbedded(const SqlFlags& flags, const SqlShellOptions& options) {
  SetLogLevel(LogLevel::kWarn);
  Configuration configuration;
  const Status loaded = configuration.Load(
      {.file = "",
       .environment = ProcessEnvironment(),
       .flags = {{"server.data-dir", flags.data_dir}, {"server.listen", ""}, {"server.http", ""}}});
  if (!loaded.ok()) return ReportError(loaded.error());
  BlockInterrupt();
  const bool had_data = DataDirectory::HasData(flags.data_dir);
  const auto server = Server::Start(configuration);
  if (!server.ok()) return ReportError(server.error());
  // Whoever meant another folder would take its tables for lost.
  if (!had_data) std::fprintf(stderr, "created a new data folder: %s\n", flags.data_dir.c_str());
  EmbeddedBackend backend((*server)->sql().engine(), flags.data_dir);
  const int exit_code = RunSqlShell(options, backend);
  (*server)->Stop();
  return exit_code;
}

int Run(const SqlFlags& flags) {
  static const std::map<std::string, ShellFormat> kFormats = {{"aligned", ShellFormat::kAligned},
                                                              {"vertical", ShellFormat::kVertical},
                                                              {"csv", ShellFormat::kCsv},
                                                              {"json", ShellFormat::kJson}};
  SqlShellOptions options{
      .command = {}, .file = {}, .format = kFormats.at(flags.format), .database = flags.database};
  if (!flags.command.empty()) options.command = flags.command;
  if (!flags.file.empty()) options.file = flags.file;
  if (!flags.data_dir.empty()) return RunEmbedded(flags, options);
  const auto address = ParseHostPort(flags.http.server);
  if (!address.ok()) return ReportError(address.error());
  const auto backend =
      MakeHttpBackend(address->host, static_cast<uint16_t>(address->port), flags.http.user);
  return RunSqlShell(options, *backend);
}

}  // namespace

void AddSqlCommand(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<SqlFlags>();
  CLI::App* sql = app.add_subcommand("sql", "Query and change tables with SQL");
  AddHttpOrDataOptions(*sql, flags->http, flags->data_dir);
  auto* command = sql->add_option("-c,--command", flags->command, "Run these statements and leave");
  sql->add_option("-f,--file", flags->file,
                  "Run the statements of this file ('-': standard input) and leave")
      ->excludes(command);
  sql->add_option("--format", flags->format,
                  "How rows are printed: aligned, vertical, csv or json [aligned]")
      ->check(CLI::IsMember({"aligned", "vertical", "csv", "json"}));
  sql->add_option("--database", flags->database,
                  "What table names without a database mean [fluss]");
  sql->footer(
      "Examples:\n"
      "  weir sql                                   a shell; \\? shows what it can do\n"
      "  weir sql -c 'SHOW TABLES FROM bronze'      one statement\n"
      "  weir sql --format json -c 'SELECT …'       one JSON object per row, nothing else on "
      "stdout\n"
      "  weir sql --data-dir ./weir-data -f x.sql   without a server; a missing folder is made\n"
      "Exit codes: 0 done, 1 a statement failed, 3 the server cannot be reached, 130 cancelled.");
  sql->callback([flags, &exit_code] { exit_code = Run(*flags); });
}

}  // namespace weir
