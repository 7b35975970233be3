// `weir serve`: run a server in the foreground until SIGTERM or SIGINT.
#pragma once

namespace CLI {
class App;
}

namespace weir {

/// Add the subcommand; running it sets `exit_code` (0: stopped cleanly, 1: could not start).
void AddServeCommand(CLI::App& app, int& exit_code);

}  // namespace weir
