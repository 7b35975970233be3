#include "cli/sql_output.h"

#include <wchar.h>

#include <algorithm>
#include <numeric>

namespace weir {
namespace {

constexpr size_t kSampleRows = 1000;  // widths come from these; later rows that are wider are cut
constexpr size_t kTextRows = 8;       // more rows are a table, whatever is in them
constexpr int kWidthMin = 6;          // a column is not squeezed below this

void Write(std::FILE* out, std::string_view text) {
  (void)std::fwrite(text.data(), 1, text.size(), out);
}

/// The length in bytes and the width of the character that `text` begins with.
std::pair<size_t, int> FirstCharacter(std::string_view text) {
  wchar_t wide = 0;
  mbstate_t state{};
  const size_t bytes = mbrtowc(&wide, text.data(), text.size(), &state);
  if (bytes == 0 || bytes > text.size()) return {1, 1};
  return {bytes, std::max(0, wcwidth(wide))};
}

/// Control characters would move the cursor.
std::string Visible(std::string text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

/// `text` in exactly `width` cells.
std::string Fit(const std::string& text, int width, bool right) {
  const int taken = DisplayWidth(text);
  if (taken <= width) {
    const std::string space(static_cast<size_t>(width - taken), ' ');
    return right ? space + text : text + space;
  }
  std::string out;
  int used = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const auto [bytes, cells] = FirstCharacter(rest);
    if (used + cells > width - 1) break;
    out += rest.substr(0, bytes);
    used += cells;
    rest.remove_prefix(bytes);
  }
  return out + "…" + std::string(static_cast<size_t>(width - 1 - used), ' ');
}

class AlignedPrinter : public RowPrinter {
 public:
  AlignedPrinter(std::FILE* out, int width_max) : out_(out), width_max_(width_max) {}

  void Begin(std::vector<FrameColumn> columns) override {
    columns_ = std::move(columns);
    sample_.clear();
    widths_.clear();
  }

  void Row(const std::vector<std::string_view>& cells) override {
    std::vector<std::string> row;
    for (const std::string_view cell : cells) row.push_back(cell == "null" ? "" : JsonText(cell));
    if (!widths_.empty()) return Print(row);
    sample_.push_back(std::move(row));
    if (sample_.size() == kSampleRows) PrintSample();
  }

  void End() override {
    if (widths_.empty()) PrintSample();
    columns_.clear();
  }

 private:
  void PrintSample() {
    if (IsText()) {
      for (const auto& row : sample_) PrintText(row);
      widths_.assign(columns_.size(), kWidthMin);
      return;
    }
    for (size_t i = 0; i < columns_.size(); ++i) {
      int width = DisplayWidth(columns_[i].name);
      for (const auto& row : sample_) width = std::max(width, DisplayWidth(Visible(row[i])));
      widths_.push_back(std::max(width, 1));
    }
    Squeeze();
    std::string head, line;
    for (size_t i = 0; i < columns_.size(); ++i) {
      head +=
          (i == 0 ? " " : " | ") + Fit(Visible(columns_[i].name), widths_[i], columns_[i].number);
      line += i == 0 ? "" : "+";
      line += std::string(static_cast<size_t>(widths_[i]) + 2, '-');
    }
    head.erase(head.find_last_not_of(' ') + 1);
    Write(out_, head + "\n" + line + "\n");
    for (const auto& row : sample_) Print(row);
    sample_.clear();
  }

  /// A few texts of several lines, such as SHOW CREATE TABLE or plans behind their names: a table
  /// around them only hurts.
  bool IsText() const {
    return sample_.size() <= kTextRows && columns_.size() <= 2 &&
           std::ranges::any_of(
               sample_, [](const auto& row) { return row.back().find('\n') != std::string::npos; });
  }

  void PrintText(const std::vector<std::string>& row) {
    const bool lines = row.back().find('\n') != std::string::npos;
    Write(out_, (lines || row.size() == 1 ? "" : row.front() + ": ") + row.back() + "\n");
  }

  /// Take from the widest columns until the line fits the terminal.
  void Squeeze() {
    const int frame = static_cast<int>(widths_.size()) * 3 - 1;
    int excess =
        width_max_ == 0 ? 0 : std::accumulate(widths_.begin(), widths_.end(), frame) - width_max_;
    while (excess > 0) {
      const auto widest = std::ranges::max_element(widths_);
      if (*widest <= kWidthMin) return;
      --*widest;
      --excess;
    }
  }

