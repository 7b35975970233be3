// DuckDB's C objects with an owner each. Valid only after LoadDuckDb() succeeded.
#pragma once

#include <string>
#include <utility>

#include "sql/duckdb_api.h"

namespace weir {

/// The loaded functions; the process stops when LoadDuckDb() has not succeeded before.
const DuckDbApi& Duck();

template <class Handle, auto Destroy>
class DuckHandle {
 public:
  DuckHandle() = default;
  explicit DuckHandle(Handle handle) : handle_(handle) {}
  DuckHandle(DuckHandle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  DuckHandle& operator=(DuckHandle&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~DuckHandle() {
    if (handle_ != nullptr) (Duck().*Destroy)(&handle_);
  }

  Handle get() const { return handle_; }
  Handle* out() { return &handle_; }
  explicit operator bool() const { return handle_ != nullptr; }

 private:
  Handle handle_ = nullptr;
};

using DuckDatabase = DuckHandle<duckdb_database, &DuckDbApi::close>;
using DuckConnection = DuckHandle<duckdb_connection, &DuckDbApi::disconnect>;
using DuckConfig = DuckHandle<duckdb_config, &DuckDbApi::destroy_config>;
using DuckExtracted = DuckHandle<duckdb_extracted_statements, &DuckDbApi::destroy_extracted>;
using DuckPrepared = DuckHandle<duckdb_prepared_statement, &DuckDbApi::destroy_prepare>;
using DuckPending = DuckHandle<duckdb_pending_result, &DuckDbApi::destroy_pending>;
using DuckChunk = DuckHandle<duckdb_data_chunk, &DuckDbApi::destroy_data_chunk>;
using DuckType = DuckHandle<duckdb_logical_type, &DuckDbApi::destroy_logical_type>;
using DuckValue = DuckHandle<duckdb_value, &DuckDbApi::destroy_value>;
using DuckTableFunction = DuckHandle<duckdb_table_function, &DuckDbApi::destroy_table_function>;
using DuckArrowOptions = DuckHandle<duckdb_arrow_options, &DuckDbApi::destroy_arrow_options>;
using DuckArrowSchema =
    DuckHandle<duckdb_arrow_converted_schema, &DuckDbApi::destroy_arrow_converted_schema>;
using DuckError = DuckHandle<duckdb_error_data, &DuckDbApi::destroy_error_data>;

/// The text of a char* that DuckDB allocated.
std::string TakeDuckText(char* text);

/// A non-null error_data as kSqlFailed; null is success.
Status FromDuck(duckdb_error_data error);

}  // namespace weir
