// A line from the terminal, with history and completion, through libedit. History is kept in
// ~/.weir_history. One per process, main thread.
#pragma once

#include <functional>
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

  enum class End {
    kEntered,
    kAbandoned,  // Ctrl-C
    kInputEnded  // Ctrl-D, or the terminal is gone
  };
  struct Line {
    End end = End::kInputEnded;
    std::string text;  // without its newline
  };
  Line Read(const std::string& prompt);
  /// Make the Read() under way return kAbandoned. Any thread.
  static void Interrupt();

  /// Add to the history.
  void Remember(const std::string& text);
};

}  // namespace weir
