#include "cli/sql_frames.h"

#include <boost/json/parse.hpp>

namespace weir {
namespace {

constexpr std::string_view kRows = "{\"rows\":";

std::string Text(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

std::optional<int64_t> Number(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || !value->is_int64()) return {};
  return value->as_int64();
}

std::vector<FrameColumn> ColumnsOf(const boost::json::value& list) {
  std::vector<FrameColumn> columns;
  if (!list.is_array()) return columns;
  for (const boost::json::value& one : list.as_array()) {
    if (!one.is_object()) continue;
    const auto* number = one.as_object().if_contains("number");
    columns.push_back({Text(one.as_object(), "name"), Text(one.as_object(), "type"),
                       number != nullptr && number->is_bool() && number->as_bool()});
  }
  return columns;
}

}  // namespace

bool SplitJsonArray(std::string_view array, std::vector<std::string_view>& out) {
  out.clear();
  if (array.size() < 2 || array.front() != '[' || array.back() != ']') return false;
  const std::string_view inside = array.substr(1, array.size() - 2);
  size_t begin = 0;
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < inside.size(); ++i) {
    const char c = inside[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && depth == 0) {
      out.push_back(inside.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  if (!inside.empty()) out.push_back(inside.substr(begin));
  return depth == 0 && !quoted;
}

std::string JsonText(std::string_view value) {
  if (value.empty() || value.front() != '"') return std::string(value);
  boost::system::error_code error;
  const auto parsed =
      boost::json::parse(boost::json::string_view(value.data(), value.size()), error);
  return !error && parsed.is_string() ? std::string(parsed.as_string()) : std::string(value);
}

Status FrameReader::Feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    if (end == std::string_view::npos) {
      rest_ += bytes;
      return {};
    }
    rest_ += bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
    const std::string line = std::move(rest_);
    rest_.clear();
    if (!line.empty()) RETURN_IF_ERROR(Line(line));
  }
  return {};
}

Status FrameReader::Line(std::string_view line) {
  if (line.starts_with(kRows)) {
    std::vector<std::string_view> rows;
    const std::string_view list = line.substr(kRows.size(), line.size() - kRows.size() - 1);
    if (!SplitJsonArray(list, rows))
      return Fail(ErrorCode::kCorruptMessage, "the answer is damaged: {:.100}", line);
    for (const std::string_view row : rows) {
      if (!SplitJsonArray(row, cells_))
        return Fail(ErrorCode::kCorruptMessage, "the answer is damaged: {:.100}", row);
      sink_.Row(cells_);
    }
    return {};
  }
  boost::system::error_code error;
  const auto parsed = boost::json::parse(boost::json::string_view(line.data(), line.size()), error);
  if (error || !parsed.is_object())
    return Fail(ErrorCode::kCorruptMessage, "this is not a Weir server: it answered {:.100}", line);
  const boost::json::object& frame = parsed.as_object();
  if (const auto* columns = frame.if_contains("columns")) {
    sink_.Columns(ColumnsOf(*columns));
  } else if (const auto* done = frame.if_contains("done"); done != nullptr && done->is_object()) {
    const boost::json::object& object = done->as_object();
    const auto* ms = object.if_contains("ms");
    sink_.Done({.rows = Number(object, "rows").value_or(0),
                .affected = Number(object, "affected"),
                .ms = ms != nullptr && ms->is_double() ? ms->as_double() : 0,
                .notice = Text(object, "notice"),
                .database = Text(object, "database")});
  } else if (const auto* failed = frame.if_contains("error");
             failed != nullptr && failed->is_object()) {
    sink_.Error({Text(failed->as_object(), "code"), Text(failed->as_object(), "message")});
  }
  return {};
}

}  // namespace weir
