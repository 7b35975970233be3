// Reading JSON documents of outside origin (INV-7), one line a member:
//   JsonFields in(value, "snapshot");
//   in.Need("snapshot-id", snapshot.snapshot_id);
//   in.Get("parent-snapshot-id", snapshot.parent_snapshot_id);
//   RETURN_IF_ERROR(in.status());
// The first thing that is wrong is kept; what comes after is not looked at. Internal to lake/: pulls in all of
// Boost.JSON.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace weir::iceberg {

namespace json = boost::json;

/// Parse a whole document, at most 256 levels deep.
/// Errors  kInvalidTable  not JSON, too deep, or longer than `bytes_max`
Result<json::value> ParseJson(BytesView text, int64_t bytes_max);

class JsonFields {
 public:
  /// what   the noun for messages, a literal
  JsonFields(const json::value& value, std::string_view what);

  /// Null when the member is absent or null, or something was wrong before.
  const json::value* Find(std::string_view key) const;

  /// A member that must be there.
  template <class T>
  void Need(std::string_view key, T& out) {
    const json::value* found = Find(key);
    if (found == nullptr) return Wrong(key, "is missing");
    Read(key, *found, out);
  }
  /// A member that may be absent or null: then `out` stays as it is.
  template <class T>
  void Get(std::string_view key, T& out) {
    if (const json::value* found = Find(key)) Read(key, *found, out);
  }
  /// Call `read` with each item of an array.
  void NeedEach(std::string_view key, const std::function<Status(const json::value&)>& read);
  void GetEach(std::string_view key, const std::function<Status(const json::value&)>& read);
  /// Read a member by a function that gives a Result.
  template <class T, class F>
  void NeedBy(std::string_view key, T& out, F&& read) {
    const json::value* found = Find(key);
    if (found == nullptr) return Wrong(key, "is missing");
    auto result = read(*found);
    if (!result.ok()) return Keep(std::move(result).error());
    out = std::move(*result);
  }

  void Wrong(std::string_view key, std::string_view problem);
  void Keep(Error error) {
    if (!error_) error_ = std::move(error);
  }
  Status status() const { return error_ ? Status(Failure(*error_)) : Status(); }

 private:
  void Read(std::string_view key, const json::value& value, int64_t& out);
  void Read(std::string_view key, const json::value& value, int32_t& out);
  void Read(std::string_view key, const json::value& value, bool& out);
  void Read(std::string_view key, const json::value& value, std::string& out);
  void Read(std::string_view key, const json::value& value, std::vector<int32_t>& out);
  void Read(std::string_view key, const json::value& value, std::vector<int64_t>& out);
  void Read(std::string_view key, const json::value& value, std::vector<std::string>& out);
  template <class Less>
  void Read(std::string_view key, const json::value& value,
            std::map<std::string, std::string, Less>& out) {
    if (!value.is_object()) return Wrong(key, "is not an object");
    for (const auto& [name, text] : value.get_object()) {
      if (!text.is_string()) return Wrong(key, "has a value that is not a string");
      out.insert_or_assign(std::string(name), std::string(text.get_string()));
    }
  }
  template <class T>
  void Read(std::string_view key, const json::value& value, std::optional<T>& out) {
    T inner{};
    Read(key, value, inner);
    if (!error_) out = std::move(inner);
  }
  template <class T>
  void ReadItems(std::string_view key, const json::value& value, std::vector<T>& out);

  const json::object* object_ = nullptr;
  std::string_view what_;
  std::optional<Error> error_;
};

/// Append each item's JSON.
template <class Items>
json::array ArrayToJson(const Items& items) {
  json::array out;
  for (const auto& item : items) out.emplace_back(ToJson(item));
  return out;
}

template <class Numbers>
json::array NumbersToJson(const Numbers& numbers) {
  json::array out;
  for (const auto number : numbers) out.emplace_back(static_cast<int64_t>(number));
  return out;
}

template <class Map>
json::object MapToJson(const Map& map) {
  json::object out;
  for (const auto& [key, value] : map) out[key] = value;
  return out;
}

}  // namespace weir::iceberg
