#include "base/options.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "base/nearest_word.h"
#include "base/units.h"

namespace weir {

namespace {

std::string_view TypeName(bool) { return "Boolean"; }
std::string_view TypeName(int32_t) { return "Integer"; }
std::string_view TypeName(int64_t) { return "MemorySize"; }
std::string_view TypeName(double) { return "Double"; }
std::string_view TypeName(std::chrono::milliseconds) { return "Duration"; }
std::string_view TypeName(const std::string&) { return "String"; }
std::string_view TypeName(const std::vector<std::string>&) { return "List"; }

std::string Text(bool value) { return value ? "true" : "false"; }
std::string Text(int32_t value) { return std::to_string(value); }
std::string Text(int64_t value) { return FormatBytes(value); }
std::string Text(double value) { return fmt::format("{}", value); }
std::string Text(std::chrono::milliseconds value) { return FormatDuration(value); }
std::string Text(const std::string& value) { return value; }
std::string Text(const std::vector<std::string>& value) {
  std::string out;
  for (const std::string& item : value) out.append(out.empty() ? "" : ",").append(item);
  return out;
}

template <class N>
Result<N> ParseNumber(std::string_view text) {
  N value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Fail(ErrorCode::kInvalidConfig, "not a number: '{}'", text);
  }
  return value;
}

double AsNumber(std::chrono::milliseconds value) { return static_cast<double>(value.count()); }
template <class T>
double AsNumber(const T& value) {
  if constexpr (std::is_arithmetic_v<T>) return static_cast<double>(value);
  return 0;
}

template <class T>
T FromNumber(double number) {
  if constexpr (std::is_arithmetic_v<T>)
    return static_cast<T>(number);
  else if constexpr (std::is_same_v<T, std::chrono::milliseconds>)
    return T(static_cast<int64_t>(number));
  else
    return T();
}

template <class T>
std::string Bounds(double min, double max) {
  if (min == std::numeric_limits<double>::lowest()) return "";
  return Text(FromNumber<T>(min)) + " .. " + Text(FromNumber<T>(max));
}

}  // namespace

Status ParseOption(std::string_view text, bool& out) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (lower != "true" && lower != "false")
    return Fail(ErrorCode::kInvalidConfig, "not true or false: '{}'", text);
  out = lower == "true";
  return {};
}
Status ParseOption(std::string_view text, int32_t& out) {
  ASSIGN_OR_RETURN(out, ParseNumber<int32_t>(text));
  return {};
}
Status ParseOption(std::string_view text, int64_t& out) {
  ASSIGN_OR_RETURN(out, ParseBytes(text));
  return {};
}
Status ParseOption(std::string_view text, double& out) {
  ASSIGN_OR_RETURN(out, ParseNumber<double>(text));
  return {};
}
Status ParseOption(std::string_view text, std::chrono::milliseconds& out) {
  ASSIGN_OR_RETURN(out, ParseDuration(text));
  return {};
}
Status ParseOption(std::string_view text, std::string& out) {
  out = text;
  return {};
}
Status ParseOption(std::string_view text, std::vector<std::string>& out) {
  out.clear();
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    std::string_view item = text.substr(0, comma);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (!item.empty()) out.emplace_back(item);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return {};
}

template <class T>
void OptionSet::Bind(std::string_view key, T& value, double min, double max, Applied applied,
                     std::string_view doc) {
  Row row{.key = std::string(key),
          .type = std::string(TypeName(value)),
          .default_value = Text(value),
          .bounds = Bounds<T>(min, max),
          .applied = applied,
          .doc = std::string(doc),
          .get = [&value] { return Text(value); },
          .set = {}};
  row.set = [&value, min, max, bounds = row.bounds](std::string_view text) -> Status {
    T parsed{};
    RETURN_IF_ERROR(ParseOption(text, parsed));
    const double number = AsNumber(parsed);
    if (number < min || number > max)
      return Fail(ErrorCode::kInvalidConfig, "'{}' is not in {}", text, bounds);
    value = std::move(parsed);
    return {};
  };
  rows_.insert_or_assign(std::string(key), std::move(row));
}

template void OptionSet::Bind(std::string_view, bool&, double, double, Applied, std::string_view);
template void OptionSet::Bind(std::string_view, int32_t&, double, double, Applied,
                              std::string_view);
template void OptionSet::Bind(std::string_view, int64_t&, double, double, Applied,
                              std::string_view);
template void OptionSet::Bind(std::string_view, double&, double, double, Applied, std::string_view);
template void OptionSet::Bind(std::string_view, std::chrono::milliseconds&, double, double, Applied,
                              std::string_view);
template void OptionSet::Bind(std::string_view, std::string&, double, double, Applied,
                              std::string_view);
template void OptionSet::Bind(std::string_view, std::vector<std::string>&, double, double, Applied,
                              std::string_view);

Status OptionSet::Set(std::string_view key, std::string_view text) {
  const Row* row = Find(key);
  if (row == nullptr) {
    std::vector<std::string> keys;
    for (const auto& [known, unused] : rows_) keys.push_back(known);
    return Fail(ErrorCode::kInvalidConfig, "no such option: {}{}", key, DidYouMean(key, keys));
  }
  const Status set = row->set(text);
  if (!set.ok()) return Fail(set.code(), "{}: {}", key, set.error().message);
  return {};
}

const OptionSet::Row* OptionSet::Find(std::string_view key) const {
  const auto found = rows_.find(key);
  return found == rows_.end() ? nullptr : &found->second;
}

std::string OptionSet::ToMarkdown() const {
  std::string out =
      "| option | type | default | bounds | takes effect | meaning |\n|---|---|---|---|---|---|\n";
  for (const auto& [key, row] : rows_) {
    out += fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", key, row.type,
                       row.default_value.empty() ? "" : "`" + row.default_value + "`", row.bounds,
                       row.applied == kLive ? "at once" : "at restart", row.doc);
  }
  return out;
}

bool IsSensitiveKey(std::string_view key) {
  std::string lower(key);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  static constexpr std::array<std::string_view, 5> kWords = {"password", "secret", "token",
                                                             "credential", "access-key"};
  return std::ranges::any_of(
      kWords, [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

}  // namespace weir
