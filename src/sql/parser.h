// Flink-style DDL and DML in front of DuckDB: decides which statements are ours and reads those.
// Grammar: docs/sql.md. Plain functions of text.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/statement.h"

namespace weir {

/// One statement of a script, without its ';'.
struct ScriptPart {
  std::string_view text;
  size_t at = 0;  // byte offset in the script
};

/// Split a script at the semicolons between statements; empty statements are left out.
/// Errors  kSqlSyntax  a quote or comment is not closed
Result<std::vector<ScriptPart>> SplitScript(std::string_view script);

/// Whether `script` ends inside a statement: a shell then asks for another line.
bool EndsInsideStatement(std::string_view script);

/// Read one statement.
/// Errors  kSqlSyntax            the text is not a statement: what was expected, what was found and
/// where
///         kUnsupportedVersion   a statement of Flink that Weir does not have (yet)
Result<Statement> ParseStatement(std::string_view sql);

}  // namespace weir
