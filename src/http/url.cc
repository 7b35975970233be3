#include "http/url.h"

#include <fmt/format.h>

#include <boost/url.hpp>

namespace weir {

std::string Url::Authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (tls ? "443" : "80") ? name : name + ":" + port;
}

Result<Url> ParseUrl(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed || parsed->has_userinfo() || parsed->has_fragment() || parsed->host().empty())
    return Fail(ErrorCode::kInvalidConfig, "not an address like https://host:port/path");
  Url out;
  const auto scheme = parsed->scheme_id();
  if (scheme != boost::urls::scheme::http && scheme != boost::urls::scheme::https)
    return Fail(ErrorCode::kInvalidConfig, "not an address of http or https");
  out.tls = scheme == boost::urls::scheme::https;
  out.host = parsed->host_address();
  const std::string_view port = parsed->port();
  out.port = port.empty() ? (out.tls ? "443" : "80") : std::string(port);
  const std::string_view target = parsed->encoded_target();
  out.target = target.empty() ? "/" : std::string(target);
  if (out.target.front() != '/') out.target.insert(0, 1, '/');
  return out;
}

std::string EncodeUrlPart(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '_' || c == '~' || c == '-';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string EncodeForm(const FormFields& fields) {
  std::string out;
  for (const auto& [name, value] : fields)
    out +=
        fmt::format("{}{}={}", out.empty() ? "" : "&", EncodeUrlPart(name), EncodeUrlPart(value));
  return out;
}

}  // namespace weir
