// Bearer tokens: JSON Web Tokens signed with HMAC-SHA256 (RFC 7519, HS256) and a key of this server. Checking one
// costs a hash and no look-up. Clients read the time of expiry out of them.
//
// Thread: any; immutable after it was made.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace weir {
class Store;
}

namespace weir::iceberg {

class TokenIssuer {
 public:
  /// The key is made once and kept in `store`, so that tokens outlive a restart.
  static Result<TokenIssuer> Open(Store& store, std::chrono::seconds lifetime,
                                  const Clock& clock = SystemClock());

  /// A token that lets `user` in for the lifetime.
  std::string Issue(std::string_view user) const;
  /// Errors  kAuthenticate  not ours, altered or expired
  Result<std::string> UserOf(std::string_view token) const;

  std::chrono::seconds lifetime() const { return lifetime_; }

 private:
  TokenIssuer(std::string key, std::chrono::seconds lifetime, const Clock& clock)
      : key_(std::move(key)), lifetime_(lifetime), clock_(&clock) {}
  std::string Sign(std::string_view text) const;

  std::string key_;
  std::chrono::seconds lifetime_;
  const Clock* clock_;
};

}  // namespace weir::iceberg
