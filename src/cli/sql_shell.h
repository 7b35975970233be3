// `weir sql`: the interactive shell, -c and -f. Rows go to stdout, everything else to stderr.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/sql_backend.h"

namespace weir {

enum class ShellFormat { kAligned, kVertical, kCsv, kJson };

struct SqlShellOptions {
  std::optional<std::string> command;  // -c: run it and leave
  std::optional<std::string> file;     // -f: run its statements and leave; "-" is stdin
  ShellFormat format = ShellFormat::kAligned;
  std::string database;  // what unqualified names mean at first
};

/// Keep Ctrl-C from this thread and those that it starts: the shell's own thread waits for it.
/// RunSqlShell does it too; call it before, when threads are started before.
void BlockInterrupt();

/// Run the shell until the input ends.
/// Returns the exit code: 0 all statements succeeded, 1 one failed (and none after it ran), 3
/// server unreachable, 130 cancelled with Ctrl-C.
int RunSqlShell(const SqlShellOptions& options, SqlBackend& backend);

/// Whether the text ends with a semicolon outside of quotes and comments: the shell then runs it.
bool EndsStatement(std::string_view text);

}  // namespace weir
