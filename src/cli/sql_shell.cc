#include "cli/sql_shell.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <clocale>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <thread>

#include "cli/connect_options.h"
#include "cli/line_editor.h"
#include "cli/sql_frames.h"
#include "cli/sql_output.h"

namespace weir {
namespace {

constexpr int kExitInterrupted = 130;

constexpr std::string_view kHelp =
    "Statements end with ';' and may go over several lines. Ctrl-C stops a running one, Ctrl-D "
    "leaves.\n"
    "  \\l           databases              \\d           tables of the database in use\n"
    "  \\d NAME      columns of a table     \\x           rows below each other, on and off\n"
    "  \\?           this text              \\q           leave\n"
    "Try: SHOW DATABASES; CREATE DATABASE a; USE a; CREATE TABLE t (id INT, PRIMARY KEY (id) NOT "
    "ENFORCED);\n"
    "     INSERT INTO t VALUES (1); SELECT * FROM t; SELECT * FROM \"t$changelog\";\n";

int TerminalWidth() {
  winsize size{};
  if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

/// "1,234"
std::string Grouped(int64_t number) {
  std::string text = std::to_string(number);
  for (int at = static_cast<int>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<size_t>(at), ",");
  return text;
}

std::string Rows(int64_t count) {
  return fmt::format("{} {}", Grouped(count), count == 1 ? "row" : "rows");
}

/// Collects the first column of an answer: names for completion.
class NameSink : public SqlFrameSink {
 public:
  explicit NameSink(std::vector<std::string>& names) : names_(names) {}
  void Columns(std::vector<FrameColumn>) override {}
  void Row(const std::vector<std::string_view>& cells) override {
    names_.push_back(JsonText(cells[0]));
  }
  void Done(const FrameDone&) override {}
  void Error(const FrameError&) override {}

 private:
  std::vector<std::string>& names_;
};

/// Prints an answer: rows to stdout, what was done to stderr.
class PrintSink : public SqlFrameSink {
 public:
  PrintSink(RowPrinter& printer, bool talk, std::string& database)
      : printer_(printer), talk_(talk), database_(database) {}

  void Columns(std::vector<FrameColumn> columns) override {
    open_ = true;
    printer_.Begin(std::move(columns));
  }
  void Row(const std::vector<std::string_view>& cells) override { printer_.Row(cells); }
  void Done(const FrameDone& done) override {
    if (open_) printer_.End();
    if (talk_) {
      std::fflush(stdout);
      std::string what = done.notice.empty() ? Rows(done.rows) : done.notice;
      if (done.affected) what = Rows(*done.affected) + " written";
      std::fprintf(stderr, "(%s, %.1f ms)\n", what.c_str(), done.ms);
    }
    open_ = false;
    database_ = done.database;
  }
  void Error(const FrameError& error) override {
    if (open_) printer_.End();
    open_ = false;
    failed_ = true;
    std::fflush(stdout);
    std::fprintf(stderr, "error: %s [%s]\n", error.message.c_str(), error.code.c_str());
  }

  bool failed() const { return failed_; }

 private:
  RowPrinter& printer_;
  const bool talk_;
  std::string& database_;
  bool open_ = false;
  bool failed_ = false;
};

class SqlShell {
 public:
  SqlShell(const SqlShellOptions& options, SqlBackend& backend)
      : backend_(backend), format_(options.format), database_(options.database) {}

  int RunText(const std::string& text) { return Execute(text, false); }
  int RunInteractive();

  /// Ctrl-C, on the watcher's thread.
  void Interrupt() {
    interrupted_ = true;
    if (busy_) return backend_.Cancel();
    LineEditor::Interrupt();
  }

 private:
  int Execute(const std::string& text, bool talk);
  /// A line such as \d; returns false to leave.
  bool Command(std::string_view line);
  std::vector<std::string> Names(const std::string& sql);
  std::vector<std::string> Completions();
  std::string Prompt(bool inside) const {
    const std::string name = database_.empty() ? "weir" : "weir:" + database_;
    return inside ? std::string(name.size() > 1 ? name.size() - 1 : 0, ' ') + "-> " : name + "> ";
  }

  SqlBackend& backend_;
  ShellFormat format_;
  std::string database_;
  std::atomic<bool> busy_ = false;
  std::atomic<bool> interrupted_ = false;
};

int SqlShell::Execute(const std::string& text, bool talk) {
  const auto printer = MakeRowPrinter(format_, stdout, TerminalWidth());
  PrintSink sink(*printer, talk, database_);
  FrameReader reader(sink);
  Status understood;
  interrupted_ = false;
  busy_ = true;
  const Status ran =
      backend_.Run({.text = text, .database = database_, .values_as_json = WantsJson(format_)},
                   [&](std::string_view bytes) {
                     understood = reader.Feed(bytes);
                     return understood.ok();
                   });
  busy_ = false;
  std::fflush(stdout);
  if (ran.code() == ErrorCode::kCancelled || interrupted_) {
    std::fprintf(stderr, "cancelled\n");
    return kExitInterrupted;
  }
  const Status& status = ran.ok() ? understood : ran;
  if (!status.ok()) {
    return ReportError(status.error());
  }
  return sink.failed() ? kExitFailed : kExitOk;
}

std::vector<std::string> SqlShell::Names(const std::string& sql) {
  std::vector<std::string> names;
  NameSink sink(names);
  FrameReader reader(sink);
  (void)backend_.Run({.text = sql, .database = database_},
                     [&](std::string_view bytes) { return reader.Feed(bytes).ok(); });
  return names;
}

std::vector<std::string> SqlShell::Completions() {
  std::vector<std::string> words = {"SELECT",
                                    "FROM",
                                    "WHERE",
                                    "GROUP BY",
                                    "ORDER BY",
                                    "LIMIT",
                                    "INSERT INTO",
                                    "VALUES",
                                    "UPDATE",
                                    "SET",
                                    "DELETE FROM",
                                    "CREATE TABLE",
                                    "CREATE DATABASE",
                                    "DROP TABLE",
                                    "DROP DATABASE",
                                    "ALTER TABLE",
                                    "SHOW TABLES",
                                    "SHOW DATABASES",
                                    "SHOW CREATE TABLE",
                                    "SHOW PARTITIONS",
                                    "DESCRIBE",
                                    "USE",
                                    "PRIMARY KEY",
                                    "NOT ENFORCED",
                                    "PARTITIONED BY",
                                    "DISTRIBUTED BY",
                                    "EXPLAIN",
                                    "JOIN",
                                    "LEFT JOIN"};
  for (const std::string& database : Names("SHOW DATABASES")) {
    words.push_back(database);
    for (const std::string& table : Names("SHOW TABLES FROM `" + database + "`")) {
      words.push_back(database + "." + table);
      if (database == database_) words.push_back(table);
    }
  }
  return words;
}

bool SqlShell::Command(std::string_view line) {
  while (!line.empty() && (line.back() == ' ' || line.back() == ';')) line.remove_suffix(1);
  if (line == "\\q" || line == "quit" || line == "exit") return false;
  if (line == "\\?" || line == "help") {
    std::fputs(std::string(kHelp).c_str(), stderr);
  } else if (line == "\\l") {
    Execute("SHOW DATABASES", true);
  } else if (line == "\\d") {
    Execute("SHOW TABLES", true);
  } else if (line.starts_with("\\d ")) {
    Execute("DESCRIBE " + std::string(line.substr(3)), true);
  } else if (line == "\\x") {
    format_ = format_ == ShellFormat::kVertical ? ShellFormat::kAligned : ShellFormat::kVertical;
  } else {
    std::fprintf(stderr, "there is no %s; \\? lists what there is\n", std::string(line).c_str());
  }
  return true;
}

int SqlShell::RunInteractive() {
  std::fprintf(stderr, "Weir SQL, %s. \\? for help, Ctrl-D to leave.\n",
               backend_.Describe().c_str());
  LineEditor editor([this] { return Completions(); });
  std::string text;
  while (true) {
    const auto [end, line] = editor.Read(Prompt(!text.empty()));
    if (end == LineEditor::End::kInputEnded) break;
    if (end == LineEditor::End::kAbandoned) {
      text.clear();
      continue;
    }
    const bool command =
        line.starts_with('\\') || line == "quit" || line == "exit" || line == "help";
    if (text.empty() && command) {
      editor.Remember(line);
      if (!Command(line)) break;
      continue;
    }
    if (text.empty() && line.find_first_not_of(" \t") == std::string::npos) continue;
    text += (text.empty() ? "" : "\n") + line;
    if (!EndsStatement(text)) continue;
    editor.Remember(text);
    Execute(text, true);
    text.clear();
  }
  return kExitOk;
}

sigset_t InterruptSet() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  return set;
}

/// One thread waits for Ctrl-C, so that cancelling may lock and send.
void WatchForInterrupt(SqlShell& shell) {
  BlockInterrupt();
  std::thread([&shell] {
    const sigset_t set = InterruptSet();
    while (true) {
      int signal = 0;
      if (sigwait(&set, &signal) == 0) shell.Interrupt();
    }
  }).detach();
}

Result<std::string> ReadAll(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream file(path, std::ios::binary);
  if (!file) return Fail(ErrorCode::kStorage, "cannot read the file: path={}", path);
  // An iterator throws where the reading fails (a folder can be opened); read() only says so.
  std::string text;
  for (std::array<char, 65536> piece; file.good();) {
    file.read(piece.data(), piece.size());
    text.append(piece.data(), static_cast<size_t>(file.gcount()));
  }
  if (file.bad()) return Fail(ErrorCode::kStorage, "cannot read the file: path={}", path);
  return text;
}

}  // namespace

bool EndsStatement(std::string_view text) {
  char quote = 0;
  bool comment = false;
  bool ends = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (comment) {
      comment = c != '\n';
    } else if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '-' && text.substr(i).starts_with("--")) {
      comment = true;
    } else if (c == '\'' || c == '"' || c == '`') {
      quote = c;
      ends = false;
    } else if (c == ';') {
      ends = true;
    } else if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
      ends = false;
    }
  }
  return ends && quote == 0;
}

void BlockInterrupt() {
  const sigset_t set = InterruptSet();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

int RunSqlShell(const SqlShellOptions& options, SqlBackend& backend) {
  std::setlocale(LC_CTYPE, "C.UTF-8");
  // Lives as long as the watcher: until the process ends.
  static SqlShell* shell = nullptr;
  shell = new SqlShell(options, backend);
  WatchForInterrupt(*shell);
  if (options.command) return shell->RunText(*options.command);
  if (options.file) {
    const auto text = ReadAll(*options.file);
    if (text.ok()) return shell->RunText(*text);
    std::fprintf(stderr, "weir: %s\n", text.error().message.c_str());
    return kExitFailed;
  }
  if (isatty(STDIN_FILENO) != 0) return shell->RunInteractive();
  return shell->RunText(std::string(std::istreambuf_iterator<char>(std::cin), {}));
}

}  // namespace weir
