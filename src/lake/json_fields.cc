#include "lake/json_fields.h"

namespace weir::iceberg {
namespace {

constexpr size_t kJsonDepthMax = 256;

}  // namespace

Result<json::value> ParseJson(BytesView text, int64_t bytes_max) {
  if (static_cast<int64_t>(text.size()) > bytes_max) {
    return Fail(ErrorCode::kInvalidTable, "json document is too long: bytes={} max={}", text.size(),
                bytes_max);
  }
  json::parse_options options;
  options.max_depth = kJsonDepthMax;
  boost::system::error_code error;
  json::value value = json::parse(text, error, {}, options);
  if (error) {
    return Fail(ErrorCode::kInvalidTable, "not a json document: reason={}", error.message());
  }
  return value;
}

JsonFields::JsonFields(const json::value& value, std::string_view what) : what_(what) {
  object_ = value.if_object();
  if (object_ == nullptr) {
    error_ = Error{ErrorCode::kInvalidTable, fmt::format("{} is not a json object", what)};
  }
}

const json::value* JsonFields::Find(std::string_view key) const {
  if (error_) return nullptr;
  const json::value* found = object_->if_contains(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}

void JsonFields::Wrong(std::string_view key, std::string_view problem) {
  if (!error_) {
    error_ = Error{ErrorCode::kInvalidTable,
                   fmt::format("a member of {} {}: key={}", what_, problem, key)};
  }
}

void JsonFields::NeedEach(std::string_view key,
                          const std::function<Status(const json::value&)>& read) {
  if (Find(key) == nullptr) return Wrong(key, "is missing");
  GetEach(key, read);
}

void JsonFields::GetEach(std::string_view key,
                         const std::function<Status(const json::value&)>& read) {
  const json::value* found = Find(key);
  if (found == nullptr) return;
  if (!found->is_array()) return Wrong(key, "is not an array");
  for (const json::value& item : found->get_array()) {
    if (auto status = read(item); !status.ok()) return Keep(std::move(status).error());
  }
}

void JsonFields::Read(std::string_view key, const json::value& value, int64_t& out) {
  if (!value.is_int64()) return Wrong(key, "is not an integer");
  out = value.get_int64();
}

void JsonFields::Read(std::string_view key, const json::value& value, int32_t& out) {
  if (!value.is_int64() || value.get_int64() < INT32_MIN || value.get_int64() > INT32_MAX) {
    return Wrong(key, "is not a 32-bit integer");
  }
  out = static_cast<int32_t>(value.get_int64());
}

void JsonFields::Read(std::string_view key, const json::value& value, bool& out) {
  if (!value.is_bool()) return Wrong(key, "is not true or false");
  out = value.get_bool();
}

void JsonFields::Read(std::string_view key, const json::value& value, std::string& out) {
  if (!value.is_string()) return Wrong(key, "is not a string");
  out = value.get_string();
}

template <class T>
void JsonFields::ReadItems(std::string_view key, const json::value& value, std::vector<T>& out) {
  if (!value.is_array()) return Wrong(key, "is not an array");
  out.clear();
  for (const json::value& item : value.get_array()) {
    T read{};
    Read(key, item, read);
    if (error_) return;
    out.push_back(std::move(read));
  }
}

void JsonFields::Read(std::string_view key, const json::value& value, std::vector<int32_t>& out) {
  ReadItems(key, value, out);
}
void JsonFields::Read(std::string_view key, const json::value& value, std::vector<int64_t>& out) {
  ReadItems(key, value, out);
}
void JsonFields::Read(std::string_view key, const json::value& value,
                      std::vector<std::string>& out) {
  ReadItems(key, value, out);
}

}  // namespace weir::iceberg
