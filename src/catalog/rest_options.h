// Knobs of the REST catalog.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/options.h"

namespace weir::iceberg {

using StringPairs = std::vector<std::pair<std::string, std::string>>;

struct RestOptions {
  std::chrono::milliseconds token_lifetime = std::chrono::hours(1);
  std::chrono::milliseconds idempotency_lifetime = std::chrono::minutes(30);
  bool vend_credentials = true;
  bool plan_scans = true;
  std::chrono::milliseconds live_lifetime = std::chrono::minutes(10);
};

inline constexpr std::array kRestOptions = {
    Option<RestOptions>{"catalog.token-lifetime", &RestOptions::token_lifetime,
                        std::chrono::minutes(1), std::chrono::days(30), kRestart,
                        "How long a bearer token of the Iceberg REST catalog is good."},
    Option<RestOptions>{"catalog.idempotency-key-lifetime", &RestOptions::idempotency_lifetime,
                        std::chrono::minutes(1), std::chrono::days(1), kRestart,
                        "How long a request of the Iceberg REST catalog with an Idempotency-Key is "
                        "remembered, so that a retry is not done again."},
    Option<RestOptions>{
        "catalog.vend-credentials", &RestOptions::vend_credentials, kRestart,
        "Give the object store's keys to clients of the Iceberg REST catalog that ask for them "
        "(X-Iceberg-Access-Delegation), for tables whose place the catalog chose."},
    Option<RestOptions>{
        "catalog.plan-scans", &RestOptions::plan_scans, kRestart,
        "Tell clients of the Iceberg REST catalog to let the server plan their scans "
        "(scan-planning-mode=server), so that they see rows that are not tiered yet."},
    Option<RestOptions>{"catalog.live-lifetime", &RestOptions::live_lifetime,
                        std::chrono::seconds(1), std::chrono::days(1), kRestart,
                        "How long the files of a live state of a table stay after it was last "
                        "handed out; scans must end within."},
};

}  // namespace weir::iceberg
