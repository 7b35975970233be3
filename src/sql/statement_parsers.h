// The statements of Weir's own, each read from behind its first word. Grammar: docs/sql.md.
// Errors of all  kSqlSyntax, kUnsupportedVersion (parser.h)
#pragma once

#include "sql/statement.h"
#include "sql/token_reader.h"

namespace weir {

Result<Statement> ParseCreate(TokenReader& in);
Result<Statement> ParseDrop(TokenReader& in);
Result<Statement> ParseAlter(TokenReader& in);
Result<Statement> ParseInsert(TokenReader& in);
Result<Statement> ParseUpdate(TokenReader& in);
Result<Statement> ParseDelete(TokenReader& in);

/// ( column = literal, … )
Result<PartitionValues> ParsePartitionValues(TokenReader& in);

}  // namespace weir
