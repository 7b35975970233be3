// `weir lake status`: how far the lake's tables are, by the HTTP port of a running server.
#pragma once

namespace CLI {
class App;
}

namespace weir {

/// Add the command to `app`; when it is chosen its exit code is written to `exit_code` during
/// parsing. `status` exits with 2 when a table's last round failed.
void AddLakeCommand(CLI::App& app, int& exit_code);

}  // namespace weir
