// A line from the terminal, with history and completion, through libedit. History is kept in
// ~/.weir_history. One per process, main thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace weir {

class LineEditor {
 public:
  /// words  asked for at the first Tab after each statement: what can be completed
  explicit LineEditor(std::function<std::vector<std::string>()> words);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  /// The next line without its newline; nothing at the end of the input.
  std::optional<std::string> Read(const std::string& prompt);

  /// Add to the history.
  void Remember(const std::string& text);
};

}  // namespace weir
