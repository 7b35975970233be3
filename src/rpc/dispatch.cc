// From a frame to its reply: header -> row -> admission -> handler -> reply. Version bounds,
// authentication, errors and metrics are applied here, once for all requests.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <exception>

#include "base/clock.h"
#include "base/log.h"
#include "rpc/rpc_server.h"
#include "rpc/session.h"

namespace weir {
namespace {

/// A bug in a library must cost one request, not the server.
Task<Result<Pieces>> RunHandler(RequestContext& context, SharedBytes body) {
  try {
    co_return co_await context.api().handler.run(context, std::move(body));
  } catch (const std::exception& e) {
    LogError("rpc", "a handler threw: api={} error=\"{}\"", context.api().name, e.what());
    co_return Fail(ErrorCode::kUnknownServerError, "internal error in {}", context.api().name);
  }
}

/// Note that one request was answered. Not a destructor's work: what is still parked when a server
/// is torn down ends after the metrics.
void Count(ApiMetrics& metrics, int64_t started_us, int64_t frame_bytes,
           const Result<Pieces>& reply) {
  metrics.requests.Add();
  metrics.request_bytes.Add(frame_bytes);
  metrics.seconds.ObserveUs(SystemClock().MonotonicUs() - started_us);
  if (reply.ok()) {
    metrics.reply_bytes.Add(reply->size());
  } else {
    metrics.errors.Add();
  }
}

Pieces Finish(Pieces reply, int32_t request_id) {
  const int64_t body_bytes = reply.size() - static_cast<int64_t>(kReplyHeaderBytes);
  StoreReplyHeader(std::get<std::string>(reply.parts().front()).data(), ReplyType::kSuccess,
                   request_id, body_bytes);
  return reply;
}

Task<void> Serve(std::shared_ptr<Connection> connection, RpcSession& session, const Api& api,
                 RequestHeader header, SharedBytes frame) {
  co_await NoteWaited();
  const auto frame_bytes = static_cast<int64_t>(frame.size());
  const int64_t started_us = SystemClock().MonotonicUs();
  RequestContext context(connection, session, api, header, frame_bytes);
  SharedBytes body = frame.Slice(frame.view().substr(kRequestHeaderBytes));
  frame = {};
  Result<Pieces> reply = co_await RunHandler(context, std::move(body));
  Count(session.server().MetricsOf(api), started_us, frame_bytes, reply);
  if (reply.ok()) {
    connection->Reply(Finish(std::move(*reply), header.request_id), frame_bytes);
    co_return;
  }
  connection->Reply(Pieces(EncodeErrorReply(header.request_id, reply.error())), frame_bytes);
  if (context.closes_after_answer()) connection->CloseWhenSent();
}

}  // namespace

RpcServer::RpcServer(RpcServerParts parts) : parts_(std::move(parts)) {
  for (const Api& api : parts_.apis) {
    by_key_.at(IndexOf(api.key)) = &api;
    if (!api.served()) continue;
    metrics_.at(IndexOf(api.key)) =
        std::make_unique<ApiMetrics>(parts_.metrics, MetricLabels{{"api", std::string(api.name)}});
  }
}

std::unique_ptr<FrameSink> RpcServer::MakeSession(Connection& connection) {
  return std::make_unique<RpcSession>(*this, connection);
}

const Api* RpcServer::Find(ApiKey key) const {
  const int at = static_cast<int>(key) - kFirstKey;
  return at >= 0 && at < kKeys ? by_key_[static_cast<size_t>(at)] : nullptr;
}

Status RpcSession::Admit(const RequestHeader& header, const Api* api) const {
  if (api == nullptr || !api->served()) {
    return Fail(ErrorCode::kUnsupportedVersion,
                "this server does not serve the request: api_key={} name={}",
                static_cast<int>(header.api_key), api == nullptr ? "unknown" : api->name);
  }
  if (api->access != Access::kPublic && !authenticated_ &&
      server_.parts().authenticator.required()) {
    return Fail(ErrorCode::kAuthenticate, "authenticate first: api={}", api->name);
  }
  if (header.api_version < api->version_min || header.api_version > api->version_max) {
    return Fail(ErrorCode::kUnsupportedVersion,
                "unsupported version: api={} version={} min={} max={}", api->name,
                header.api_version, api->version_min, api->version_max);
  }
  return {};
}

void RpcSession::OnFrame(SharedBytes frame) {
  const auto frame_bytes = static_cast<int64_t>(frame.size());
  const Result<RequestHeader> header = ParseRequestHeader(frame.view());
  if (!header.ok()) {
    connection_.Reply({}, frame_bytes);
    return connection_.Refuse(header.error());
  }
  const Api* api = server_.Find(header->api_key);
  if (const Status admitted = Admit(*header, api); !admitted.ok()) {
    if (admitted.code() == ErrorCode::kAuthenticate)
      server_.refusals().Note(connection_.peer(), api->name, admitted.error().message);
    return connection_.Reply(Pieces(EncodeErrorReply(header->request_id, admitted.error())),
                             frame_bytes);
  }
  boost::asio::co_spawn(
      connection_.shard().io(),
      Serve(connection_.shared_from_this(), *this, *api, *header, std::move(frame)),
      boost::asio::detached);
}

std::string RpcSession::Refusal(const Error& error) { return EncodeRefusal(error); }

void RpcSession::OnEnding() {
  for (const auto& waiting : parked_) waiting->Notify();
}

void RpcSession::SetPrincipal(Principal principal) {
  principal_ = std::move(principal);
  authenticated_ = true;
  connection_.Authenticated();
}

}  // namespace weir
