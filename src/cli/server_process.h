// A `weir serve` of this very binary as a child process, for commands that need a server of their
// own (demo, bench).
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace weir {

class ServerProcess {
 public:
  /// Start a server on free loopback ports with its log in `data_dir`.log and wait until it
  /// answers. Errors  kNetworkException  it does not answer within seconds, or ends; the message
  /// has the end of its log
  static Result<std::unique_ptr<ServerProcess>> Start(const std::string& data_dir);

  /// Stops the server: SIGTERM, then SIGKILL when it does not end.
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  pid_t pid() const { return pid_; }
  const std::string& address() const { return address_; }  // host:port of the wire protocol
  const std::string& http_address() const { return http_address_; }

 private:
  ServerProcess() = default;

  pid_t pid_ = -1;
  std::string address_;
  std::string http_address_;
};

/// CPU seconds (user + system) a process has used so far; 0 when it is gone.
double CpuSecondsOf(pid_t pid);

/// Run this binary with `arguments` and wait for it. Its output goes to our stdout, or into
/// `output` when given. Returns its exit code.
Result<int> RunSelf(const std::vector<std::string>& arguments, std::string* output = nullptr);

/// The same for another program, found in PATH when its name has no slash.
Result<int> RunProgram(const std::string& program, const std::vector<std::string>& arguments,
                       std::string* output = nullptr);

}  // namespace weir
