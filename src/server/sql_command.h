// `weir sql`: the SQL shell, against a running server's HTTP port or over a data directory in this
// process.
#pragma once

namespace CLI {
class App;
}

namespace weir {

void AddSqlCommand(CLI::App& app, int& exit_code);

}  // namespace weir
