#include "sql/query.h"

#include <algorithm>
#include <array>

#include "sql/engine.h"
#include "sql/flink_functions.h"
#include "sql/token.h"

namespace weir {
namespace {

/// Functions that touch files, memory by address, the engine's own state, or hide SQL in a string.
/// The instance has no file access anyway; these could still break it for others.
constexpr std::array kClosedFunctions = {"arrow_scan",
                                         "arrow_scan_dumb",
                                         "checkpoint",
                                         "disable_logging",
                                         "disable_profiling",
                                         "duckdb_logs",
                                         "duckdb_logs_parsed",
                                         "duckdb_log_contexts",
                                         "duckdb_secrets",
                                         "duckdb_temporary_files",
                                         "duckdb_external_file_cache",
                                         "enable_logging",
                                         "enable_profiling",
                                         "force_checkpoint",
                                         "glob",
                                         "json_execute_serialized_sql",
                                         "parquet_bloom_probe",
                                         "parquet_file_metadata",
                                         "parquet_full_metadata",
                                         "parquet_kv_metadata",
                                         "parquet_metadata",
                                         "parquet_scan",
                                         "parquet_schema",
                                         "pragma_storage_info",
                                         "query",
                                         "query_table",
                                         "read_blob",
                                         "read_csv",
                                         "read_csv_auto",
                                         "read_duckdb",
                                         "read_json",
                                         "read_json_auto",
                                         "read_json_objects",
                                         "read_json_objects_auto",
                                         "read_ndjson",
                                         "read_ndjson_auto",
                                         "read_ndjson_objects",
                                         "read_parquet",
                                         "read_text",
                                         "seq_scan",
                                         "sleep_ms",
                                         "sniff_csv",
                                         "truncate_duckdb_logs",
                                         "weir_scan",
                                         "which_secret",
                                         "write_log"};

Status CheckFunctions(const std::string& sql) {
  ASSIGN_OR_RETURN(const std::vector<Token> tokens, Tokenize(sql));
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    // Unicode-escaped names could spell any of the names below.
    if (tokens[i].Is("U") && tokens[i + 1].IsSymbol("&"))
      return Fail(ErrorCode::kSqlFailed, "escaped names are not supported: at {}",
                  PlaceOf(sql, tokens[i].begin));
    if (!tokens[i].IsName() || !tokens[i + 1].IsSymbol("(")) continue;
    const std::string name = Upper(tokens[i].text);
    if (std::ranges::any_of(kClosedFunctions,
                            [&](std::string_view closed) { return Upper(closed) == name; }))
      return Fail(ErrorCode::kSqlFailed, "the function {} is not open to queries: at {}",
                  tokens[i].text, PlaceOf(sql, tokens[i].begin));
  }
  return {};
}

/// DuckDB's message, with its code where we have a better one.
Failure QueryFailure(const char* text) {
  std::string message = text == nullptr ? "the query failed" : text;
  const bool interrupted = message.starts_with("INTERRUPT Error");
  while (!message.empty() && message.back() == '\n') message.pop_back();
  return Failure(
      Error{interrupted ? ErrorCode::kCancelled : ErrorCode::kSqlFailed, std::move(message)});
}

Status Configure(duckdb_config config, const SqlOptions& options) {
  const std::vector<std::pair<const char*, std::string>> settings = {
      {"memory_limit", fmt::format("{}B", options.memory_bytes_max)},
      {"temp_directory",
       ""},  // before files are closed off; without one, DuckDB spills nothing to disk
      {"autoinstall_known_extensions", "false"},
      {"autoload_known_extensions", "false"},
      {"allow_community_extensions", "false"},
      {"allow_unsigned_extensions", "false"},
      {"enable_external_access", "false"},
  };
  for (const auto& [name, value] : settings) {
    if (Duck().set_config(config, name, value.c_str()) != DuckDBSuccess)
      return Fail(ErrorCode::kSqlFailed, "duckdb refuses a setting: name={} value={}", name, value);
  }
  if (options.threads > 0 &&
      Duck().set_config(config, "threads", std::to_string(options.threads).c_str()) !=
          DuckDBSuccess)
    return Fail(ErrorCode::kSqlFailed, "duckdb refuses a setting: name=threads value={}",
                options.threads);
  return {};
}

Status Execute(duckdb_connection connection, const char* sql) {
  duckdb_result result;
  const bool ok = Duck().query(connection, sql, &result) == DuckDBSuccess;
  const Status status = ok ? Status() : QueryFailure(Duck().result_error(&result));
  Duck().destroy_result(&result);
  return status;
}

Result<DuckPrepared> PrepareOne(duckdb_connection connection, const DuckExtracted& extracted,
                                idx_t index) {
  DuckPrepared prepared;
  if (Duck().prepare_extracted_statement(connection, extracted.get(), index, prepared.out()) !=
      DuckDBSuccess)
    return QueryFailure(Duck().prepare_error(prepared.get()));
  return prepared;
}

/// Of a PIVOT without IN (…), DuckDB makes two statements: a type of the connection, with the values
/// that are there now, and the query. Only where the text itself is one statement.
Status MakePivotType(duckdb_connection connection, const DuckExtracted& extracted,
                     const std::string& sql) {
  ASSIGN_OR_RETURN(const std::vector<Token> tokens, Tokenize(sql));
  if (std::ranges::any_of(tokens, [](const Token& token) { return token.IsSymbol(";"); }))
    return Fail(ErrorCode::kSqlSyntax, "one statement is expected here: found=2");
  ASSIGN_OR_RETURN(const DuckPrepared type, PrepareOne(connection, extracted, 0));
  if (Duck().prepared_statement_type(type.get()) != DUCKDB_STATEMENT_TYPE_CREATE)
    return Fail(ErrorCode::kSqlSyntax, "one statement is expected here: found=2");
  DuckPending pending;
  if (Duck().pending_prepared_streaming(type.get(), pending.out()) != DuckDBSuccess)
    return QueryFailure(Duck().pending_error(pending.get()));
  duckdb_result result;
  const bool made = Duck().execute_pending(pending.get(), &result) == DuckDBSuccess;
  const Status status = made ? Status() : QueryFailure(Duck().result_error(&result));
  Duck().destroy_result(&result);
  return status;
}

Result<DuckPrepared> Prepare(duckdb_connection connection, const std::string& sql) {
  DuckExtracted extracted;
  const idx_t count = Duck().extract_statements(connection, sql.c_str(), extracted.out());
  if (count == 0) return QueryFailure(Duck().extract_statements_error(extracted.get()));
  if (count > 2)
    return Fail(ErrorCode::kSqlSyntax, "one statement is expected here: found={}", count);
  if (count == 2) RETURN_IF_ERROR(MakePivotType(connection, extracted, sql));
  ASSIGN_OR_RETURN(DuckPrepared prepared, PrepareOne(connection, extracted, count - 1));
  const duckdb_statement_type type = Duck().prepared_statement_type(prepared.get());
  if (type != DUCKDB_STATEMENT_TYPE_SELECT && type != DUCKDB_STATEMENT_TYPE_EXPLAIN)
    return Fail(ErrorCode::kSqlFailed,
                "this statement is not a query, and only queries may run here");
  if (Duck().nparams(prepared.get()) != 0)
    return Fail(ErrorCode::kSqlSyntax, "parameters such as $1 or ? have no values here");
  return prepared;
}

std::string NestedTypeText(duckdb_logical_type type, duckdb_type id) {
  if (id == DUCKDB_TYPE_LIST)
    return TypeText(DuckType(Duck().list_type_child_type(type)).get()) + "[]";
  if (id == DUCKDB_TYPE_ARRAY)
    return fmt::format("{}[{}]", TypeText(DuckType(Duck().array_type_child_type(type)).get()),
                       Duck().array_type_array_size(type));
  if (id == DUCKDB_TYPE_MAP)
    return fmt::format("MAP({}, {})", TypeText(DuckType(Duck().map_type_key_type(type)).get()),
                       TypeText(DuckType(Duck().map_type_value_type(type)).get()));
  std::string fields;
  for (idx_t i = 0; i < Duck().struct_type_child_count(type); ++i) {
    const std::string name = TakeDuckText(Duck().struct_type_child_name(type, i));
    fields += fmt::format("{}{} {}", i == 0 ? "" : ", ", name,
                          TypeText(DuckType(Duck().struct_type_child_type(type, i)).get()));
  }
  return fmt::format("STRUCT({})", fields);
}

}  // namespace

