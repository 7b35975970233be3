#include "rpc/authentication.h"

#include <algorithm>

namespace weir {
namespace {

/// Takes a time that depends on the length of `given` only.
bool EqualInConstantTime(std::string_view given, std::string_view expected) {
  auto difference = static_cast<unsigned>(given.size() != expected.size());
  for (size_t i = 0; i < given.size(); ++i) {
    const char other = expected.empty() ? '\0' : expected[i % expected.size()];
    difference |= static_cast<unsigned>(given[i] ^ other);
  }
  return difference == 0;
}

}  // namespace

Result<Principal> Authenticator::Authenticate(std::string_view mechanism, BytesView token) const {
  if (mechanism != "PLAIN") {
    return Fail(ErrorCode::kAuthenticate, "unsupported mechanism: mechanism={} supported=PLAIN",
                mechanism);
  }
  const size_t first = token.find('\0');
  const size_t second = first == BytesView::npos ? first : token.find('\0', first + 1);
  if (second == BytesView::npos || token.find('\0', second + 1) != BytesView::npos) {
    return Fail(ErrorCode::kAuthenticate, "the PLAIN token is malformed");
  }
  const BytesView authzid = token.substr(0, first);
  const BytesView user = token.substr(first + 1, second - first - 1);
  const BytesView password = token.substr(second + 1);
  const auto found = users_.find(std::string(user));
  // An unknown user costs the same comparison as a known one.
  const bool matches = EqualInConstantTime(password, found == users_.end() ? "" : found->second);
  if (found == users_.end() || !matches || (!authzid.empty() && authzid != user) || user.empty()) {
    return Fail(ErrorCode::kAuthenticate, "authentication failed: invalid user or password");
  }
  return Principal{.name = std::string(user)};
}

Result<std::map<std::string, std::string>> ParseJaasUsers(std::string_view jaas) {
  constexpr std::string_view kKey = "user_";
  std::map<std::string, std::string> users;
  size_t at = 0;
  while ((at = jaas.find(kKey, at)) != std::string_view::npos) {
    at += kKey.size();
    const size_t equals = jaas.find('=', at);
    if (equals == std::string_view::npos || equals + 1 >= jaas.size() || jaas[equals + 1] != '"') {
      return Fail(ErrorCode::kInvalidConfig, "a JAAS user is written user_NAME=\"PASSWORD\"");
    }
    const size_t end = jaas.find('"', equals + 2);
    if (end == std::string_view::npos) {
      return Fail(ErrorCode::kInvalidConfig, "a JAAS password misses its closing quote");
    }
    users.emplace(jaas.substr(at, equals - at), jaas.substr(equals + 2, end - equals - 2));
    at = end + 1;
  }
  return users;
}

}  // namespace weir
