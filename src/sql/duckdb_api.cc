#include "sql/duckdb_api.h"

#include <dlfcn.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/log.h"

namespace weir {
namespace {

constexpr std::string_view kVersion = "v1.5.5";

std::atomic<bool> g_loaded = false;

std::string BinaryFolder() {
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof(path));
  if (length <= 0) return ".";
  const std::string_view file(path, static_cast<size_t>(length));
  return std::string(file.substr(0, file.rfind('/')));
}

std::vector<std::string> Candidates() {
  if (const char* chosen = std::getenv("WEIR_DUCKDB_LIBRARY"); chosen != nullptr && *chosen != '\0')
    return {chosen};
  const std::string folder = BinaryFolder();
  return {folder + "/../lib/libduckdb.so", folder + "/../lib/weir/libduckdb.so",
          WEIR_DUCKDB_BUILD_PATH};
}

Result<DuckDbApi> Resolve(void* library) {
  DuckDbApi api;
  std::string missing;
#define WEIR_DUCKDB_RESOLVE(name)                                                   \
  api.name = reinterpret_cast<decltype(api.name)>(dlsym(library, "duckdb_" #name)); \
  if (api.name == nullptr) missing = "duckdb_" #name;
  WEIR_DUCKDB_FUNCTIONS(WEIR_DUCKDB_RESOLVE)
#undef WEIR_DUCKDB_RESOLVE
  if (!missing.empty())
    return Fail(ErrorCode::kUnsupportedVersion, "libduckdb.so lacks a function: name={}", missing);
  if (api.library_version() != kVersion)
    return Fail(ErrorCode::kUnsupportedVersion,
                "libduckdb.so is of another version: found={} needed={}", api.library_version(),
                kVersion);
  return api;
}

Result<DuckDbApi> Load() {
  const std::vector<std::string> candidates = Candidates();
  for (const std::string& path : candidates) {
    if (access(path.c_str(), R_OK) != 0) continue;
    // RTLD_LOCAL: its bundled zstd, mbedtls and others must not take part in anybody else's symbol
    // look-up.
    void* library = dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);
    if (library == nullptr)
      return Fail(ErrorCode::kUnsupportedVersion,
                  "libduckdb.so cannot be loaded: path={} reason={}", path, dlerror());
    LogInfo("sql", "loaded duckdb path={}", path);
    return Resolve(library);
  }
  return Fail(ErrorCode::kUnsupportedVersion,
              "libduckdb.so is not installed (./dev setup fetches it): looked_at={}",
              fmt::join(candidates, " "));
}

}  // namespace

Result<const DuckDbApi*> LoadDuckDb() {
  static const Result<DuckDbApi> api = Load();
  if (!api.ok()) return Failure(api.error());
  g_loaded = true;
  return &*api;
}

bool DuckDbIsLoaded() { return g_loaded; }

}  // namespace weir
