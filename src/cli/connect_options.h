// How a command reaches a server, the same for all commands: --server, --user and the environment;
// and what it does when it cannot.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "client/fluss_client.h"

namespace CLI {
class App;
}

namespace weir {

/// Exit codes of all commands; documented in `weir --help`.
enum ExitCode : int { kExitOk = 0, kExitFailed = 1, kExitUsage = 2, kExitUnreachable = 3 };

struct ConnectOptions {
  std::string server = "127.0.0.1:9123";
  std::string user;
};

/// Add --server (WEIR_SERVER) and --user (WEIR_USER); the password comes from WEIR_PASSWORD only,
/// so that it does not show in process lists.
void AddConnectOptions(CLI::App& command, ConnectOptions& options);

Result<std::unique_ptr<FlussClient>> ConnectClient(const ConnectOptions& options);

/// Print "weir: message" to stderr, with what to do about the usual reasons.
/// Returns the exit code that fits the error.
int ReportError(const Error& error);

/// Split "db.table"; a name without a database is in the default database "fluss".
/// Errors  kInvalidTable  nothing on one side of the dot
Result<TablePath> ParseTablePath(const std::string& text);

}  // namespace weir
