// `weir verify TABLE`: does the lake, with the log behind it, hold each row exactly once?
#pragma once

namespace CLI {
class App;
}

namespace weir {

/// Add the command to `app`; when it is chosen its exit code is written to `exit_code` during parsing.
void AddVerifyCommand(CLI::App& app, int& exit_code);

}  // namespace weir
