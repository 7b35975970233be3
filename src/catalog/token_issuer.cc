#include "catalog/token_issuer.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "meta/store.h"

namespace weir::iceberg {
namespace {

namespace json = boost::json;

constexpr std::string_view kKeyName = "lake/rest/token-key";
constexpr size_t kKeyBytes = 32;
constexpr size_t kTokenBytesMax = 4096;
constexpr std::string_view kHeader =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";  // {"alg":"HS256","typ":"JWT"}
constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Base 64 with the alphabet of URLs and without padding (RFC 4648 §5).
std::string Base64Url(BytesView bytes) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<uint8_t>(byte);
    count += 8;
    for (; count >= 6; count -= 6) out += kDigits[bits >> (count - 6) & 63];
  }
  if (count > 0) out += kDigits[bits << (6 - count) & 63];
  return out;
}

std::string FromBase64Url(std::string_view text) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char digit : text) {
    const size_t value = kDigits.find(digit);
    if (value == std::string_view::npos) return "";
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 255);
  }
  return out;
}

Failure NotOurs() { return Fail(ErrorCode::kAuthenticate, "the token is not valid here"); }

}  // namespace

Result<TokenIssuer> TokenIssuer::Open(Store& store, std::chrono::seconds lifetime,
                                      const Clock& clock) {
  std::string key = store.Get(kKeyName).value_or("");
  if (key.size() != kKeyBytes) {
    key.resize(kKeyBytes);
    if (getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size()))
      return Fail(ErrorCode::kStorage, "the system gives no random bytes for the token key");
    Transaction transaction;
    transaction.Put(kKeyName, key);
    RETURN_IF_ERROR(store.Commit(transaction));
  }
  return TokenIssuer(std::move(key), lifetime, clock);
}

std::string TokenIssuer::Sign(std::string_view text) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  return Base64Url({reinterpret_cast<const char*>(digest.data()), size});
}

std::string TokenIssuer::Issue(std::string_view user) const {
  const int64_t now = clock_->NowMs() / 1000;
  const std::string claims =
      json::serialize(json::object{{"sub", json::string_view(user.data(), user.size())},
                                   {"iat", now},
                                   {"exp", now + lifetime_.count()}});
  const std::string text = fmt::format("{}.{}", kHeader, Base64Url(claims));
  return fmt::format("{}.{}", text, Sign(text));
}

Result<std::string> TokenIssuer::UserOf(std::string_view token) const {
  const size_t dot = token.rfind('.');
  if (token.size() > kTokenBytesMax || dot == std::string_view::npos) return NotOurs();
  const std::string_view text = token.substr(0, dot);
  const std::string expected = Sign(text);
  const std::string_view signature = token.substr(dot + 1);
  if (signature.size() != expected.size() ||
      CRYPTO_memcmp(signature.data(), expected.data(), expected.size()) != 0)
    return NotOurs();
  // What we signed is what Issue() wrote.
  if (!text.starts_with(kHeader)) return NotOurs();
  const std::string claims = FromBase64Url(text.substr(kHeader.size() + 1));
  boost::system::error_code error;
  const json::value value = json::parse(claims, error);
  if (error || !value.is_object()) return NotOurs();
  const json::value* user = value.as_object().if_contains("sub");
  const json::value* expires = value.as_object().if_contains("exp");
  if (user == nullptr || !user->is_string() || expires == nullptr || !expires->is_int64())
    return NotOurs();
  if (expires->as_int64() * 1000 <= clock_->NowMs())
    return Fail(ErrorCode::kAuthenticate, "the token has expired");
  return std::string(user->as_string());
}

}  // namespace weir::iceberg
