// `weir doc`: print the tables of the program as Markdown, for docs/generated/ and for reading.
// `weir version`.
#pragma once

namespace CLI {
class App;
}

namespace weir {

void AddDocCommand(CLI::App& app, int& exit_code);
void AddVersionCommand(CLI::App& app, int& exit_code);

}  // namespace weir
