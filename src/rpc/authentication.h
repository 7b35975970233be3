// SASL/PLAIN (RFC 4616): token = [authzid] 0x00 user 0x00 password. Compares passwords in constant
// time. With no users configured nobody is asked. Source: Fluss 1.0.0 PlainServerAuthenticator.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "rpc/authorization.h"

namespace weir {

class Authenticator {
 public:
  /// `users`: name to password.
  explicit Authenticator(std::map<std::string, std::string> users) : users_(std::move(users)) {}

  /// Whether requests other than ApiVersions need a successful Authenticate first.
  bool required() const { return !users_.empty(); }

  /// Check one initial response of `mechanism`.
  /// Errors  kAuthenticate  unknown mechanism, malformed token, wrong user or password (without
  /// saying which) Thread  any
  Result<Principal> Authenticate(std::string_view mechanism, BytesView token) const;

 private:
  std::map<std::string, std::string> users_;
};

/// Users of a JAAS string: `... PlainLoginModule required user_alice="secret" user_bob="x";`
/// Errors  kInvalidConfig
Result<std::map<std::string, std::string>> ParseJaasUsers(std::string_view jaas);

}  // namespace weir
