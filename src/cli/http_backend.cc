#include <sys/socket.h>

#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/bytes.h"
#include "cli/http_get.h"
#include "cli/sql_backend.h"

namespace weir {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

/// A connection per request: statements are rare, and a server that restarted is no surprise.
class HttpBackend : public SqlBackend {
 public:
  HttpBackend(std::string host, uint16_t port, const HttpUser& user)
      : host_(std::move(host)), port_(port), authorization_(user.Authorization()) {}

  Status Run(const ShellRequest& request,
             const std::function<bool(std::string_view)>& take) override {
    asio::io_context io;
    tcp::socket socket(io);
    RETURN_IF_ERROR(Connect(io, socket));
    cancelled_ = false;
    descriptor_ = socket.native_handle();
    const Status status = Exchange(socket, request, take);
    descriptor_ = -1;
    if (!status.ok() && cancelled_) return Fail(ErrorCode::kCancelled, "cancelled");
    return status;
  }

  void Cancel() override {
    // The server takes a client that left for one that wants no more.
    cancelled_ = true;
    if (const int descriptor = descriptor_; descriptor >= 0) shutdown(descriptor, SHUT_RDWR);
  }

  std::string Describe() const override { return fmt::format("server {}:{}", host_, port_); }

 private:
  Status Connect(asio::io_context& io, tcp::socket& socket) const {
    boost::system::error_code error;
    tcp::resolver resolver(io);
    const auto found = resolver.resolve(host_, std::to_string(port_), error);
    if (!error) asio::connect(socket, found, error);
    if (!error) return {};
    return NoHttpAnswer("cannot reach the server's HTTP port", Address(), error);
  }

  Status Exchange(tcp::socket& socket, const ShellRequest& request,
                  const std::function<bool(std::string_view)>& take) const {
    http::request<http::string_body> post(http::verb::post, "/v1/sql", 11);
    post.set(http::field::host, Address());
    post.set(http::field::content_type, "application/json");
    post.set(http::field::accept, "application/vnd.weir.frames+json");
    post.set(http::field::connection, "close");
    if (!authorization_.empty()) post.set(http::field::authorization, authorization_);
    post.body() = boost::json::serialize(
        boost::json::object{{"sql", request.text},
                            {"database", request.database},
                            {"values", request.values_as_json ? "json" : "text"}});
    post.prepare_payload();
    boost::system::error_code error;
    http::write(socket, post, error);
    const boost::system::error_code unsent = error;

    beast::flat_buffer buffer;
    http::response_parser<http::buffer_body> parser;
    parser.body_limit(boost::none);
    http::read_header(socket, buffer, parser, error);
    // A server that refuses a request (its size, say) answers before it has read all of it.
    if (error) return Lost(unsent ? unsent : error);
    std::string piece(64 * KiB, '\0');
    while (!parser.is_done()) {
      parser.get().body().data = piece.data();
      parser.get().body().size = piece.size();
      http::read(socket, buffer, parser, error);
      if (error == http::error::need_buffer) error = {};
      if (error) return Lost(error);
      const size_t got = piece.size() - parser.get().body().size;
      if (!take(std::string_view(piece).substr(0, got))) break;
    }
    return {};
  }

  Failure Lost(const boost::system::error_code& error) const {
    return NoHttpAnswer("the server went away", Address(), error);
  }
  std::string Address() const { return fmt::format("{}:{}", host_, port_); }

  const std::string host_;
  const uint16_t port_;
  const std::string authorization_;
  std::atomic<int> descriptor_ = -1;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace

std::unique_ptr<SqlBackend> MakeHttpBackend(std::string host, uint16_t port, const HttpUser& user) {
  return std::make_unique<HttpBackend>(std::move(host), port, user);
}

}  // namespace weir
