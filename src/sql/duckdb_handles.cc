#include "sql/duckdb_handles.h"

#include "base/check.h"

namespace weir {

const DuckDbApi& Duck() {
  static const DuckDbApi* const api = [] {
    const auto loaded = LoadDuckDb();
    WEIR_CHECK(loaded.ok());
    return *loaded;
  }();
  return *api;
}

std::string TakeDuckText(char* text) {
  std::string out = text == nullptr ? "" : text;
  Duck().free(text);
  return out;
}

Status FromDuck(duckdb_error_data error) {
  if (error == nullptr) return {};
  const DuckError owner(error);
  return Fail(ErrorCode::kSqlFailed, "{}", Duck().error_data_message(error));
}

}  // namespace weir
