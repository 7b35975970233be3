#include "http/http_client.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <optional>

#include "http/url.h"

namespace weir {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kLookAgain{100};
constexpr uint32_t kHeaderBytesMax = 64 * KiB;

/// One exchange under way. What it has come to says what an error means.
class Attempt {
 public:
  Attempt(const HttpRequest& request, Url url, const HttpLimits& limits)
      : request_(request), url_(std::move(url)), limits_(limits) {}

  Result<HttpResponse> Run(const std::function<bool()>& give_up) {
    using Clock = std::chrono::steady_clock;
    // The name service has no deadline of its own.
    const auto deadline = Clock::now() + 2 * limits_.connect_time_max + limits_.request_time_max;
    asio::co_spawn(io_, Talk(), asio::detached);
    while (!done_ && Clock::now() < deadline) {
      if (give_up()) return Fail(ErrorCode::kCancelled, "the server is stopping");
      io_.run_for(kLookAgain);
    }
    if (!done_) Wrong("answer", asio::error::timed_out);
    if (error_) return Failure(*error_);
    return std::move(response_);
  }

 private:
  asio::awaitable<void> Talk() {
    asio::ip::tcp::resolver resolver(io_);
    auto [unknown, found] = co_await resolver.async_resolve(url_.host, url_.port, kTuple);
    if (unknown) co_return Wrong("name", unknown);
    beast::tcp_stream plain(io_);
    plain.expires_after(limits_.connect_time_max);
    auto [refused, endpoint] = co_await plain.async_connect(found, kTuple);
    if (refused) co_return Wrong("connection", refused);
    if (!url_.tls) {
      co_await Speak(plain, plain);
      co_return;
    }
    error_code bad;
    asio::ssl::context context(asio::ssl::context::tls_client);
    if (!bad) (void)context.set_default_verify_paths(bad);
    if (!bad) (void)context.set_verify_mode(asio::ssl::verify_peer, bad);
    if (bad) co_return Wrong("TLS", bad);
    beast::ssl_stream<beast::tcp_stream> secure(std::move(plain), context);
    (void)secure.set_verify_callback(asio::ssl::host_name_verification(url_.host), bad);
    SSL_set_tlsext_host_name(secure.native_handle(), url_.host.c_str());
    beast::get_lowest_layer(secure).expires_after(limits_.connect_time_max);
    auto [distrusted] = co_await secure.async_handshake(asio::ssl::stream_base::client, kTuple);
    if (distrusted) co_return Wrong("TLS", distrusted);
    co_await Speak(secure, beast::get_lowest_layer(secure));
  }

  template <class Stream>
  asio::awaitable<void> Speak(Stream& stream, beast::tcp_stream& lowest) {
    http::request<http::string_body> message;
    message.method_string(request_.method);
    message.target(url_.target);
    message.set(http::field::host, url_.Authority());
    message.set(http::field::connection, "close");
    message.set(http::field::user_agent, "weir");
    for (const auto& [name, value] : request_.headers) message.set(name, value);
    message.body() = request_.body;
    if (!request_.body.empty() || request_.method == "POST") message.prepare_payload();
    lowest.expires_after(limits_.request_time_max);
    sent_ = true;
    auto [unwritten, written] = co_await http::async_write(stream, message, kTuple);
    if (unwritten) co_return Wrong("request", unwritten);
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.header_limit(kHeaderBytesMax);
    parser.body_limit(static_cast<uint64_t>(limits_.response_bytes_max));
    if (request_.method == "HEAD") parser.skip(true);
    auto [unread, read] = co_await http::async_read(stream, buffer, parser, kTuple);
    if (unread) co_return Wrong("answer", unread);
    auto answer = parser.release();
    response_.status = static_cast<int>(answer.result_int());
    for (const auto& field : answer)
      response_.headers.emplace_back(field.name_string(), field.value());
    response_.body = std::move(answer.body());
    done_ = true;
  }

  void Wrong(std::string_view what, const error_code& why) {
    done_ = true;
    error_ = Error{sent_ ? ErrorCode::kRequestTimeOut : ErrorCode::kNetworkException,
                   fmt::format("no {} of {}: {}", what, url_.Authority(), why.message())};
  }

  const HttpRequest& request_;
  const Url url_;
  const HttpLimits& limits_;
  bool sent_ = false;
  bool done_ = false;
  HttpResponse response_;
  std::optional<Error> error_;
  asio::io_context io_{1};  // last: what runs in it goes first
};

}  // namespace

std::string_view HttpResponse::Header(std::string_view name) const {
  const auto found = std::ranges::find_if(
      headers, [&](const auto& header) { return beast::iequals(header.first, name); });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

Result<HttpResponse> Exchange(const HttpRequest& request, const HttpLimits& limits,
                              const std::function<bool()>& give_up) {
  ASSIGN_OR_RETURN(Url url, ParseUrl(request.url));
  return Attempt(request, std::move(url), limits).Run(give_up);
}

}  // namespace weir