std::string TypeText(duckdb_logical_type type) {
  const duckdb_type id = Duck().get_type_id(type);
  switch (id) {
    case DUCKDB_TYPE_BOOLEAN:
      return "BOOLEAN";
    case DUCKDB_TYPE_TINYINT:
      return "TINYINT";
    case DUCKDB_TYPE_SMALLINT:
      return "SMALLINT";
    case DUCKDB_TYPE_INTEGER:
      return "INTEGER";
    case DUCKDB_TYPE_BIGINT:
      return "BIGINT";
    case DUCKDB_TYPE_UTINYINT:
      return "UTINYINT";
    case DUCKDB_TYPE_USMALLINT:
      return "USMALLINT";
    case DUCKDB_TYPE_UINTEGER:
      return "UINTEGER";
    case DUCKDB_TYPE_UBIGINT:
      return "UBIGINT";
    case DUCKDB_TYPE_HUGEINT:
      return "HUGEINT";
    case DUCKDB_TYPE_UHUGEINT:
      return "UHUGEINT";
    case DUCKDB_TYPE_FLOAT:
      return "FLOAT";
    case DUCKDB_TYPE_DOUBLE:
      return "DOUBLE";
    case DUCKDB_TYPE_DECIMAL:
      return fmt::format("DECIMAL({},{})", Duck().decimal_width(type), Duck().decimal_scale(type));
    case DUCKDB_TYPE_VARCHAR:
      return "VARCHAR";
    case DUCKDB_TYPE_BLOB:
      return "BLOB";
    case DUCKDB_TYPE_DATE:
      return "DATE";
    case DUCKDB_TYPE_TIME:
      return "TIME";
    case DUCKDB_TYPE_TIMESTAMP:
      return "TIMESTAMP";
    case DUCKDB_TYPE_TIMESTAMP_S:
      return "TIMESTAMP_S";
    case DUCKDB_TYPE_TIMESTAMP_MS:
      return "TIMESTAMP_MS";
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return "TIMESTAMP_NS";
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return "TIMESTAMP WITH TIME ZONE";
    case DUCKDB_TYPE_INTERVAL:
      return "INTERVAL";
    case DUCKDB_TYPE_UUID:
      return "UUID";
    case DUCKDB_TYPE_ENUM:
      return "ENUM";
    case DUCKDB_TYPE_BIT:
      return "BIT";
    case DUCKDB_TYPE_TIME_TZ:
      return "TIME WITH TIME ZONE";
    case DUCKDB_TYPE_UNION:
      return "UNION";
    case DUCKDB_TYPE_SQLNULL:
      return "NULL";
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_ARRAY:
    case DUCKDB_TYPE_MAP:
    case DUCKDB_TYPE_STRUCT:
      return NestedTypeText(type, id);
    default:
      return "OTHER";
  }
}

