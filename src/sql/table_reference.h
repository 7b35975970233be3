// What a table's name in SQL means: which table, and which of its sides.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "meta/table_path.h"

namespace weir {

/// What of a table is wanted: its rows, or what stands behind '$' in its name.
enum class TableKind { kRows, kChangelog, kLake, kSnapshots, kFiles, kOptions };

/// [catalog.]database.table, or table in `database`.
struct TableReference {
  TablePath path;
  TableKind kind = TableKind::kRows;
  std::optional<int64_t> as_of_ms;  // FOR SYSTEM_TIME AS OF, as ToDuckSql writes it
  std::string dotted;               // as written, without what stands behind '$'
};
TableReference ParseTableReference(std::string_view dotted, const std::string& database);

}  // namespace weir
