// The tables that a query's text names, and the text as DuckDB must see it. DuckDB knows a table of
// ours by the last part of its name only: "event" of bronze.event. So
//   bronze.event.id, bronze.event.*     become event.id, event.*
//   bronze.event beside silver.event    become bronze."bronze.event" and silver."silver.event"
//   FROM nowhere.event beside event     becomes nowhere."nowhere.event"
// and the name as written is remembered. Reads text; whether a table is there says the caller.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace weir {

class NamesInQuery {
 public:
  /// database  what names without one mean
  /// exists    whether [catalog.]database.table is a table; called for names with a dot, and for
  ///           plain names that others shadow
  NamesInQuery(std::string_view sql, const std::string& database,
               const std::function<bool(const std::string& dotted)>& exists);

  const std::string& sql() const { return sql_; }

  /// The table that DuckDB calls `last_part`, as the query writes it.
  const std::string& Written(const std::string& last_part) const;

  /// What DuckDB calls `last_part` when it is no table: the dotted name that ends so. Else null; also
  /// when the name stands alone somewhere, unless it is the dotted name itself.
  const std::string* Missing(const std::string& last_part) const;

 private:
  std::string sql_;
  std::map<std::string, std::string, std::less<>> written_;
  std::map<std::string, std::string, std::less<>> missing_;
};

}  // namespace weir
