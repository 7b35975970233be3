// One connection's view of the RPC server: who is on the other side. Lives on the connection's
// shard, as long as the connection object (which every request in progress keeps alive).
#pragma once

#include <list>
#include <memory>
#include <string>

#include "net/connection.h"
#include "rpc/authorization.h"
#include "rpc/request_context.h"
#include "rpc/rpc_server.h"

namespace weir {

class RpcSession : public FrameSink {
 public:
  RpcSession(RpcServer& server, Connection& connection)
      : server_(server), connection_(connection) {}

  void OnFrame(SharedBytes frame) override;
  std::string Refusal(const Error& error) override;
  void OnEnding() override;

  const Principal& principal() const { return principal_; }
  bool authenticated() const { return authenticated_; }
  /// The client proved who it is: the limits for strangers no longer apply.
  void SetPrincipal(Principal principal);

  /// The client failed to prove it: from now on it is a stranger who gets no second chance.
  void Refuse() { refused_ = true, authenticated_ = false; }
  bool refused() const { return refused_; }

  /// Requests that wait for something and stop waiting when the connection ends.
  std::list<std::shared_ptr<Completion>>& parked() { return parked_; }

  RpcServer& server() const { return server_; }
  Connection& connection() const { return connection_; }

 private:
  Status Admit(const RequestHeader& header, const Api* api) const;

  RpcServer& server_;
  Connection& connection_;
  Principal principal_;
  bool authenticated_ = false;
  bool refused_ = false;
  std::list<std::shared_ptr<Completion>> parked_;
};

}  // namespace weir
