// Values of a result as text: for people and CSV as DuckDB prints them, for JSON as JSON.
//   type                    text                          JSON
//   numbers, DECIMAL        12.50                         12.50, every digit; NaN and infinities as
//   strings dates, times, UUID …    2026-01-02 03:04:05.6         the same in quotes BLOB abc\x00
//   the same in quotes LIST STRUCT MAP         as JSON                       array, object; MAP:
//   object, or pairs for keys not text NULL                    see the caller                null
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sql/duckdb_handles.h"

namespace weir {

/// Writes cells of one result column. Prepared once per column.
class CellWriter {
 public:
  explicit CellWriter(duckdb_logical_type type);

  static bool IsNull(duckdb_vector vector, idx_t row);

  /// Append the text of a value that is not NULL.
  void AppendText(std::string& out, duckdb_vector vector, idx_t row) const;
  /// Append a JSON value, `null` included.
  void AppendJson(std::string& out, duckdb_vector vector, idx_t row) const;

  /// Whether people expect the column on the right.
  bool is_number() const;

 private:
  void AppendScalar(std::string& out, duckdb_vector vector, idx_t row) const;
  void AppendList(std::string& out, duckdb_vector vector, idx_t row) const;
  void AppendStruct(std::string& out, duckdb_vector vector, idx_t row) const;
  void AppendMap(std::string& out, duckdb_vector vector, idx_t row) const;

  duckdb_type id_;
  duckdb_type storage_;  // what the vector holds: decimals and enums differ
  uint8_t scale_ = 0;
  idx_t array_size_ = 0;
  std::vector<std::string> names_;  // STRUCT: fields; ENUM: words
  std::vector<CellWriter> children_;
};

/// "text" with what JSON asks to escape.
void AppendJsonString(std::string& out, std::string_view text);

}  // namespace weir
