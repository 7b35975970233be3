#include "cli/line_editor.h"

#include <editline/readline.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cwchar>

namespace weir {
namespace {

constexpr int kHistoryLines = 2000;
constexpr int kCtrlD = 4;

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

int wake_fd = -1;        // an eventfd: Ctrl-C was pressed
int terminal_fd = -1;    // standard input's terminal, opened again so as not to wait in read()
bool abandoned = false;  // the line being edited

/// The next byte from the terminal, or -1: its end, or Ctrl-C, which arrives as a signal on another
/// thread.
int NextByte() {
  while (true) {
    std::array<pollfd, 2> waits = {{{.fd = terminal_fd, .events = POLLIN, .revents = 0},
                                    {.fd = wake_fd, .events = POLLIN, .revents = 0}}};
    if (poll(waits.data(), waits.size(), -1) < 0) {
      if (errno != EINTR) return -1;
      continue;
    }
    uint64_t count = 0;
    if (waits[1].revents != 0 && read(wake_fd, &count, sizeof(count)) > 0) {
      abandoned = true;
      return -1;
    }
    unsigned char byte = 0;
    const ssize_t got = read(terminal_fd, &byte, 1);
    // The kernel drops what was typed before a Ctrl-C, also between poll() and read().
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got != 1) return -1;
    // The kernel's mark of a Ctrl-D that came while the terminal was not yet in the editor's hands.
    return byte == 0 ? kCtrlD : byte;
  }
}

/// The next character for libedit, which wants wide ones.
int NextCharacter(FILE*) {
  std::mbstate_t state{};
  while (true) {
    const int byte = NextByte();
    if (byte < 0) return -1;
    const char one = static_cast<char>(byte);
    wchar_t wide = 0;
    const size_t used = std::mbrtowc(&wide, &one, 1, &state);
    if (used == static_cast<size_t>(-2)) continue;  // more bytes belong to it
    return used == static_cast<size_t>(-1) ? byte : static_cast<int>(wide);
  }
}

}  // namespace

LineEditor::LineEditor(std::function<std::vector<std::string>()> source) {
  word_source = std::move(source);
  static char name[] = "weir";
  rl_readline_name = name;
  wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  // A description of its own: O_NONBLOCK on the one that we were given would bind whoever shares it.
  terminal_fd = open("/proc/self/fd/0", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (terminal_fd < 0) terminal_fd = STDIN_FILENO;
  rl_getc_function = NextCharacter;
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

LineEditor::Line LineEditor::Read(const std::string& prompt) {
  words.clear();
  abandoned = false;
  uint64_t count = 0;
  (void)!read(wake_fd, &count,
              sizeof(count));  // what came while a statement ran is not for this line
  char* line = readline(prompt.c_str());
  if (line == nullptr) {
    std::fputs(abandoned ? "^C\n" : "\n", stderr);
    return {.end = abandoned ? End::kAbandoned : End::kInputEnded, .text = ""};
  }
  Line out{.end = End::kEntered, .text = line};
  std::free(line);
  return out;
}

void LineEditor::Interrupt() {
  const uint64_t one = 1;
  if (wake_fd >= 0) (void)!write(wake_fd, &one, sizeof(one));
}

void LineEditor::Remember(const std::string& text) {
  // One entry per statement, on one line.
  std::string line = text;
  std::ranges::replace(line, '\n', ' ');
  add_history(line.c_str());
}

}  // namespace weir
