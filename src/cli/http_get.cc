#include "cli/http_get.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>

#include "net/listener.h"

namespace weir {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

/// What a server says that refuses: {"error":{"code":…,"message":…}}.
Failure Refused(unsigned status, const std::string& body) {
  boost::system::error_code bad;
  const boost::json::value document = boost::json::parse(body, bad);
  const boost::json::value* code = bad ? nullptr : document.find_pointer("/error/code", bad);
  const boost::json::value* message = bad ? nullptr : document.find_pointer("/error/message", bad);
  if (code == nullptr || !code->is_string() || message == nullptr || !message->is_string())
    return Fail(ErrorCode::kUnknownServerError, "the server answered {}: {:.500}", status, body);
  return Fail(ErrorCode::kUnknownServerError, "{} [{}]", std::string_view(message->get_string()),
              std::string_view(code->get_string()));
}

}  // namespace

Failure NoHttpAnswer(std::string_view what, const std::string& server,
                     const boost::system::error_code& error) {
  const bool answered =
      error.category() == http::make_error_code(http::error::bad_version).category() &&
      error != http::error::end_of_stream && error != http::error::partial_message;
  if (answered) {
    return Fail(ErrorCode::kInvalidConfig,
                "what answers at {} does not speak HTTP: is this a server's wire port? its HTTP "
                "port is 8080 unless "
                "--http says otherwise",
                server);
  }
  return Fail(ErrorCode::kNetworkException, "{}: {} reason={}", what, server, error.message());
}

Result<std::string> HttpGet(const HttpOptions& options, const std::string& target) {
  ASSIGN_OR_RETURN(const HostPort address, ParseHostPort(options.server));
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  boost::system::error_code error;
  asio::ip::tcp::resolver resolver(io);
  const auto found = resolver.resolve(address.host, std::to_string(address.port), error);
  if (!error) asio::connect(socket, found, error);
  http::request<http::empty_body> get(http::verb::get, target, 11);
  get.set(http::field::host, options.server);
  if (const std::string who = options.user.Authorization(); !who.empty())
    get.set(http::field::authorization, who);
  get.set(http::field::connection, "close");
  if (!error) http::write(socket, get, error);
  boost::beast::flat_buffer buffer;
  http::response<http::string_body> answer;
  if (!error) http::read(socket, buffer, answer, error);
  if (error) return NoHttpAnswer("no answer on the server's HTTP port", options.server, error);
  if (answer.result() == http::status::unauthorized)
    return Fail(ErrorCode::kAuthenticate, "the server lets only its users in");
  if (answer.result() != http::status::ok) return Refused(answer.result_int(), answer.body());
  return std::move(answer.body());
}

}  // namespace weir
