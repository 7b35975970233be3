// Any text as a script, as one statement, as a query and as a WHERE whose conditions are read.
// Nothing may crash, statements lie inside the script, and translated text keeps its length
// unless it names a time.
#include "sql/duck_sql.h"
#include "sql/parser.h"

#include <cstdint>
#include <cstdlib>

#include "sql/literal_value.h"
#include "sql/predicate.h"
#include "sql/system_time.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weir;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)EndsInsideStatement(text);
  const QueryShape shape(text);
  for (const Condition& condition : shape.Of("t")) {
    for (const Literal& literal : condition.values) {
      (void)ValueOf(literal, DataType::Of(TypeKind::kDate));
      (void)ValueOf(literal, DataType::Temporal(TypeKind::kTimestamp, 6));
    }
  }
  const auto translated = ToDuckSql(text);
  if (translated.ok() && translated->size() != size && text.find('`') == std::string_view::npos &&
      translated->find(kAsOfSuffix) == std::string::npos)
    std::abort();
  if (const auto times = ComputedSystemTimes(text); times.ok()) {
    size_t before = 0;
    for (const TextRange& range : *times) {
      if (range.begin < before || range.end <= range.begin || range.end > size) std::abort();
      before = range.end;
    }
  }
  (void)ParseStatement(text);
  const auto parts = SplitScript(text);
  if (!parts.ok()) return 0;
  for (const ScriptPart& part : *parts) {
    if (part.text.empty() || text.substr(part.at, part.text.size()) != part.text) std::abort();
    (void)ParseStatement(part.text);
  }
  return 0;
}
