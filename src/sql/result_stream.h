// The answer to a piece of SQL text as bytes, produced as fast as they are taken: whoever sends
// them (an HTTP response, the shell's screen) calls Next() and so sets the pace. One session's
// state lives as long as its stream.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace weir {

enum class ResultFormat {
  kArrowStream,  // Arrow IPC stream; for one statement that returns rows
  kJsonLines,    // one JSON object per row, nothing else
  kCsv,          // RFC 4180 with a header line
  kFrames,       // one JSON line per event: columns, rows as text, end or error;
                 // docs/formats/sql_http.md
};

struct SqlRequest {
  std::string text;      // any number of statements, separated by ';'
  std::string database;  // what unqualified names mean at first; USE changes it
  ResultFormat format = ResultFormat::kJsonLines;
  bool frame_values_as_json = false;  // kFrames: rows hold JSON values instead of display text
};

class ResultStream {
 public:
  virtual ~ResultStream() = default;

  /// The next bytes, or an empty string at the end.
  ///
  /// Errors  the statement's error, once; bytes delivered before it are valid rows. kFrames reports
  /// statement
  ///         errors inside the stream instead and ends normally
  /// Thread  one at a time, one that may block
  virtual Result<std::string> Next() = 0;

  /// Whether Next() has nothing more to say; known as soon as the last bytes are delivered.
  virtual bool AtEnd() const = 0;

  /// Stop what is running: Next() returns kCancelled soon. Thread-safe.
  virtual void Cancel() = 0;
};

}  // namespace weir
