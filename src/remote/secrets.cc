#include "remote/secrets.h"

#include <algorithm>

namespace weir::iceberg {
namespace {

constexpr size_t kSecretBytesMin = 4;
constexpr size_t kMessageBytesMax = 500;
constexpr ptrdiff_t kFirstKept = 48;
constexpr size_t kSecretsMax = 64;

}  // namespace

void Secrets::Add(std::string_view secret) {
  if (secret.size() < kSecretBytesMin) return;
  const std::lock_guard lock(mutex_);
  if (std::ranges::find(secrets_, secret) != secrets_.end()) return;
  secrets_.emplace_back(secret);
  if (secrets_.size() > kSecretsMax) secrets_.erase(secrets_.begin() + kFirstKept);
}

std::string Secrets::Hide(std::string_view text) const {
  std::string out(text);
  const std::lock_guard lock(mutex_);
  // The longest first: one may be part of another.
  std::vector<std::string_view> longest(secrets_.begin(), secrets_.end());
  std::ranges::sort(longest, std::ranges::greater(), &std::string_view::size);
  for (const std::string_view secret : longest) {
    for (size_t at = out.find(secret); at != std::string::npos; at = out.find(secret, at + 3))
      out.replace(at, secret.size(), "***");
  }
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  if (out.size() > kMessageBytesMax) out.resize(kMessageBytesMax);
  return out;
}

}  // namespace weir::iceberg
