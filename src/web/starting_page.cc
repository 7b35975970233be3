#include "web/starting_page.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "async/worker_thread.h"

namespace weir {
namespace {

using boost::asio::ip::tcp;

constexpr int kReadWaitMs = 200;  // for a request; others wait meanwhile
constexpr std::string_view kAnswer =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n"
    "Retry-After: 1\r\nConnection: close\r\n\r\nstarting\n";

Result<int> Listen(const std::string& host, uint16_t port) {
  boost::system::error_code error;
  boost::asio::io_context io;
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(
      host, std::to_string(port), tcp::resolver::passive | tcp::resolver::numeric_service, error);
  tcp::acceptor acceptor(io);
  if (!error && !found.empty()) {
    const tcp::endpoint endpoint = found.begin()->endpoint();
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(boost::asio::socket_base::max_listen_connections, error);
  }
  if (error || found.empty()) {
    return Fail(ErrorCode::kNetworkException, "cannot listen for HTTP: address={}:{} reason={}",
                host, port, error.message());
  }
  const int fd = acceptor.release(error);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  return fd;
}

}  // namespace

class StartingPage::Impl {
 public:
  explicit Impl(int listening) : listening_(listening), stop_(eventfd(0, EFD_CLOEXEC)) {
    thread_.emplace("starting page", WorkerThread::Priority::kNormal, [this] { Run(); });
  }
  ~Impl() {
    Stop();
    if (listening_ >= 0) close(listening_);
    close(stop_);
  }

  int HandOver() {
    Stop();
    return std::exchange(listening_, -1);
  }

 private:
  void Stop() {
    if (!thread_) return;
    (void)eventfd_write(stop_, 1);
    thread_.reset();
  }

  void Run() {
    while (Wait(listening_, -1)) {
      const int client = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (client < 0) continue;
      Answer(client);
      close(client);
    }
  }

  /// Wait until `fd` is readable; false when it is time to stop.
  bool Wait(int fd, int wait_ms) const {
    std::array<pollfd, 2> fds = {{{fd, POLLIN, 0}, {stop_, POLLIN, 0}}};
    poll(fds.data(), fds.size(), wait_ms);
    return fds[1].revents == 0;
  }

  /// One read takes the request, or enough of it: what it asks for does not matter.
  void Answer(int client) const {
    if (!Wait(client, kReadWaitMs)) return;
    std::array<char, 4096> request;
    if (recv(client, request.data(), request.size(), 0) <= 0) return;
    (void)send(client, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
    shutdown(client, SHUT_WR);
  }

  int listening_;
  const int stop_;
  std::optional<WorkerThread> thread_;
};

StartingPage::StartingPage(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StartingPage::~StartingPage() = default;

Result<std::unique_ptr<StartingPage>> StartingPage::Open(const std::string& host, uint16_t port) {
  ASSIGN_OR_RETURN(const int listening, Listen(host, port));
  return std::unique_ptr<StartingPage>(new StartingPage(std::make_unique<Impl>(listening)));
}

int StartingPage::HandOver() { return impl_->HandOver(); }

}  // namespace weir
