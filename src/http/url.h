// Addresses of HTTP services, as configurations name them, and text as part of one.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace weir {

struct Url {
  bool tls = false;  // https
  std::string host;  // without the brackets of an IPv6 address
  std::string port;
  std::string target;  // path and query; begins with '/'

  /// What the Host header says.
  std::string Authority() const;
};

/// Errors  kInvalidConfig  not http:// or https://, no host, or a user name or fragment in it (the text is not
///                         repeated: it may hold a password)
Result<Url> ParseUrl(std::string_view text);

/// Everything but [A-Za-z0-9._~-] percent-encoded.
std::string EncodeUrlPart(std::string_view text);

using FormFields = std::vector<std::pair<std::string, std::string>>;
/// "a=1&b=2", encoded.
std::string EncodeForm(const FormFields& fields);

}  // namespace weir