Result<std::unique_ptr<DuckInstance>> DuckInstance::Open(const SqlOptions& options) {
  RETURN_IF_ERROR(LoadDuckDb());
  DuckConfig config;
  Duck().create_config(config.out());
  RETURN_IF_ERROR(Configure(config.get(), options));
  auto instance = std::unique_ptr<DuckInstance>(new DuckInstance);
  char* error = nullptr;
  if (Duck().open_ext(nullptr, instance->database_.out(), config.get(), &error) != DuckDBSuccess)
    return Fail(ErrorCode::kSqlFailed, "duckdb does not start: {}", TakeDuckText(error));
  ASSIGN_OR_RETURN(const DuckConnection connection, instance->Connect());
  RETURN_IF_ERROR(RegisterScanFunction(instance->database_.get(), connection.get()));
  RETURN_IF_ERROR(Execute(connection.get(), "SET GLOBAL TimeZone = 'UTC'"));
  for (const char* function : FlinkFunctions())
    RETURN_IF_ERROR(Execute(connection.get(), function));
  RETURN_IF_ERROR(Execute(connection.get(), "SET GLOBAL lock_configuration = true"));
  return instance;
}

Result<DuckConnection> DuckInstance::Connect() {
  DuckConnection connection;
  if (Duck().connect(database_.get(), connection.out()) != DuckDBSuccess)
    return Fail(ErrorCode::kSqlFailed, "duckdb has no more connections");
  return connection;
}

