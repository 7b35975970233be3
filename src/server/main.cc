// The binary: subcommands, signals, exit codes. Everything else lives in modules.
#include <CLI/CLI.hpp>

#include "cli/bench_command.h"
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
  CLI11_PARSE(app, argc, argv);
  return exit_code;
}
