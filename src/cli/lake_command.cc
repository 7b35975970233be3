#include "cli/lake_command.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <memory>

#include "cli/connect_options.h"
#include "cli/http_get.h"

namespace weir {
namespace {

namespace json = boost::json;

constexpr int kExitFailing = 4;

struct Options {
  HttpOptions http;
  bool as_json = false;
};

int64_t NumberOf(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

std::string TextOf(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

/// The external catalog, when there is one; returns whether it gives no answer.
bool PrintCatalog(const json::object& status) {
  const json::value* value = status.if_contains("catalog");
  const json::object* catalog = value == nullptr ? nullptr : value->if_object();
  if (catalog == nullptr) return false;
  const json::value* up = catalog->if_contains("up");
  const bool down = up != nullptr && up->is_bool() && !up->get_bool();
  fmt::print("catalog {} {}\n", TextOf(*catalog, "uri"), down ? "gives no answer" : "answers");
  if (down) fmt::print("  {}\n", TextOf(*catalog, "error"));
  return down;
}

/// Print a line per table; returns whether the last round or look of maintenance failed at one.
bool PrintTables(const json::array& tables) {
  fmt::print("{:<36} {:<10} {:>9} {:>8} {:>12} {:>10} {:>9} {:>8}\n", "TABLE", "STATE", "FRESHNESS",
             "ROUNDS", "ROWS", "BEHIND", "LAG", "LAST");
  bool failing = false;
  for (const json::value& item : tables) {
    const json::object* table = item.if_object();
    if (table == nullptr) continue;
    fmt::print("{:<36} {:<10} {:>8}s {:>8} {:>12} {:>10} {:>8.1f}s {:>6}ms\n",
               TextOf(*table, "table"), TextOf(*table, "state"),
               NumberOf(*table, "freshness_ms") / 1000, NumberOf(*table, "rounds"),
               NumberOf(*table, "rows"), NumberOf(*table, "behind_rows"),
               static_cast<double>(NumberOf(*table, "behind_ms")) / 1000,
               NumberOf(*table, "last_duration_ms"));
    if (const int64_t failures = NumberOf(*table, "failures"); failures > 0) {
      failing = true;
      fmt::print("  failed {} times: {}\n", failures, TextOf(*table, "error"));
    }
    if (const std::string error = TextOf(*table, "maintenance_error"); !error.empty()) {
      failing = true;
      fmt::print("  maintenance failed: {}\n", error);
    }
  }
  return failing;
}

Result<int> ShowStatus(const Options& options) {
  ASSIGN_OR_RETURN(const std::string body, HttpGet(options.http, "/v1/lake"));
  if (options.as_json) {
    fmt::print("{}", body);
    return kExitOk;
  }
  boost::system::error_code error;
  const json::value document = json::parse(body, error);
  const json::object* object = error ? nullptr : document.if_object();
  const json::value* tables = object == nullptr ? nullptr : object->if_contains("tables");
  if (tables == nullptr || !tables->is_array())
    return Fail(ErrorCode::kNetworkException, "the server's answer is not understood");
  const bool down = PrintCatalog(*object);
  const bool failing = PrintTables(tables->get_array());
  return down || failing ? kExitFailing : kExitOk;
}

}  // namespace

void AddLakeCommand(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* lake = app.add_subcommand("lake", "Look at the lake of a running server");
  lake->require_subcommand(1);
  CLI::App* status = lake->add_subcommand("status", "Show how far each table's tiering is");
  AddHttpOptions(*status, options->http);
  status->add_flag("--json", options->as_json, "Print the server's answer as it is");
  status->footer(
      "Exit codes: 0 all is well, 1 refused, 3 the server cannot be reached, 4 a table or the "
      "catalog fails.");
  status->callback([options, &exit_code] {
    const Result<int> shown = ShowStatus(*options);
    exit_code = shown.ok() ? *shown : ReportError(shown.error());
  });
}

}  // namespace weir
