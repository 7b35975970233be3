// How a command reaches a server's HTTP port, the same for all of them: --server, --user and the environment.
#pragma once

#include <string>

namespace CLI {
class App;
class Option;
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
/// Returns the option --server, for what excludes it.
CLI::Option* AddHttpOptions(CLI::App& command, HttpOptions& options);

}  // namespace weir
