// Record batches out of JSON and back to text, for tests.
#pragma once

#include <arrow/array.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "lake/arrow_types.h"

namespace weir::iceberg {

/// `json`: one array of values for each column.
inline std::shared_ptr<arrow::RecordBatch> RowsOf(const Schema& schema,
                                                  const std::vector<std::string>& json) {
  const auto arrow_schema = ToArrow(schema).value();
  arrow::ArrayVector columns;
  for (size_t i = 0; i < json.size(); ++i) {
    const auto& type = arrow_schema->field(static_cast<int>(i))->type();
    columns.push_back(arrow::json::ArrayFromJSONString(type, json[i]).ValueOrDie());
  }
  const int64_t rows = columns[0]->length();
  return arrow::RecordBatch::Make(arrow_schema, rows, std::move(columns));
}

/// All batches of a reader of ours, one under the other.
template <class Reader>
std::string TextOf(Reader& reader) {
  std::string text;
  while (true) {
    auto batch = reader.Next();
    if (!batch.ok()) return text + "error: " + batch.error().message;
    if (*batch == nullptr) return text;
    const arrow::Status valid = (*batch)->ValidateFull();
    if (!valid.ok()) return text + "invalid: " + valid.ToString();
    for (int64_t row = 0; row < (*batch)->num_rows(); ++row) {
      for (int column = 0; column < (*batch)->num_columns(); ++column) {
        const auto scalar = (*batch)->column(column)->GetScalar(row).ValueOrDie();
        text += (column == 0 ? "" : "|") + (scalar->is_valid ? scalar->ToString() : "null");
      }
      text += "\n";
    }
  }
}

}  // namespace weir::iceberg
