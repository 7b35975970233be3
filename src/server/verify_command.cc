#include "server/verify_command.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <memory>

#include "base/log.h"
#include "cli/connect_options.h"
#include "cli/http_get.h"
#include "server/data_directory.h"
#include "server/server.h"
#include "server/verify_service.h"

namespace weir {
namespace {

namespace json = boost::json;

constexpr int kExitFindings = 4;

struct VerifyFlags {
  std::string table;
  HttpOptions http;
  std::string data_dir;
  bool as_json = false;
};

Result<std::string> AskServer(const VerifyFlags& flags) {
  return HttpGet(flags.http, "/v1/verify?table=" + flags.table);
}

Result<std::string> RunEmbedded(const VerifyFlags& flags) {
  if (!DataDirectory::HasData(flags.data_dir))
    return Fail(ErrorCode::kStorage, "no Weir data in {}", flags.data_dir);
  SetLogLevel(LogLevel::kWarn);
  Configuration configuration;
  RETURN_IF_ERROR(configuration.Load({.file = "",
                                      .environment = ProcessEnvironment(),
                                      .flags = {{"server.data-dir", flags.data_dir},
                                                {"server.listen", ""},
                                                {"server.http", ""},
                                                {"lake.tiering", "off"}}}));
  ASSIGN_OR_RETURN(const auto server, Server::Start(configuration));
  auto report = server->verify().Run(flags.table);
  server->Stop();
  return report;
}

std::string_view Text(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : "";
}

int64_t Number(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

void PrintFinding(const json::object& finding) {
  fmt::print("  {}", Text(finding, "kind"));
  if (const auto partition = Text(finding, "partition"); !partition.empty()) {
    fmt::print(" partition {}", partition);
  }
  if (const int64_t bucket = Number(finding, "bucket"); bucket >= 0) {
    fmt::print(" bucket {}", bucket);
  }
  fmt::print(" {}: {}\n", Text(finding, "where"), Text(finding, "detail"));
}

void Print(const json::object& report, int64_t findings) {
  fmt::print("{}: {}\n", Text(report, "table"),
             findings == 0 ? "clean" : fmt::format("{} findings", findings));
  fmt::print("  lake      snapshot {}, {} rows, hash {}\n", Number(report, "lake_snapshot_id"),
             Number(report, "lake_rows"), Text(report, "lake_hash"));
  fmt::print("  log       {} records beyond the lake, hash {}\n", Number(report, "log_rows"),
             Text(report, "log_hash"));
  fmt::print("  compared  {} rows seen on both sides\n", Number(report, "compared_rows"));
  if (const int64_t expired = Number(report, "expired_rows"); expired > 0)
    fmt::print("  expired   {} rows, before they were to go to the lake\n", expired);
  const json::value* items = report.if_contains("findings");
  if (items == nullptr || !items->is_array()) return;
  for (const json::value& item : items->get_array()) {
    if (item.is_object()) PrintFinding(item.get_object());
  }
  const int64_t more = findings - static_cast<int64_t>(items->get_array().size());
  if (more > 0) fmt::print("  … and {} more\n", more);
}

int Run(const VerifyFlags& flags) {
  const auto body = flags.data_dir.empty() ? AskServer(flags) : RunEmbedded(flags);
  if (!body.ok()) return ReportError(body.error());
  boost::system::error_code error;
  const json::value document = json::parse(*body, error);
  if (error || !document.is_object()) {
    return ReportError({ErrorCode::kNetworkException, "the server's answer is not understood"});
  }
  const int64_t findings = Number(document.get_object(), "finding_count");
  if (flags.as_json) {
    fmt::print("{}\n", *body);
  } else {
    Print(document.get_object(), findings);
  }
  return findings == 0 ? kExitOk : kExitFindings;
}

}  // namespace

void AddVerifyCommand(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<VerifyFlags>();
  CLI::App* verify =
      app.add_subcommand("verify", "Prove that a table's lake and log hold each row exactly once");
  verify->add_option("table", flags->table, "DATABASE.TABLE")->required();
  AddHttpOrDataOptions(*verify, flags->http, flags->data_dir);
  verify->add_flag("--json", flags->as_json, "Print the report as it is");
  verify->footer(
      "Exit codes: 0 clean, 1 the check failed, 3 the server cannot be reached, "
      "4 something was found.");
  verify->callback([flags, &exit_code] { exit_code = Run(*flags); });
}

}  // namespace weir
