#include "sql/scan_function.h"

#include <atomic>
#include <utility>
#include <vector>

#include "sql/duckdb_handles.h"
#include "sql/duckdb_types.h"

namespace weir {
namespace {

constexpr const char* kFunction = "weir_scan";

thread_local TableResolver* current_resolver = nullptr;

/// What bind leaves for init and the scan.
struct Bound {
  std::shared_ptr<TableScan> scan;
};

/// Shared by the threads of one scan.
struct Shared {
  std::shared_ptr<TableScan> scan;
  std::vector<int> projection;
  std::atomic<size_t> next_part = 0;
};

/// One thread's part.
struct Local {
  std::unique_ptr<ScanPart> part;
};

template <class T>
void Delete(void* pointer) {
  delete static_cast<T*>(pointer);
}

void Replace(duckdb_replacement_scan_info info, const char* name, void*) {
  if (current_resolver == nullptr) return;
  // Whether the table is there is decided by bind; here only a name is turned into a call. A name
  // that is no table of Weir stays DuckDB's business, which then says that it does not exist.
  const auto scan = current_resolver->Resolve(name);
  if (!scan.ok()) {
    Duck().replacement_scan_set_error(info, scan.error().message.c_str());
    return;
  }
  if (*scan == nullptr) return;
  Duck().replacement_scan_set_function_name(info, kFunction);
  const DuckValue argument(Duck().create_varchar(name));
  Duck().replacement_scan_add_parameter(info, argument.get());
}

void Bind(duckdb_bind_info info) {
  const DuckValue argument(Duck().bind_get_parameter(info, 0));
  const std::string name = TakeDuckText(Duck().get_varchar(argument.get()));
  if (current_resolver == nullptr)
    return Duck().bind_set_error(info, "no query is being prepared on this thread");
  auto scan = current_resolver->Resolve(name);
  if (!scan.ok()) return Duck().bind_set_error(info, scan.error().message.c_str());
  if (*scan == nullptr) return Duck().bind_set_error(info, ("no such table: " + name).c_str());
  const auto columns = (*scan)->columns();
  std::vector<std::string> names;
  for (const ScanColumn& column : columns) names.push_back(column.name);
  names = DistinctNames(std::move(names));
  for (size_t i = 0; i < names.size(); ++i)
    Duck().bind_add_result_column(info, names[i].c_str(), ToDuckType(columns[i].type).get());
  Duck().bind_set_cardinality(info, static_cast<idx_t>((*scan)->rows_estimate()), false);
  Duck().bind_set_bind_data(info, new Bound{*std::move(scan)}, Delete<Bound>);
}

void Init(duckdb_init_info info) {
  const auto* bound = static_cast<const Bound*>(Duck().init_get_bind_data(info));
  auto* shared = new Shared{.scan = bound->scan, .projection = {}};
  const auto column_count = static_cast<idx_t>(bound->scan->columns().size());
  for (idx_t i = 0; i < Duck().init_get_column_count(info); ++i) {
    // count(*) asks for a virtual column, whose values nobody reads.
    const idx_t column = Duck().init_get_column_index(info, i);
    shared->projection.push_back(column < column_count ? static_cast<int>(column) : kNoColumn);
  }
  Duck().init_set_max_threads(info, std::max<idx_t>(1, bound->scan->part_count()));
  Duck().init_set_init_data(info, shared, Delete<Shared>);
}

void LocalInit(duckdb_init_info info) { Duck().init_set_init_data(info, new Local, Delete<Local>); }

/// Rows of the next part that has some; an empty chunk ends this thread's work.
Status Fill(Shared& shared, Local& local, duckdb_data_chunk out) {
  while (true) {
    if (local.part == nullptr) {
      const size_t part = shared.next_part++;
      if (part >= shared.scan->part_count()) break;
      ASSIGN_OR_RETURN(local.part, shared.scan->Open(part, shared.projection));
    }
    ASSIGN_OR_RETURN(const bool more, local.part->Next(out));
    if (more && Duck().data_chunk_get_size(out) > 0) return {};
    if (!more) local.part.reset();
  }
  Duck().data_chunk_set_size(out, 0);
  return {};
}

void Scan(duckdb_function_info info, duckdb_data_chunk out) {
  auto* shared = static_cast<Shared*>(Duck().function_get_init_data(info));
  auto* local = static_cast<Local*>(Duck().function_get_local_init_data(info));
  if (const Status filled = Fill(*shared, *local, out); !filled.ok())
    Duck().function_set_error(info, filled.error().message.c_str());
}

}  // namespace

ResolverScope::ResolverScope(TableResolver& resolver)
    : before_(std::exchange(current_resolver, &resolver)) {}
ResolverScope::~ResolverScope() { current_resolver = before_; }

Status RegisterScanFunction(duckdb_database database, duckdb_connection connection) {
  const DuckTableFunction function(Duck().create_table_function());
  Duck().table_function_set_name(function.get(), kFunction);
  const DuckType name(Duck().create_logical_type(DUCKDB_TYPE_VARCHAR));
  Duck().table_function_add_parameter(function.get(), name.get());
  Duck().table_function_set_bind(function.get(), Bind);
  Duck().table_function_set_init(function.get(), Init);
  Duck().table_function_set_local_init(function.get(), LocalInit);
  Duck().table_function_set_function(function.get(), Scan);
  Duck().table_function_supports_projection_pushdown(function.get(), true);
  if (Duck().register_table_function(connection, function.get()) != DuckDBSuccess)
    return Fail(ErrorCode::kSqlFailed, "the table function cannot be registered");
  Duck().add_replacement_scan(database, Replace, nullptr, nullptr);
  return {};
}

}  // namespace weir
