// `weir demo attribution`: the job Weir is for, in a minute: rows arrive over the wire protocol,
// the first-touch mart comes out of a SQL query. Starts a server of its own unless told which one
// to use.
#pragma once

namespace CLI {
class App;
}

namespace weir {

/// Add the command to `app`; when it is chosen its exit code is written to `exit_code` during
/// parsing.
void AddDemoCommand(CLI::App& app, int& exit_code);

}  // namespace weir
