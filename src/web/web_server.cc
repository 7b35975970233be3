#include "web/web_server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <future>
#include <vector>

#include "base/log.h"
#include "web/web_context.h"

namespace weir {

namespace asio = boost::asio;
using asio::ip::tcp;

class WebServer::Impl {
 public:
  Impl(WebOptions options, WebParts parts) : context_(std::move(options), std::move(parts)) {}

  /// Take over a socket that listens.
  Status Adopt(int listening) {
    boost::system::error_code error;
    sockaddr_storage address{};
    socklen_t bytes = sizeof(address);
    getsockname(listening, reinterpret_cast<sockaddr*>(&address), &bytes);
    acceptor_.assign(address.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), listening, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    if (error) return CannotListen(error);
    return {};
  }

  Status Listen() {
    boost::system::error_code error;
    tcp::resolver resolver(web_.io());
    const auto found =
        resolver.resolve(context_.options.host, std::to_string(context_.options.port),
                         tcp::resolver::passive | tcp::resolver::numeric_service, error);
    if (error || found.empty()) return CannotListen(error);
    const tcp::endpoint endpoint = found.begin()->endpoint();
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return CannotListen(error);
    port_ = acceptor_.local_endpoint().port();
    return {};
  }

  void Start() {
    asio::co_spawn(web_.io(), Accept(), asio::detached);
    web_.Start();
  }

  void Stop() {
    // Statements first: while they end, the web thread still takes their results.
    std::promise<void> told;
    web_.Post([&] {
      context_.stopping = true;
      boost::system::error_code ignored;
      acceptor_.close(ignored);
      for (ResultStream* statement : context_.running) statement->Cancel();
      told.set_value();
    });
    told.get_future().wait();
    context_.StopPools();
    web_.Stop();
    web_.Join();
  }

  uint16_t port() const { return port_; }

 private:
  Status CannotListen(const boost::system::error_code& error) const {
    return Fail(ErrorCode::kNetworkException, "cannot listen for HTTP: address={}:{} reason={}",
                context_.options.host, context_.options.port, error.message());
  }

  Task<> Accept() {
    while (!context_.stopping) {
      boost::system::error_code error;
      tcp::socket socket =
          co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor)
        co_return;
      if (error) {
        // Out of file descriptors or the like: give the others a moment to close theirs.
        LogWarn("web", "accept failed: reason={}", error.message());
        asio::steady_timer pause(web_.io(), std::chrono::milliseconds(100));
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
        continue;
      }
      if (context_.connections >= context_.options.connections_max) continue;
      socket.set_option(tcp::no_delay(true), error);
      ++context_.connections;
      asio::co_spawn(web_.io(), ServeHttp(std::move(socket), context_),
                     [this](std::exception_ptr thrown) { Ended(thrown); });
    }
  }

  void Ended(const std::exception_ptr& thrown) {
    --context_.connections;
    if (thrown == nullptr || context_.stopping) return;
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      LogError("web", "a connection was dropped: error=\"{}\"", e.what());
    }
  }

  WebContext context_;
  uint16_t port_ = 0;
  Shard web_{kWebThread};  // below its users: its loop holds connections, which hold the context
  tcp::acceptor acceptor_{web_.io()};

  static constexpr int kWebThread = 10'000;  // a number that no bucket's shard has
};

WebServer::WebServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WebServer::~WebServer() { impl_->Stop(); }

Result<std::unique_ptr<WebServer>> WebServer::Start(WebOptions options, WebParts parts,
                                                    int listening) {
  auto impl = std::make_unique<Impl>(std::move(options), std::move(parts));
  RETURN_IF_ERROR(listening < 0 ? impl->Listen() : impl->Adopt(listening));
  impl->Start();
  return std::unique_ptr<WebServer>(new WebServer(std::move(impl)));
}

uint16_t WebServer::port() const { return impl_->port(); }

}  // namespace weir
