#include "cli/connect_options.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

namespace weir {

void AddConnectOptions(CLI::App& command, ConnectOptions& options) {
  command
      .add_option("--server", options.server,
                  "The server's wire protocol, not HTTP [" + options.server + "]")
      ->type_name("HOST:PORT")
      ->envname("WEIR_SERVER");
  command.add_option("--user", options.user, "User name; the password is read from WEIR_PASSWORD")
      ->type_name("NAME")
      ->envname("WEIR_USER");
}

Result<std::unique_ptr<FlussClient>> ConnectClient(const ConnectOptions& options) {
  const char* password = std::getenv("WEIR_PASSWORD");
  return FlussClient::Connect(
      options.server, {.user = options.user, .password = password == nullptr ? "" : password});
}

int ReportError(const Error& error) {
  std::fprintf(stderr, "weir: %s\n", error.message.c_str());
  switch (error.code) {
    case ErrorCode::kNetworkException:
      std::fprintf(stderr, "      is a server running?  start one with: weir serve\n");
      return kExitUnreachable;
    case ErrorCode::kInvalidConfig:
      return kExitUsage;
    case ErrorCode::kAuthenticate:
      std::fprintf(stderr, "      this server wants --user and the password in WEIR_PASSWORD\n");
      return kExitFailed;
    case ErrorCode::kTableNotExist:
    case ErrorCode::kDatabaseNotExist:
      std::fprintf(stderr, "      weir table ls shows what there is\n");
      return kExitFailed;
    default:
      return kExitFailed;
  }
}

Result<TablePath> ParseTablePath(const std::string& text) {
  const size_t dot = text.find('.');
  if (dot == std::string::npos) return TablePath{.database = "fluss", .table = text};
  TablePath path{.database = text.substr(0, dot), .table = text.substr(dot + 1)};
  if (path.database.empty() || path.table.empty()) {
    return Fail(ErrorCode::kInvalidTable, "not a table name, write DATABASE.TABLE: {}", text);
  }
  return path;
}

}  // namespace weir
