// Rows for the screen, or for the next program in the pipe.
#pragma once

#include <cstdio>
#include <memory>

#include "cli/sql_frames.h"
#include "cli/sql_shell.h"

namespace weir {

/// Prints the rows of one result after the other.
class RowPrinter {
 public:
  virtual ~RowPrinter() = default;
  virtual void Begin(std::vector<FrameColumn> columns) = 0;
  virtual void Row(const std::vector<std::string_view>& cells) = 0;
  virtual void End() = 0;
};

/// width_max  columns of the terminal, 0 for no limit (not a terminal)
/// `out` must outlive the printer.
std::unique_ptr<RowPrinter> MakeRowPrinter(ShellFormat format, std::FILE* out, int width_max);

/// Whether the format wants cells as JSON values.
inline bool WantsJson(ShellFormat format) { return format == ShellFormat::kJson; }

/// Cells on a terminal that `text` takes.
int DisplayWidth(std::string_view text);

}  // namespace weir
