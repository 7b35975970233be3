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
};

}  // namespace weir::iceberg
