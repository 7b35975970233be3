# DuckDB is not linked: duckdb_api.cc opens it at the first statement. Only its C header is needed to build.
target_include_directories(weir_sql SYSTEM PUBLIC ${CMAKE_SOURCE_DIR}/third_party/duckdb)
target_compile_definitions(weir_sql PRIVATE
  WEIR_DUCKDB_BUILD_PATH="${WEIR_DEPS_DIR}/node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so")
target_link_libraries(weir_sql PUBLIC ${CMAKE_DL_LIBS} Arrow::arrow Boost::json)
