// What HTTP clients get while the server opens its data: 503 with "starting" for every request, so that whoever waits
// for /healthz can tell a server that recovers from one that is not there. The web server takes the socket over.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

namespace weir {

class StartingPage {
 public:
  /// Listen and answer from a thread of its own.
  /// Errors  kNetworkException  the address cannot be used; says which
  static Result<std::unique_ptr<StartingPage>> Open(const std::string& host, uint16_t port);
  /// Stops and, unless it was handed over, closes the socket.
  ~StartingPage();

  /// Stop answering; the listening socket is the caller's from here on. Who connects from now on waits in it.
  int HandOver();

 private:
  class Impl;
  explicit StartingPage(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
