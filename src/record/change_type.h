// What a log record did to its row. The numbers are stored in log batches and never change.
// Source: org.apache.fluss.record.ChangeType.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

enum class ChangeType : uint8_t {
  kAppendOnly = 0,    // +A: a row of a log table
  kInsert = 1,        // +I
  kUpdateBefore = 2,  // -U: the row before an update; the next offset holds the row after it
  kUpdateAfter = 3,   // +U
  kDelete = 4,        // -D: the row that went
};

inline constexpr uint8_t kChangeTypeLast = 4;

/// "+A", "+I", "-U", "+U", "-D".
constexpr std::string_view ShortName(ChangeType type) {
  constexpr std::string_view kNames[] = {"+A", "+I", "-U", "+U", "-D"};
  return kNames[static_cast<uint8_t>(type)];
}

}  // namespace weir
