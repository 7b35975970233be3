#include "handlers/api_document.h"

#include <fmt/format.h>

#include "handlers/handlers.h"

namespace weir {
namespace {

std::string_view Text(Access access) {
  switch (access) {
    case Access::kPublic:
      return "anybody";
    case Access::kClient:
      return "clients";
    case Access::kPrivate:
      return "servers";
  }
  return "";
}

std::string_view Text(Operation operation) {
  switch (operation) {
    case Operation::kRead:
      return "READ";
    case Operation::kWrite:
      return "WRITE";
    case Operation::kCreate:
      return "CREATE";
    case Operation::kDrop:
      return "DROP";
    case Operation::kAlter:
      return "ALTER";
    case Operation::kDescribe:
      return "DESCRIBE";
  }
  return "";
}

std::string Text(const Needs& needs) {
  switch (needs.scope) {
    case Scope::kHandshake:
      return "nothing";
    case Scope::kCluster:
      return fmt::format("{} on the cluster", Text(needs.operation));
    case Scope::kDatabase:
      return fmt::format("{} on the database", Text(needs.operation));
    case Scope::kTable:
      return fmt::format("{} on the table", Text(needs.operation));
    case Scope::kEach:
      return fmt::format("{} on each thing named", Text(needs.operation));
  }
  return "";
}

}  // namespace

std::string ApisMarkdown() {
  std::string out =
      "# Requests\n\nWritten by `weir doc apis` from `src/handlers/api_table.cc`; do not edit. A "
      "request that is not served is not "
      "advertised by API_VERSIONS and is\nanswered with UNSUPPORTED_VERSION (2).\n\n"
      "| key | request | versions | served | called by | needs |\n|--:|---|---|---|---|---|\n";
  int served = 0;
  for (const Api& api : Apis()) {
    served += api.served() ? 1 : 0;
    out += fmt::format("| {} | {} | {}–{} | {} | {} | {} |\n", static_cast<int>(api.key), api.name,
                       api.version_min, api.version_max, api.served() ? "yes" : "no",
                       Text(api.access), Text(api.needs));
  }
  out += fmt::format("\n{} of {} are served.\n", served, Apis().size());
  return out;
}

}  // namespace weir
