// The binary: subcommands, signals, exit codes. Everything else lives in modules.
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "base/nearest_word.h"
#include "cli/bench_command.h"
#include "cli/connect_options.h"
#include "cli/demo_command.h"
#include "cli/doctor_command.h"
#include "cli/lake_command.h"
#include "cli/table_command.h"
#include "server/doc_command.h"
#include "server/serve_command.h"
#include "server/sql_command.h"
#include "server/verify_command.h"
#include "server/version.h"

namespace {

/// What to tell somebody who asks for a command that is not there, as in `weir table lst`; empty when all is well.
std::string UnknownCommand(const CLI::App& app, std::span<char* const> words) {
  const std::vector<const CLI::App*> commands = app.get_subcommands(nullptr);
  if (commands.empty() || words.empty() || *words.front() == '-') return "";
  const std::string word = words.front();
  std::vector<std::string> names;
  for (const CLI::App* command : commands) {
    if (command->check_name(word)) return UnknownCommand(*command, words.subspan(1));
    names.push_back(command->get_name());
  }
  return fmt::format("no such command: {}{}; there is {}", word, weir::DidYouMean(word, names),
                     fmt::join(names, ", "));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Weir: a streaming lakehouse in one binary", "weir");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("weir ") + weir::kVersion);
  app.footer(
      "To begin with:\n"
      "  weir serve              a server in ./weir-data: wire protocol on :9123, HTTP on :8080\n"
      "  weir sql                a shell, in another terminal\n"
      "  weir demo attribution   an example from streams to a mart\n"
      "`weir COMMAND --help` says more. Exit codes: 0 done, 1 failed, 2 wrong use, 3 the server "
      "cannot be reached.");
  int exit_code = 0;
  weir::AddServeCommand(app, exit_code);
  weir::AddSqlCommand(app, exit_code);
  weir::AddTableCommand(app, exit_code);
  weir::AddLakeCommand(app, exit_code);
  weir::AddVerifyCommand(app, exit_code);
  weir::AddDemoCommand(app, exit_code);
  weir::AddBenchCommand(app, exit_code);
  weir::AddDoctorCommand(app, exit_code);
  weir::AddDocCommand(app, exit_code);
  weir::AddVersionCommand(app, exit_code);
  if (argc == 1) {
    std::fputs(app.help().c_str(), stderr);
    return weir::kExitUsage;
  }
  if (const std::string unknown = UnknownCommand(app, std::span(argv, argc).subspan(1));
      !unknown.empty()) {
    std::fprintf(stderr, "weir: %s\n", unknown.c_str());
    return weir::kExitUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : weir::kExitUsage;  // --help is no error
  }
  return exit_code;
}
