// What PyIceberg makes of values, transforms, metadata and updates (test/wire/iceberg/pyiceberg_vectors.py).
#pragma once

#include <boost/json.hpp>
#include <fstream>
#include <sstream>
#include <string_view>

namespace weir::iceberg {

inline const boost::json::array& PyicebergVectors(std::string_view part) {
  static const boost::json::object all = [] {
    std::ostringstream text;
    text << std::ifstream(WEIR_SOURCE_DIR "/test/wire/iceberg/pyiceberg_vectors.json").rdbuf();
    return boost::json::parse(text.str()).as_object();
  }();
  return all.at(part).as_array();
}

/// Without nulls and empty containers, which writers may leave out.
inline boost::json::value WithoutEmpties(const boost::json::value& value) {
  if (const auto* array = value.if_array()) {
    boost::json::array out;
    for (const auto& item : *array) out.push_back(WithoutEmpties(item));
    return out;
  }
  if (!value.is_object()) return value;
  boost::json::object out;
  for (const auto& [key, item] : value.get_object()) {
    boost::json::value kept = WithoutEmpties(item);
    const bool empty = kept.is_null() || (kept.is_array() && kept.get_array().empty()) ||
                       (kept.is_object() && kept.get_object().empty());
    if (!empty) out[key] = std::move(kept);
  }
  return out;
}

}  // namespace weir::iceberg
