// The lines of an SQL answer (docs/formats/sql_http.md), taken apart as they arrive.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir {

struct FrameColumn {
  std::string name;
  std::string type;
  bool number = false;
};

struct FrameDone {
  int64_t rows = 0;
  std::optional<int64_t> affected;
  double ms = 0;
  std::string notice;
  std::string database;
};

struct FrameError {
  std::string code;
  std::string message;
};

/// Told what an answer says, in its order.
class SqlFrameSink {
 public:
  virtual ~SqlFrameSink() = default;
  virtual void Columns(std::vector<FrameColumn> columns) = 0;
  /// cells  one JSON value per column; views that die when the call returns
  virtual void Row(const std::vector<std::string_view>& cells) = 0;
  virtual void Done(const FrameDone& done) = 0;
  virtual void Error(const FrameError& error) = 0;
};

class FrameReader {
 public:
  explicit FrameReader(SqlFrameSink& sink) : sink_(sink) {}

  /// Take the next bytes of the answer.
  /// Errors  kCorruptMessage  these are not such lines
  Status Feed(std::string_view bytes);

 private:
  Status Line(std::string_view line);

  SqlFrameSink& sink_;
  std::string rest_;  // of a line that has not ended
  std::vector<std::string_view> cells_;
};

/// The elements of a JSON array as written; false when it is none.
bool SplitJsonArray(std::string_view array, std::vector<std::string_view>& out);

/// The text of a JSON string, or anything else as it is.
std::string JsonText(std::string_view value);

}  // namespace weir
