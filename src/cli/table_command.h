// `weir table ls | describe | tail | get`: look at tables of a running server through the wire
// protocol.
#pragma once

namespace CLI {
class App;
}

namespace weir {

/// Add the command to `app`; when it is chosen its exit code is written to `exit_code` during
/// parsing.
void AddTableCommand(CLI::App& app, int& exit_code);

}  // namespace weir
