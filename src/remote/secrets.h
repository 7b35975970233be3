// Texts that must not appear in an error, a log or a metric, whoever writes them there: a catalog may well repeat in
// an error message what it was sent.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace weir::iceberg {

/// Thread: any.
class Secrets {
 public:
  /// Texts of less than 4 bytes are no secrets: hiding them would make every message unreadable. Of many, the first
  /// (those of the configuration) and the last (tokens of now) are kept.
  void Add(std::string_view secret);
  /// `text` with every secret in it replaced by "***", and cut to what a message can hold.
  std::string Hide(std::string_view text) const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> secrets_;
};

}  // namespace weir::iceberg
