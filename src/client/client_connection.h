// One blocking connection of our own client to a server of the Fluss protocol. Requests are
// pipelined: send many, then receive replies in whatever order the server finishes them.
//   ASSIGN_OR_RETURN(auto connection, ClientConnection::Open("127.0.0.1", 9123, {}));
//   ASSIGN_OR_RETURN(auto databases,
//   connection->Call<pb::ListDatabasesResponse>(ApiKey::kListDatabases, request));
// Used by `weir bench`, `weir table`, `weir demo` and tests. One thread at a time; owns its socket.
#pragma once

#include <google/protobuf/message_lite.h>

#include <array>
#include <chrono>
#include <deque>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/api_keys.h"

namespace weir {

struct ClientOptions {
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds reply_timeout{60'000};
  std::string user;      // empty: no authentication
  std::string password;  // SASL/PLAIN
};

/// An answer as it came: either the body of a response message or the server's error.
struct ClientReply {
  int32_t request_id = 0;
  Status status;
  SharedBytes body;
};

class ClientConnection {
 public:
  /// Connect, exchange API versions and authenticate.
  /// Errors  kNetworkException  nobody listens, or what listens does not speak the protocol
  ///         kInvalidConfig     it speaks HTTP;  kAuthenticate
  static Result<std::unique_ptr<ClientConnection>> Open(const std::string& host, int port,
                                                        const ClientOptions& options);
  ~ClientConnection();
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;

  /// Queue a request and return its id; leaves with the next Flush or Receive, or when 64 KiB are
  /// queued. Errors  kUnsupportedVersion  the server does not serve this API;  kNetworkException
  /// the connection is gone
  Result<int32_t> Send(ApiKey api, const google::protobuf::MessageLite& request);

  /// Hand everything queued to the kernel. Replies that arrive meanwhile are kept for Receive.
  Status Flush();

  /// The next reply of any request.
  /// Errors  kNetworkException  the connection is gone;  kRequestTimeOut  nothing came in time
  Result<ClientReply> Receive();

  /// Send one request and wait for its answer, parsed. Replies to other requests are kept for
  /// Receive. Errors  the server's, or those of Send and Receive
  template <class Response>
  Result<Response> Call(ApiKey api, const google::protobuf::MessageLite& request) {
    Response response;
    RETURN_IF_ERROR(CallInto(api, request, response));
    return response;
  }

  /// Requests sent whose reply has not been received yet.
  int64_t in_flight() const { return in_flight_; }

 private:
  ClientConnection(int fd, const ClientOptions& options);

  Status CallInto(ApiKey api, const google::protobuf::MessageLite& request,
                  google::protobuf::MessageLite& response);
  Status Handshake();
  Status Authenticate();
  Result<int16_t> VersionOf(ApiKey api) const;
  /// Take what the socket has without blocking; whole frames go to replies_.
  Status ReceiveAvailable();
  /// Wait until the socket is ready for `events` (poll(2)) or the deadline passes.
  Status Wait(short events, std::chrono::steady_clock::time_point deadline);
  Status TakeFrames();
  Status TakeFrame(SharedBytes frame);

  struct Versions {
    int16_t min = -1;
    int16_t max = -1;
  };
  static constexpr int16_t kApiFirst = 1000;

  const int fd_;
  const ClientOptions options_;
  std::array<Versions, 128> versions_{};
  bool versions_known_ = false;
  int32_t next_request_id_ = 0;
  int64_t in_flight_ = 0;

  std::string out_;
  std::string in_;  // bytes received, from in_begin_ to in_end_
  size_t in_begin_ = 0;
  size_t in_end_ = 0;
  std::shared_ptr<char[]> large_;  // a frame larger than the buffer, being received
  size_t large_bytes_ = 0;
  size_t large_received_ = 0;
  std::deque<ClientReply> replies_;
};

}  // namespace weir
