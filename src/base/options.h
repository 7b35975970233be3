// An option is a struct member and a row beside it. Parsing, bounds, DESCRIBE_CLUSTER_CONFIGS, the
// command line's
// --set and docs/generated/options.md all walk the rows; code reads the plain member.
//
//   struct LogOptions {
//     int64_t segment_bytes = 1 * GiB;
//   };
//   inline constexpr std::array kLogOptions = {
//       Option<LogOptions>{"log.segment.file-size", &LogOptions::segment_bytes, 1 * MiB, 2 * GiB,
//       kRestart,
//                          "Roll to a new segment before the active one would pass this many
//                          bytes."},
//   };
//
// The member's type says how text is read: bool, int32_t (a count), int64_t (bytes), double (a
// ratio), std::chrono::milliseconds (a duration), std::string, std::vector<std::string>
// (comma-separated). Keys are Fluss's own where Fluss has the option. Source: Fluss ConfigOptions.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace weir {

/// When a new value takes effect.
enum class Applied { kRestart, kLive };
inline constexpr Applied kRestart = Applied::kRestart;
inline constexpr Applied kLive = Applied::kLive;

template <class Owner>
struct Option {
  using Member = std::variant<bool Owner::*, int32_t Owner::*, int64_t Owner::*, double Owner::*,
                              std::chrono::milliseconds Owner::*, std::string Owner::*,
                              std::vector<std::string> Owner::*>;
  std::string_view key;
  Member member;
  double min;  // inclusive; for durations in ms
  double max;
  Applied applied;
  std::string_view doc;

  /// A number, size or duration between `min` and `max`.
  template <class M, class Min, class Max>
  constexpr Option(std::string_view k, M Owner::* m, Min lo, Max hi, Applied when,
                   std::string_view text)
      : key(k), member(m), min(Number(lo)), max(Number(hi)), applied(when), doc(text) {}
  /// Without bounds: text, lists, switches.
  template <class M>
  constexpr Option(std::string_view k, M Owner::* m, Applied when, std::string_view text)
      : key(k),
        member(m),
        min(std::numeric_limits<double>::lowest()),
        max(std::numeric_limits<double>::max()),
        applied(when),
        doc(text) {}

 private:
  template <class N>
  static constexpr double Number(N n) {
    if constexpr (requires { std::chrono::duration_cast<std::chrono::milliseconds>(n).count(); }) {
      return static_cast<double>(std::chrono::duration_cast<std::chrono::milliseconds>(n).count());
    } else {
      return static_cast<double>(n);
    }
  }
};

/// Options of any module, bound to the structs that hold them. Not thread-safe: filled and read at
/// start.
class OptionSet {
 public:
  struct Row {
    std::string key;
    std::string type;  // "Boolean", "Integer", "MemorySize", "Duration", "Double", "String", "List"
    std::string default_value;  // as text
    std::string bounds;         // "" or "1mb .. 2gb"
    Applied applied;
    std::string doc;
    std::function<std::string()> get;
    std::function<Status(std::string_view)> set;
  };

  /// Bind `rows` to `owner`, which must outlive this set. The values at this moment are the
  /// defaults.
  template <class Owner>
  void Add(Owner& owner, std::span<const Option<Owner>> rows) {
    for (const Option<Owner>& option : rows) {
      std::visit(
          [&](auto member) {
            Bind(option.key, owner.*member, option.min, option.max, option.applied, option.doc);
          },
          option.member);
    }
  }
  template <class Owner, size_t N>
  void Add(Owner& owner, const std::array<Option<Owner>, N>& rows) {
    Add(owner, std::span<const Option<Owner>>(rows));
  }

  /// Set one option from text.
  /// Errors  kInvalidConfig  no such option; the text is not of its type; out of bounds
  Status Set(std::string_view key, std::string_view text);

  /// The row of `key`, or null.
  const Row* Find(std::string_view key) const;
  /// All rows by key.
  const std::map<std::string, Row, std::less<>>& rows() const { return rows_; }

  /// A Markdown table of every row, for docs/generated/options.md.
  std::string ToMarkdown() const;

 private:
  template <class T>
  void Bind(std::string_view key, T& value, double min, double max, Applied applied,
            std::string_view doc);

  std::map<std::string, Row, std::less<>> rows_;
};

/// Read one value as an option's text. Errors: kInvalidConfig; `out` is unchanged then.
Status ParseOption(std::string_view text, bool& out);
Status ParseOption(std::string_view text, int32_t& out);
Status ParseOption(std::string_view text, int64_t& out);  // bytes
Status ParseOption(std::string_view text, double& out);
Status ParseOption(std::string_view text, std::chrono::milliseconds& out);
Status ParseOption(std::string_view text, std::string& out);
Status ParseOption(std::string_view text, std::vector<std::string>& out);

/// Whether a key's value must not be shown: it names a password, secret, token or credential.
bool IsSensitiveKey(std::string_view key);

}  // namespace weir