  void Print(const std::vector<std::string>& row) {
    std::string line;
    for (size_t i = 0; i < row.size() && i < widths_.size(); ++i) {
      // The last column of text needs no space behind it; a pipe takes long values whole.
      const bool last = i + 1 == row.size();
      const std::string text = Visible(row[i]);
      line += i == 0 ? " " : " | ";
      const bool whole = (last && !columns_[i].number && width_max_ == 0) ||
                         (width_max_ == 0 && DisplayWidth(text) > widths_[i]);
      line += whole ? text : Fit(text, widths_[i], columns_[i].number);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    Write(out_, line + "\n");
  }

  std::FILE* out_;
  const int width_max_;
  std::vector<FrameColumn> columns_;
  std::vector<int> widths_;                       // empty until the head is printed
  std::vector<std::vector<std::string>> sample_;  // the rows before that
};

class VerticalPrinter : public RowPrinter {
 public:
  explicit VerticalPrinter(std::FILE* out) : out_(out) {}

  void Begin(std::vector<FrameColumn> columns) override {
    columns_ = std::move(columns);
    row_ = 0;
    width_ = 0;
    for (const FrameColumn& column : columns_) width_ = std::max(width_, DisplayWidth(column.name));
  }
  void Row(const std::vector<std::string_view>& cells) override {
    Write(out_, fmt::format("-[ row {} ]{:-<{}}\n", ++row_, "", width_));
    for (size_t i = 0; i < cells.size() && i < columns_.size(); ++i)
      Write(out_, fmt::format("{} | {}\n", Fit(columns_[i].name, width_, false),
                              cells[i] == "null" ? "" : JsonText(cells[i])));
  }
  void End() override {}

 private:
  std::FILE* out_;
  std::vector<FrameColumn> columns_;
  int64_t row_ = 0;
  int width_ = 0;
};

class CsvPrinter : public RowPrinter {
 public:
  explicit CsvPrinter(std::FILE* out) : out_(out) {}

  void Begin(std::vector<FrameColumn> columns) override {
    std::string line;
    for (const FrameColumn& column : columns) Append(line, column.name);
    WriteLine(std::move(line));
  }
  void Row(const std::vector<std::string_view>& cells) override {
    std::string line;
    for (const std::string_view cell : cells) {
      if (cell == "null") {
        line += ',';
      } else {
        Append(line, JsonText(cell));
      }
    }
    WriteLine(std::move(line));
  }
  void End() override {}

 private:
  void WriteLine(std::string line) {
    if (!line.empty()) line.back() = '\n';  // the last comma
    Write(out_, line);
  }
  /// With a comma behind.
  static void Append(std::string& line, const std::string& text) {
    if (!text.empty() && text.find_first_of("\",\r\n") == std::string::npos) {
      line += text + ",";
      return;
    }
    line += '"';
    for (const char c : text) line += c == '"' ? "\"\"" : std::string(1, c);
    line += "\",";
  }

  std::FILE* out_;
};

class JsonPrinter : public RowPrinter {
 public:
  explicit JsonPrinter(std::FILE* out) : out_(out) {}

  void Begin(std::vector<FrameColumn> columns) override {
    keys_.clear();
    for (const FrameColumn& column : columns) keys_.push_back(Quoted(column.name) + ":");
  }
  void Row(const std::vector<std::string_view>& cells) override {
    std::string line = "{";
    for (size_t i = 0; i < cells.size() && i < keys_.size(); ++i) {
      if (i > 0) line += ',';
      line += keys_[i];
      line += cells[i];
    }
    Write(out_, line + "}\n");
  }
  void End() override {}

 private:
  static std::string Quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      if (static_cast<unsigned char>(c) < 0x20) {
        out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
      } else {
        out += c;
      }
    }
    return out + '"';
  }

  std::FILE* out_;
  std::vector<std::string> keys_;
};

}  // namespace

int DisplayWidth(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const auto [bytes, cells] = FirstCharacter(text);
    width += cells;
    text.remove_prefix(bytes);
  }
  return width;
}

std::unique_ptr<RowPrinter> MakeRowPrinter(ShellFormat format, std::FILE* out, int width_max) {
  switch (format) {
    case ShellFormat::kAligned:
      return std::make_unique<AlignedPrinter>(out, width_max);
    case ShellFormat::kVertical:
      return std::make_unique<VerticalPrinter>(out);
    case ShellFormat::kCsv:
      return std::make_unique<CsvPrinter>(out);
    case ShellFormat::kJson:
      return std::make_unique<JsonPrinter>(out);
  }
  return nullptr;
}

}  // namespace weir
