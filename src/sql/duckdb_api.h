// DuckDB's C functions, loaded when the first SQL statement arrives: the library is 70 MB, and a
// server that nobody asks a question must stay small. Everything in sql/ calls DuckDB through this
// table:
//   ASSIGN_OR_RETURN(const DuckDbApi* duck, LoadDuckDb());
//   duck->query(connection, "SELECT 1", &result);
// The declarations are those of third_party/duckdb/duckdb.h; a function is added by adding its name
// below.
#pragma once

#include <duckdb.h>
#include "base/result.h"

namespace weir {

// clang-format off
#define WEIR_DUCKDB_FUNCTIONS(F)                                                                          \
  /* library, configuration, connections */                                                              \
  F(library_version) F(create_config) F(set_config) F(destroy_config) F(open_ext) F(close) F(connect)    \
  F(disconnect) F(interrupt) F(query_progress) F(free) F(malloc) F(vector_size)                           \
  /* statements */                                                                                        \
  F(extract_statements) F(extract_statements_error) F(prepare_extracted_statement) F(destroy_extracted)  \
  F(prepare) F(prepare_error) F(destroy_prepare) F(prepared_statement_type) F(nparams)                    \
  F(prepared_statement_column_count)                                                                      \
  F(pending_prepared_streaming) F(pending_error) F(pending_execute_task) F(execute_pending)               \
  F(destroy_pending) F(pending_execution_is_finished) F(query)                                            \
  /* results */                                                                                           \
  F(result_error) F(result_error_type) F(destroy_result) F(column_count) F(column_name)                   \
  F(column_logical_type) F(fetch_chunk) F(destroy_data_chunk) F(data_chunk_get_column_count)              \
  F(data_chunk_get_vector) F(data_chunk_get_size) F(data_chunk_set_size) F(create_data_chunk)             \
  F(data_chunk_reset)                                                                                     \
  /* vectors */                                                                                           \
  F(vector_get_data) F(vector_get_validity) F(vector_ensure_validity_writable)                            \
  F(validity_set_row_invalid) F(vector_assign_string_element_len) F(vector_get_column_type)               \
  F(unsafe_vector_assign_string_element_len)                                                              \
  F(list_vector_get_child) F(list_vector_get_size) F(list_vector_set_size) F(list_vector_reserve)         \
  F(struct_vector_get_child) F(array_vector_get_child) F(vector_reference_vector)                         \
  F(vector_reference_value)                                                                               \
  /* types */                                                                                             \
  F(create_logical_type) F(create_decimal_type) F(create_list_type) F(create_map_type)                    \
  F(create_struct_type) F(destroy_logical_type) F(get_type_id) F(decimal_width) F(decimal_scale)          \
  F(decimal_internal_type) F(enum_internal_type) F(enum_dictionary_value) F(enum_dictionary_size)         \
  F(list_type_child_type) F(array_type_child_type) F(array_type_array_size) F(map_type_key_type)          \
  F(map_type_value_type) F(struct_type_child_count) F(struct_type_child_name)                             \
  F(struct_type_child_type) F(logical_type_get_alias)                                                     \
  F(union_type_member_count) F(union_type_member_name) F(union_type_member_type)                          \
  /* values */                                                                                            \
  F(create_varchar) F(create_varchar_length) F(create_int64) F(get_varchar) F(get_int64)                  \
  F(destroy_value)                                                                                        \
  /* table functions */                                                                                   \
  F(create_table_function) F(destroy_table_function) F(table_function_set_name)                           \
  F(table_function_add_parameter) F(table_function_set_extra_info) F(table_function_set_bind)             \
  F(table_function_set_init) F(table_function_set_local_init) F(table_function_set_function)              \
  F(table_function_supports_projection_pushdown) F(register_table_function)                               \
  F(bind_get_parameter) F(bind_add_result_column) F(bind_set_bind_data) F(bind_set_cardinality)           \
  F(bind_set_error) F(init_get_bind_data) F(init_set_init_data) F(init_get_column_count)                  \
  F(init_get_column_index) F(init_set_max_threads) F(init_set_error) F(function_get_bind_data)            \
  F(function_get_init_data) F(function_get_local_init_data) F(function_set_error)                         \
  F(add_replacement_scan) F(replacement_scan_set_function_name) F(replacement_scan_add_parameter)         \
  F(replacement_scan_set_error)                                                                           \
  /* Arrow */                                                                                             \
  F(result_get_arrow_options) F(destroy_arrow_options) F(to_arrow_schema) F(data_chunk_to_arrow)          \
  F(schema_from_arrow) F(data_chunk_from_arrow) F(destroy_arrow_converted_schema)                         \
  F(error_data_message) F(destroy_error_data)
// clang-format on

struct DuckDbApi {
#define WEIR_DUCKDB_MEMBER(name) decltype(&::duckdb_##name) name = nullptr;
  WEIR_DUCKDB_FUNCTIONS(WEIR_DUCKDB_MEMBER)
#undef WEIR_DUCKDB_MEMBER
};

/// Load the library on the first call; later calls return the same table.
///
/// Looks in $WEIR_DUCKDB_LIBRARY (a file), then next to the binary (../lib/libduckdb.so,
/// ../lib/weir/libduckdb.so), then where the build found it. Errors  kUnsupportedVersion  no
/// library found, or one of another version than the header; says where it looked Thread  any
Result<const DuckDbApi*> LoadDuckDb();

/// Whether LoadDuckDb() has succeeded before: an idle server must answer no.
bool DuckDbIsLoaded();

}  // namespace weir
