#include "net/listener.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/log.h"

namespace weir {

using boost::asio::ip::tcp;

Result<HostPort> ParseHostPort(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return Fail(ErrorCode::kInvalidConfig, "an address is HOST:PORT: address=\"{}\"", text);
  }
  std::string_view host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  const std::string_view digits = text.substr(colon + 1);
  int port = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port < 0 || port > 65535 ||
      host.empty()) {
    return Fail(ErrorCode::kInvalidConfig, "an address is HOST:PORT: address=\"{}\"", text);
  }
  return HostPort{std::string(host), port};
}

Result<std::unique_ptr<Listener>> Listener::Open(Shards& shards, const HostPort& address,
                                                 OnAccepted on_accepted) {
  boost::asio::io_context& io = shards.at(0).io();
  boost::system::error_code error;
  const auto endpoints = tcp::resolver(io).resolve(address.host, std::to_string(address.port),
                                                   tcp::resolver::passive, error);
  if (error || endpoints.empty()) {
    return Fail(ErrorCode::kInvalidConfig,
                "cannot resolve the address to listen on: host={} error=\"{}\"", address.host,
                error.message());
  }
  const tcp::endpoint endpoint = endpoints.begin()->endpoint();
  tcp::acceptor acceptor(io);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(SOMAXCONN, error);
  if (!error) acceptor.non_blocking(true, error);
  if (error) {
    return Fail(ErrorCode::kNetworkException, "cannot listen: address={}:{} error=\"{}\"",
                address.host, address.port, error.message());
  }
  return std::unique_ptr<Listener>(
      new Listener(shards, std::move(acceptor), std::move(on_accepted)));
}

Listener::Listener(Shards& shards, tcp::acceptor acceptor, OnAccepted on_accepted)
    : shards_(shards), acceptor_(std::move(acceptor)), on_accepted_(std::move(on_accepted)) {
  boost::system::error_code ignored;
  local_ = acceptor_.local_endpoint(ignored);
  reserve_fd_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

Listener::~Listener() {
  if (reserve_fd_ >= 0) ::close(reserve_fd_);
}

void Listener::Start() { Wait(); }

void Listener::Close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
}

void Listener::Wait() {
  acceptor_.async_wait(tcp::acceptor::wait_read, [this](const boost::system::error_code& error) {
    if (error || !acceptor_.is_open()) return;
    AcceptAll();
    Wait();
  });
}

void Listener::AcceptAll() {
  while (true) {
    const int fd =
        ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EMFILE || errno == ENFILE) RefuseOne();
      // Anything else concerns one connection that died in the queue, or the queue is empty.
      if (errno == ECONNABORTED || errno == EINTR) continue;
      return;
    }
    Shard& shard =
        shards_.at(static_cast<int>(next_shard_++ % static_cast<size_t>(shards_.count())));
    shard.Post([this, fd, &shard, protocol = local_.protocol()] {
      tcp::socket socket(shard.io());
      boost::system::error_code error;
      socket.assign(protocol, fd, error);
      if (error) {
        ::close(fd);
        return;
      }
      on_accepted_(shard, std::move(socket));
    });
  }
}

void Listener::RefuseOne() {
  // One line per second at most: whoever exhausts descriptors must not fill the log as well.
  const auto now = std::chrono::steady_clock::now();
  ++refused_;
  if (now - last_warning_ >= std::chrono::seconds(1)) {
    last_warning_ = now;
    LogWarn("net", "out of file descriptors: refusing connections: refused_so_far={}", refused_);
  }
  ::close(reserve_fd_);
  const int fd = ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC);
  if (fd >= 0) ::close(fd);
  reserve_fd_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  errno = EMFILE;
}

}  // namespace weir
