#include "cli/line_editor.h"

#include <editline/readline.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>

namespace weir {
namespace {

constexpr int kHistoryLines = 2000;

// libedit calls back without a context.
std::function<std::vector<std::string>()> word_source;
std::vector<std::string> words;  // of the line being edited; empty: not asked for yet

std::string HistoryFile() {
  const char* home = std::getenv("HOME");
  return home == nullptr || *home == '\0' ? "" : std::string(home) + "/.weir_history";
}

bool StartsWithIgnoringCase(const std::string& word, std::string_view prefix) {
  return word.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), word.begin(), [](char a, char b) {
           return std::toupper(static_cast<unsigned char>(a)) ==
                  std::toupper(static_cast<unsigned char>(b));
         });
}

char* NextMatch(const char* text, int state) {
  static size_t next = 0;
  if (state == 0) {
    next = 0;
    if (words.empty()) words = word_source();
  }
  while (next < words.size()) {
    const std::string& word = words[next++];
    if (StartsWithIgnoringCase(word, text)) return strdup(word.c_str());
  }
  return nullptr;
}

char** Complete(const char* text, int, int) {
  rl_attempted_completion_over = 1;  // no file names
  return rl_completion_matches(text, NextMatch);
}

}  // namespace

LineEditor::LineEditor(std::function<std::vector<std::string>()> source) {
  word_source = std::move(source);
  static char name[] = "weir";
  rl_readline_name = name;
  rl_initialize();
  using_history();
  stifle_history(kHistoryLines);
  rl_attempted_completion_function = Complete;
  static char breaks[] = " \t\n\"\\'`@$><=;|&{(,";
  rl_completer_word_break_characters = breaks;
  if (const std::string file = HistoryFile(); !file.empty()) read_history(file.c_str());
}

LineEditor::~LineEditor() {
  if (const std::string file = HistoryFile(); !file.empty()) write_history(file.c_str());
}

std::optional<std::string> LineEditor::Read(const std::string& prompt) {
  words.clear();
  char* line = readline(prompt.c_str());
  if (line == nullptr) return {};
  std::string out = line;
  std::free(line);
  return out;
}

void LineEditor::Remember(const std::string& text) {
  // One entry per statement, on one line.
  std::string line = text;
  std::ranges::replace(line, '\n', ' ');
  add_history(line.c_str());
}

}  // namespace weir
