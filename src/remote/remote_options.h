// How a catalog elsewhere is reached. Keys are those of Iceberg's own REST clients behind the prefix that Fluss gives
// its lake catalogs; a secret among them is never printed (base/options.h IsSensitiveKey, remote/secrets.h).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/options.h"

namespace weir::iceberg {

inline constexpr std::string_view kRemoteHeaderKeys = "datalake.iceberg.header.";

struct RemoteOptions {
  std::string type;  // "rest": a catalog elsewhere; empty: the built-in one
  std::string uri;
  std::string prefix;
  std::string credential;  // "id:secret" or "secret"
  std::string token;
  std::string scope = "catalog";
  std::string token_uri;
  /// `datalake.iceberg.header.<name>`; kept out of the option set, which is shown.
  std::vector<std::pair<std::string, std::string>> headers = {};

  std::chrono::milliseconds connect_time_max{5'000};
  std::chrono::milliseconds request_time_max{30'000};
  int32_t attempts_max = 4;
  std::chrono::milliseconds backoff_min{100};
  std::chrono::milliseconds backoff_max{5'000};
  int64_t response_bytes_max = 64 * MiB;

  bool enabled() const { return type == "rest"; }
};

inline constexpr std::array kRemoteOptions = {
    Option<RemoteOptions>{"datalake.iceberg.type", &RemoteOptions::type, kRestart,
                          "Catalog of the lake's tables: `rest` is the Iceberg REST catalog at "
                          "`datalake.iceberg.uri`, empty the built-in one."},
    Option<RemoteOptions>{"datalake.iceberg.uri", &RemoteOptions::uri, kRestart,
                          "Address of the external Iceberg REST catalog, without `/v1`."},
    Option<RemoteOptions>{"datalake.iceberg.prefix", &RemoteOptions::prefix, kRestart,
                          "Path of the catalog below `/v1`, for external catalogs that do not say "
                          "it themselves."},
    Option<RemoteOptions>{"datalake.iceberg.credential", &RemoteOptions::credential, kRestart,
                          "`id:secret` to get tokens of the external catalog with; never shown."},
    Option<RemoteOptions>{"datalake.iceberg.token", &RemoteOptions::token, kRestart,
                          "Bearer token for the external catalog; never shown."},
    Option<RemoteOptions>{"datalake.iceberg.scope", &RemoteOptions::scope, kRestart,
                          "OAuth2 scope to ask for with the credential."},
    Option<RemoteOptions>{"datalake.iceberg.oauth2-server-uri", &RemoteOptions::token_uri, kRestart,
                          "Address that gives tokens for the credential; empty means the "
                          "catalog's own `/v1/oauth/tokens`."},
    Option<RemoteOptions>{"lake.catalog.connect-timeout", &RemoteOptions::connect_time_max,
                          std::chrono::milliseconds(10), std::chrono::minutes(5), kRestart,
                          "Longest wait for a connection to the external catalog."},
    Option<RemoteOptions>{"lake.catalog.request-timeout", &RemoteOptions::request_time_max,
                          std::chrono::milliseconds(10), std::chrono::minutes(30), kRestart,
                          "Longest wait for an answer of the external catalog."},
    Option<RemoteOptions>{"lake.catalog.attempts-max", &RemoteOptions::attempts_max, 1, 100,
                          kRestart, "How often one request to the external catalog is tried."},
    Option<RemoteOptions>{"lake.catalog.backoff-min", &RemoteOptions::backoff_min,
                          std::chrono::milliseconds(1), std::chrono::minutes(1), kRestart,
                          "Wait before the first retry; doubles each time, less a random part."},
    Option<RemoteOptions>{"lake.catalog.backoff-max", &RemoteOptions::backoff_max,
                          std::chrono::milliseconds(1), std::chrono::minutes(10), kRestart,
                          "Longest wait between two tries, also when the catalog asks for more."},
    Option<RemoteOptions>{"lake.catalog.response-size-max", &RemoteOptions::response_bytes_max,
                          64 * KiB, 1 * GiB, kRestart,
                          "Longer answers of the external catalog are refused."},
};

}  // namespace weir::iceberg