Result<std::unique_ptr<DuckQuery>> DuckQuery::Start(duckdb_connection connection,
                                                    const std::string& sql, TableResolver& tables,
                                                    const std::atomic<bool>& interrupted) {
  RETURN_IF_ERROR(CheckFunctions(sql));
  const ResolverScope scope(tables);
  auto query = std::unique_ptr<DuckQuery>(new DuckQuery(connection, sql, tables, interrupted));
  ASSIGN_OR_RETURN(query->prepared_, Prepare(connection, sql));
  DuckPending pending;
  if (Duck().pending_prepared_streaming(query->prepared_.get(), pending.out()) != DuckDBSuccess)
    return QueryFailure(Duck().pending_error(pending.get()));
  if (Duck().execute_pending(pending.get(), &query->result_) != DuckDBSuccess) {
    Failure failure = QueryFailure(Duck().result_error(&query->result_));
    Duck().destroy_result(&query->result_);
    return failure;
  }
  query->has_result_ = true;
  for (idx_t i = 0; i < Duck().column_count(&query->result_); ++i) {
    DuckType type(Duck().column_logical_type(&query->result_, i));
    std::string text = TypeText(type.get());
    query->columns_.push_back(
        {Duck().column_name(&query->result_, i), std::move(type), std::move(text)});
  }
  return query;
}

Result<size_t> DuckQuery::CountColumns(duckdb_connection connection, const std::string& sql,
                                       TableResolver& tables) {
  RETURN_IF_ERROR(CheckFunctions(sql));
  const ResolverScope scope(tables);
  ASSIGN_OR_RETURN(const DuckPrepared prepared, Prepare(connection, sql));
  return Duck().prepared_statement_column_count(prepared.get());
}

DuckQuery::~DuckQuery() {
  if (has_result_) Duck().destroy_result(&result_);
}

Result<DuckChunk> DuckQuery::Next() {
  DuckChunk chunk(Duck().fetch_chunk(result_));
  if (chunk) return chunk;
  const char* error = Duck().result_error(&result_);
  if (error == nullptr || *error == '\0') return chunk;
  Failure failure = QueryFailure(error);
  if (failure.value().code == ErrorCode::kCancelled && !interrupted_) return LostReason();
  return failure;
}

/// A task that fails interrupts the others, and DuckDB 1.5 then answers a fetch of rows with that
/// interrupt instead of the task's error. An aggregate has no rows to fetch before its end; this one
/// computes every column of the query and keeps none.
Failure DuckQuery::LostReason() {
  const ResolverScope scope(tables_);
  const std::string again =
      fmt::format("SELECT bit_xor(hash(weir_rows)) FROM (\n{}\n) AS weir_rows", sql_);
  if (Status status = Execute(connection_, again.c_str()); !status.ok())
    return Failure(std::move(status).error());
  return Failure(
      Error{ErrorCode::kSqlFailed, "the query failed once and not a second time: run it again"});
}

}  // namespace weir
