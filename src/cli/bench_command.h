// `weir bench`: what a server does per second, from this machine, with our own client. One JSON
// line per operation.
#pragma once

namespace CLI {
class App;
}

namespace weir {

/// Add the command to `app`; when it is chosen its exit code is written to `exit_code` during
/// parsing.
void AddBenchCommand(CLI::App& app, int& exit_code);

}  // namespace weir
