// The binary: subcommands, signals, exit codes. Everything else lives in modules.
#include <CLI/CLI.hpp>

#include <cstdio>

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

int main(int argc, char** argv) {
  CLI::App app("Weir: a streaming lakehouse in one binary");
  app.require_subcommand(1);
  int exit_code = 0;
  weir::AddServeCommand(app, exit_code);
  weir::AddTableCommand(app, exit_code);
  weir::AddDemoCommand(app, exit_code);
  weir::AddBenchCommand(app, exit_code);
  weir::AddDoctorCommand(app, exit_code);
  weir::AddLakeCommand(app, exit_code);
  weir::AddDocCommand(app, exit_code);
  weir::AddVersionCommand(app, exit_code);
  weir::AddSqlCommand(app, exit_code);
  weir::AddVerifyCommand(app, exit_code);
  if (argc == 1) {
    std::fputs(app.help().c_str(), stderr);
    return weir::kExitUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : weir::kExitUsage;  // --help is no error
  }
  return exit_code;
}
