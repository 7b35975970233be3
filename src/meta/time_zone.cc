#include "meta/time_zone.h"

#include <arrow/vendored/datetime/tz.h>

#include <charconv>
#include <exception>
#include <optional>

namespace weir {

namespace {

namespace date = arrow_vendored::date;
using Seconds = std::chrono::seconds;

/// "GMT+8", "GMT-03:30", "UTC+1", "+08:00" as seconds east of Greenwich.
std::optional<int64_t> FixedOffset(std::string_view zone) {
  if (zone == "UTC" || zone == "GMT" || zone == "Z") return 0;
  if (zone.starts_with("UTC") || zone.starts_with("GMT")) zone.remove_prefix(3);
  if (zone.empty() || (zone.front() != '+' && zone.front() != '-')) return std::nullopt;
  const int64_t sign = zone.front() == '+' ? 1 : -1;
  zone.remove_prefix(1);
  const auto number = [&zone](int64_t max) -> std::optional<int64_t> {
    int64_t value = 0;
    const auto [end, error] =
        std::from_chars(zone.data(), zone.data() + std::min<size_t>(zone.size(), 2), value);
    if (error != std::errc() || value < 0 || value > max) return std::nullopt;
    zone.remove_prefix(static_cast<size_t>(end - zone.data()));
    return value;
  };
  const auto hours = number(18);
  if (!hours) return std::nullopt;
  int64_t minutes = 0;
  if (!zone.empty()) {
    if (zone.front() == ':') zone.remove_prefix(1);
    const auto parsed = number(59);
    if (!parsed || !zone.empty()) return std::nullopt;
    minutes = *parsed;
  }
  return sign * (*hours * 3600 + minutes * 60);
}

/// The database throws for what it does not know; that ends here.
Result<const date::time_zone*> Locate(std::string_view zone) {
  try {
    return zone.empty() ? date::current_zone() : date::locate_zone(zone);
  } catch (const std::exception&) {
    if (zone.empty())
      return Fail(ErrorCode::kInvalidConfig, "the time zone of this machine is unknown");
    return Fail(ErrorCode::kInvalidConfig, "unknown time zone: '{}'", zone);
  }
}

}  // namespace

Result<int64_t> ToLocalSeconds(std::string_view zone, int64_t utc_seconds) {
  if (const auto offset = FixedOffset(zone)) return utc_seconds + *offset;
  const auto located = Locate(zone);
  if (!located.ok()) {
    if (zone.empty()) return utc_seconds;  // a machine without time zone files runs on UTC
    return Forward(located);
  }
  const date::sys_seconds at{Seconds(utc_seconds)};
  return (*located)->to_local(at).time_since_epoch().count();
}

}  // namespace weir
