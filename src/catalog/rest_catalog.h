// The Iceberg REST catalog as one object: requests in, answers out, no HTTP. Owned by server/, served by web/ under
// /api/catalog. It speaks the specification; what tables are and how they change is LakeCatalog's.
//
// Thread: any. Handle blocks (files, the meta store): never on the web thread.
// Source: Iceberg REST catalog OpenAPI, checked by its compatibility kit (test/rck).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "catalog/rest_options.h"
#include "catalog/rest_request.h"

namespace weir {
class MetricRegistry;
class Store;
}  // namespace weir

namespace weir::iceberg {

class FileIo;
class HotRows;
class LakeCatalog;

struct RestCatalogParts {
  LakeCatalog& lake;
  FileIo& live_files;  // for files that live for minutes
  Store& store;        // keys, and commits that carried an idempotency key
  MetricRegistry& metrics;
  /// Whether a user may come in; empty: everybody may, nobody is asked.
  std::function<bool(std::string_view user, std::string_view password)> authenticate;
  /// Properties for the clients' file access without secrets (endpoint, region), and the secrets.
  StringPairs file_settings;
  StringPairs file_secrets;
};

class RestCatalog {
 public:
  /// Errors  kStorage  the token key cannot be kept
  static Result<std::unique_ptr<RestCatalog>> Open(RestCatalogParts parts, RestOptions options,
                                                   const Clock& clock = SystemClock());
  ~RestCatalog();

  /// Whether one must be somebody for this path; the token endpoint is open.
  static bool NeedsUser(std::string_view path);
  /// Who a bearer token lets in. Does not block. Errors  kAuthenticate
  Result<std::string> UserOfToken(std::string_view token) const;

  RestResponse Handle(RestRequest request);
  /// Show rows that are not tiered yet; before the first request. `rows` outlives this.
  void SetHotRows(HotRows* rows);
  /// Let go of what nobody uses any more; now and then. Blocks.
  void Sweep();

 private:
  struct State;
  explicit RestCatalog(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace weir::iceberg
