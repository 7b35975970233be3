// The HTTP side of the server: POST /v1/sql, the Iceberg REST catalog under /api/catalog,
// GET /healthz, GET /metrics and a page that says what is here. One thread with one event loop
// serves all connections; statements and the catalog run on bounded pools of threads that may
// block. Owned by server/, which hands in what lies outside web/'s layers.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/options.h"
#include "base/result.h"
#include "sql/engine.h"

namespace weir {

namespace iceberg {
class RestCatalog;
}

struct WebOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 8080;           // 0: any free one
  int32_t connections_max = 256;  // further ones are closed at once
  int32_t statements_max = 8;     // running at the same time; further requests get 503
  int32_t catalog_threads = 8;
  int32_t catalog_requests_max = 256;    // under way or waiting; further requests get 503
  int64_t request_bytes_max = 16 * MiB;  // of a body
  std::chrono::milliseconds statement_timeout{5 *
                                              60'000};  // for all statements of a request together
  std::chrono::milliseconds idle_timeout{
      60'000};  // between requests, and for the client to take bytes
};

inline constexpr std::array kWebOptions = {
    Option<WebOptions>{"web.connections-max", &WebOptions::connections_max, 1, 100'000, kRestart,
                       "HTTP connections; further ones are closed at once."},
    Option<WebOptions>{
        "web.statements-max", &WebOptions::statements_max, 1, 1024, kRestart,
        "SQL requests that run at the same time; further ones are answered with 503."},
    Option<WebOptions>{"web.catalog-threads", &WebOptions::catalog_threads, 1, 1024, kRestart,
                       "Threads for requests of the Iceberg REST catalog."},
    Option<WebOptions>{"web.catalog-requests-max", &WebOptions::catalog_requests_max, 1, 100'000,
                       kRestart,
                       "Requests of the Iceberg REST catalog under way or waiting for a thread; "
                       "further ones are answered with 503."},
    Option<WebOptions>{"web.request-size-max", &WebOptions::request_bytes_max, 64 * KiB, 1 * GiB,
                       kRestart, "The largest body of an HTTP request."},
    Option<WebOptions>{"web.statement-timeout", &WebOptions::statement_timeout,
                       std::chrono::seconds(1), std::chrono::days(1), kRestart,
                       "How long the statements of one request may take together."},
    Option<WebOptions>{
        "web.idle-timeout", &WebOptions::idle_timeout, std::chrono::seconds(1),
        std::chrono::days(1), kRestart,
        "Close an HTTP connection on which nothing happened, or whose client took no bytes."},
};

struct WebParts {
  SqlEngine& sql;
  std::function<std::string()> metrics;  // Prometheus text; called on the web thread
  /// What /healthz says, to everybody: names no paths. Called on the web thread.
  std::function<Status()> health;
  /// Whether a user may come in (HTTP Basic). Empty: everybody may, nobody is asked.
  std::function<bool(std::string_view user, std::string_view password)> authenticate;
  iceberg::RestCatalog* catalog = nullptr;  // null: no lake here
  std::string external_catalog = {};        // address of the one that has the tables; empty: ours
  /// How tiering is doing, as JSON (docs/formats/lake_status.md); called on a thread that may block.
  /// Empty: no lake.
  std::function<std::string()> lake_status = {};
  /// Check "database.table" and return the report as JSON; called on a thread that may block. Empty: no lake here.
  std::function<Result<std::string>(const std::string& table)> verify = {};
};

class WebServer {
 public:
  /// Listen and start the thread; on `listening`, a socket that already does, when there is one.
  /// Errors  kNetworkException  the address cannot be used; says which
  static Result<std::unique_ptr<WebServer>> Start(WebOptions options, WebParts parts,
                                                  int listening = -1);

  /// Cancels running statements, closes connections, joins the threads.
  ~WebServer();

  uint16_t port() const;

 private:
  class Impl;
  explicit WebServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
