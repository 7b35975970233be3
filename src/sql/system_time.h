// FOR SYSTEM_TIME AS OF with an expression: where it stands in a statement's text. Literals and the
// columns of look-up joins are none; they are ToDuckSql's. Plain functions of text.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir {

struct TextRange {
  size_t begin = 0;  // bytes
  size_t end = 0;
};

/// The expressions behind FOR SYSTEM_TIME AS OF whose value must be computed, in order of place:
/// operands (literals, CAST and other calls, brackets, names) with + - * / || :: between them.
/// Errors  kSqlSyntax  as Tokenize;  no expression is there
Result<std::vector<TextRange>> ComputedSystemTimes(std::string_view sql);

}  // namespace weir
