// `weir doctor`: is this machine, this data folder and this server fit to run; what to do when not.
#pragma once

namespace CLI {
class App;
}

namespace weir {

/// Add the command to `app`; when it is chosen its exit code is written to `exit_code` during
/// parsing.
void AddDoctorCommand(CLI::App& app, int& exit_code);

}  // namespace weir
