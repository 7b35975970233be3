// How a command reaches a server's HTTP port, the same for all of them: --server, --user and the environment.
#pragma once

#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace weir {

/// Who the command is; no name: anybody.
struct HttpUser {
  std::string name;
  std::string password;

  /// The value of an Authorization header (Basic, RFC 7617); empty without a name.
  std::string Authorization() const;
};

struct HttpOptions {
  std::string server = "127.0.0.1:8080";
  HttpUser user;
};

/// Add --server (WEIR_HTTP), --user (WEIR_USER) and --password (WEIR_PASSWORD).
void AddHttpOptions(CLI::App& command, HttpOptions& options);

/// The same and --data-dir, to open a data directory in place of asking a server. It excludes --server, but wins over
/// WEIR_HTTP.
void AddHttpOrDataOptions(CLI::App& command, HttpOptions& options, std::string& data_dir);

}  // namespace weir
