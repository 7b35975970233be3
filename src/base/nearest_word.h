// "Did you mean …?" for names that people type: SQL words, columns, options. Pure functions; ASCII letters count
// without their case.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// Optimal string alignment distance: insert, delete, replace, swap neighbours. Of the first 100 bytes of each.
size_t EditDistance(std::string_view a, std::string_view b);

/// What people meant by `word` most likely: the candidate with the smallest distance, or "" when none is near.
std::string NearestWord(std::string_view word, const std::vector<std::string>& candidates);

/// " (did you mean x?)", or "" when nothing is near.
std::string DidYouMean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace weir
