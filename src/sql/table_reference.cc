#include "sql/table_reference.h"

#include <array>
#include <utility>

#include "sql/duck_sql.h"
#include "sql/literal_value.h"

namespace weir {
namespace {

constexpr std::array<std::pair<std::string_view, TableKind>, 5> kSuffixes = {
    {{"$changelog", TableKind::kChangelog},
     {"$lake", TableKind::kLake},
     {"$snapshots", TableKind::kSnapshots},
     {"$files", TableKind::kFiles},
     {"$options", TableKind::kOptions}}};

}  // namespace

TableReference ParseTableReference(std::string_view dotted, const std::string& database) {
  TableReference reference;
  const size_t dot = dotted.rfind('.');
  std::string_view table = dotted.substr(dot + 1);
  reference.path.database = database;
  if (dot != std::string_view::npos) {
    const std::string_view before = dotted.substr(0, dot);
    reference.path.database = before.substr(before.rfind('.') + 1);
  }
  if (const size_t as_of = table.rfind(kAsOfSuffix); as_of != std::string_view::npos) {
    reference.as_of_ms = IntegerOf(table.substr(as_of + kAsOfSuffix.size()));
    table = table.substr(0, as_of);
  }
  for (const auto& [suffix, kind] : kSuffixes) {
    if (!table.ends_with(suffix)) continue;
    reference.kind = kind;
    table.remove_suffix(suffix.size());
    // Flink writes table$lake$snapshots.
    if (kind != TableKind::kChangelog && table.ends_with("$lake")) table.remove_suffix(5);
    break;
  }
  reference.path.table = table;
  reference.dotted = dotted.substr(0, dot == std::string_view::npos ? 0 : dot + 1);
  reference.dotted += table;
  return reference;
}

}  // namespace weir
