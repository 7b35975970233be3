// Test data made by the released Java client (test/wire/meta/MetaVectors.java).
#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace weir {

inline std::string GoldenMeta(const std::string& name) {
  std::ifstream in(WEIR_SOURCE_DIR "/test/wire/meta/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The lines of a golden file that are not comments, cut at `separator`.
inline std::vector<std::vector<std::string>> GoldenRows(const std::string& name, char separator) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(GoldenMeta(name));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#")) continue;
    auto& row = rows.emplace_back();
    std::istringstream parts(line);
    for (std::string part; std::getline(parts, part, separator);) row.push_back(part);
  }
  return rows;
}

}  // namespace weir
