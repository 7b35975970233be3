#include "rpc/request_context.h"

#include "net/connection.h"
#include "rpc/rpc_server.h"
#include "rpc/session.h"

namespace weir {

RequestContext::RequestContext(std::shared_ptr<Connection> connection, RpcSession& session,
                               const Api& api, RequestHeader header, int64_t frame_bytes)
    : connection_(std::move(connection)),
      session_(session),
      api_(api),
      header_(header),
      frame_bytes_(frame_bytes),
      principal_(session.principal()) {}

Services& RequestContext::services() const { return session_.server().parts().services; }
Shard& RequestContext::shard() const { return connection_->shard(); }
const boost::asio::ip::tcp::endpoint& RequestContext::local() const { return connection_->local(); }
const std::string& RequestContext::peer() const { return connection_->peer(); }
bool RequestContext::ending() const { return connection_->closed() || connection_->draining(); }

std::shared_ptr<void> RequestContext::NotifyWhenEnding(std::shared_ptr<Completion> waiting) {
  auto& parked = session_.parked();
  const auto at = parked.insert(parked.end(), std::move(waiting));
  // Removes the entry when let go of; the connection keeps the session alive until then.
  return {connection_.get(), [&parked, at, connection = connection_](void*) { parked.erase(at); }};
}

Status RequestContext::Authorize(Operation operation, const Resource& resource) const {
  return session_.server().parts().authorizer.Authorize(principal_, operation, resource);
}

Status RequestContext::AuthorizeTable(Operation operation, TableId table) const {
  if (allows_everything()) return {};
  const std::string name = session_.server().parts().table_name(table);
  if (name.empty()) return {};
  return Authorize(operation, {ResourceType::kTable, name});
}

bool RequestContext::allows_everything() const {
  return session_.server().parts().authorizer.allows_everything();
}

}  // namespace weir
