#include "cli/http_get.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace weir {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

}  // namespace

Result<std::string> HttpGet(const std::string& host, uint16_t port, const std::string& target) {
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  boost::system::error_code error;
  asio::ip::tcp::resolver resolver(io);
  const auto found = resolver.resolve(host, std::to_string(port), error);
  if (!error) asio::connect(socket, found, error);
  http::request<http::empty_body> get(http::verb::get, target, 11);
  get.set(http::field::host, fmt::format("{}:{}", host, port));
  get.set(http::field::connection, "close");
  if (!error) http::write(socket, get, error);
  boost::beast::flat_buffer buffer;
  http::response<http::string_body> answer;
  if (!error) http::read(socket, buffer, answer, error);
  if (error) {
    return Fail(ErrorCode::kNetworkException,
                "no answer on the server's HTTP port: {}:{} reason={}", host, port,
                error.message());
  }
  if (answer.result() != http::status::ok) {
    return Fail(ErrorCode::kUnknownServerError, "the server answered {}: {:.500}",
                answer.result_int(), answer.body());
  }
  return std::move(answer.body());
}

}  // namespace weir
