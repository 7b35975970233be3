// Where the shell sends its statements: a server's HTTP port, or an engine in this process (weir
// sql --data-dir). Both answer with the same lines, described in docs/formats/sql_http.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/http_options.h"

namespace weir {

struct ShellRequest {
  std::string text;
  std::string database;
  bool values_as_json = false;  // rows hold JSON values instead of display text
};

class SqlBackend {
 public:
  virtual ~SqlBackend() = default;

  /// Run `request` and hand over the answer's bytes as they arrive; `take` returns false to stop
  /// early. Errors  kNetworkException  the server cannot be reached or went away; statement errors
  /// are in the bytes
  virtual Status Run(const ShellRequest& request,
                     const std::function<bool(std::string_view)>& take) = 0;

  /// Interrupt the Run() in progress. Called from a signal-watching thread.
  virtual void Cancel() = 0;

  /// What the greeting calls it: "server 127.0.0.1:8080".
  virtual std::string Describe() const = 0;
};

/// Talk to the HTTP port of a running server; connects on first use.
std::unique_ptr<SqlBackend> MakeHttpBackend(std::string host, uint16_t port, const HttpUser& user);

}  // namespace weir
