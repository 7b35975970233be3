// Everything a handler may know about the request it answers besides its body. Lives until the
// answer is made; a coroutine may keep the reference across co_await. Used on the connection's
// shard.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <string>

#include "async/completion.h"
#include "async/shard.h"
#include "base/ids.h"
#include "base/result.h"
#include "rpc/authorization.h"
#include "wire/frame.h"

namespace weir {

struct Api;
struct Services;  // handlers/services.h: what handlers work with. Opaque here.
class Connection;
class RpcSession;

class RequestContext {
 public:
  RequestContext(std::shared_ptr<Connection> connection, RpcSession& session, const Api& api,
                 RequestHeader header, int64_t frame_bytes);

  const Api& api() const { return api_; }
  int16_t version() const { return header_.api_version; }
  int32_t request_id() const { return header_.request_id; }
  int64_t frame_bytes() const { return frame_bytes_; }

  Services& services() const;
  const Principal& principal() const { return principal_; }
  RpcSession& session() const { return session_; }
  Shard& shard() const;

  /// The address the client reached us at: what metadata must advertise.
  const boost::asio::ip::tcp::endpoint& local() const;
  const std::string& peer() const;
  /// Whether the client went away or the server is stopping: a parked request stops waiting and
  /// answers.
  bool ending() const;
  /// Notify `waiting` when that happens; hold on to the result as long as it is of interest.
  [[nodiscard]] std::shared_ptr<void> NotifyWhenEnding(std::shared_ptr<Completion> waiting);

  /// The only way to ask for permission.
  /// Errors  kAuthorization
  Status Authorize(Operation operation, const Resource& resource) const;
  /// By id: an unknown table is allowed here, and not found by whoever looks it up next.
  Status AuthorizeTable(Operation operation, TableId table) const;
  /// Whether permission is never refused, so that asking for each of many names can be skipped.
  bool allows_everything() const;

  /// Close the connection once the answer has been sent: it broke the rules.
  void CloseAfterAnswer() { close_after_answer_ = true; }
  bool closes_after_answer() const { return close_after_answer_; }

 private:
  std::shared_ptr<Connection> connection_;  // keeps the session alive
  RpcSession& session_;
  const Api& api_;
  RequestHeader header_;
  int64_t frame_bytes_;
  Principal principal_;
  bool close_after_answer_ = false;
};

}  // namespace weir
