#include <sys/socket.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <ranges>
#include <span>

#include "base/log.h"
#include "catalog/endpoints.h"
#include "catalog/rest_catalog.h"
#include "web/catalog_routes.h"
#include "web/sql_request.h"
#include "web/web_context.h"

namespace weir {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr uint32_t kHeadBytesMax = 16 * KiB;
/// How long, and for how much, a client is listened to that was told no while it went on sending.
constexpr std::chrono::seconds kDeafTime(1);
constexpr size_t kDeafBytesMax = 16 * MiB;

using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

std::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

/// The status for bytes that are no request we take; 0: there is nobody to tell, or nothing wrong.
int StatusOfBadRequest(beast::error_code error) {
  if (error == http::error::body_limit) return 413;
  if (error == http::error::header_limit) return 431;
  const bool left = error == http::error::end_of_stream || error == http::error::partial_message;
  const bool malformed =
      error && error.category() == http::make_error_code(http::error::bad_method).category();
  return malformed && !left ? 400 : 0;
}

/// One request after another on one connection.
class HttpConnection {
 public:
  HttpConnection(asio::ip::tcp::socket socket, WebContext& context)
      : stream_(std::move(socket)), context_(context) {}

  Task<> Run() {
    beast::flat_buffer buffer;
    while (!context_.stopping) {
      http::request_parser<http::string_body> parser;
      parser.body_limit(static_cast<uint64_t>(context_.options.request_bytes_max));
      parser.header_limit(kHeadBytesMax);
      stream_.expires_after(context_.options.idle_timeout);
      beast::error_code error;
      co_await http::async_read(stream_, buffer, parser,
                                asio::redirect_error(asio::use_awaitable, error));
      if (const int status = StatusOfBadRequest(error); status != 0) {
        co_await RefuseToRead(status, error);
        break;
      }
      if (error) break;
      request_ = parser.release();
      keep_alive_ = request_.keep_alive();
      if (!co_await Answer() || !keep_alive_) break;
    }
    beast::error_code ignored;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  }

 private:
  /// Answer what cannot be read to its end; the connection ends with it.
  Task<> RefuseToRead(int status, beast::error_code error) {
    request_ = {};
    keep_alive_ = false;
    const auto answer = [&]() -> Error {
      if (status == 413) {
        return {ErrorCode::kRecordTooLarge, fmt::format("the body is too large: bytes_max={}",
                                                        context_.options.request_bytes_max)};
      }
      if (status == 431) {
        return {ErrorCode::kBadHttpRequest,
                fmt::format("the head of the request is too large: bytes_max={}", kHeadBytesMax)};
      }
      return {ErrorCode::kBadHttpRequest,
              fmt::format("not an HTTP/1.1 request: {}", error.message())};
    };
    if (!co_await Fail(status, answer())) co_return;
    // Closed with bytes unread, the connection would be reset, and the answer lost with it.
    beast::error_code ended;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ended);
    stream_.expires_after(kDeafTime);
    std::array<char, 16 * KiB> scratch;
    for (size_t heard = 0; !ended && heard < kDeafBytesMax;) {
      heard += co_await stream_.async_read_some(asio::buffer(scratch),
                                                asio::redirect_error(asio::use_awaitable, ended));
    }
  }

  /// Who may call a route: anybody, those whom CheckUser lets in, or the route itself decides.
  enum class Entry : uint8_t { kEverybody, kUsers, kItself };
  struct Route {
    std::string_view path;     // ends in '/' and is longer than that: everything below
    std::string_view methods;  // as in Allow; empty: the route itself decides
    Entry entry;
    Task<bool> (HttpConnection::*answer)();

    bool Takes(std::string_view asked) const {
      return path.size() > 1 && path.ends_with('/') ? asked.starts_with(path) : asked == path;
    }
    bool TakesMethod(std::string_view method) const {
      return methods.empty() ||
             std::ranges::any_of(methods | std::views::split(','), [method](auto one) {
               std::string_view name(one.begin(), one.end());
               if (name.starts_with(' ')) name.remove_prefix(1);
               return name == method;
             });
    }
  };
  static std::span<const Route> Routes();

  /// Returns whether the connection is still good.
  Task<bool> Answer() {
    const auto route = std::ranges::find_if(
        Routes(), [path = Path()](const Route& one) { return one.Takes(path); });
    if (route == Routes().end()) {
      std::string known;
      for (const Route& one : Routes())
        known.append(known.empty() ? "there is " : ", ").append(one.path);
      co_return co_await Fail(404, {ErrorCode::kBadHttpRequest, known});
    }
    if (route->entry != Entry::kEverybody) {
      if (const Status allowed = CheckOrigin(); !allowed.ok())
        co_return co_await Fail(403, allowed.error());
    }
    if (route->entry == Entry::kUsers) {
      if (const auto user = User(); !user.ok()) co_return co_await Fail(401, user.error());
    }
    if (!route->TakesMethod(View(request_.method_string()))) {
      allow_ = route->methods;
      co_return co_await Fail(405, {ErrorCode::kBadHttpRequest,
                                    fmt::format("{} takes {}", route->path, route->methods)});
    }
    co_return co_await (this->*route->answer)();
  }

  std::string_view Path() const {
    const std::string_view target = View(request_.target());
    return target.substr(0, target.find('?'));
  }
  std::string_view Query() const {
    const std::string_view target = View(request_.target());
    const size_t question = target.find('?');
    return question == std::string_view::npos ? "" : target.substr(question + 1);
  }

  Task<bool> Health() {
    const Status health = context_.parts.health();
    if (health.ok()) co_return co_await Send(200, "text/plain", "ok\n");
    co_return co_await Send(503, "text/plain", health.error().message + "\n");
  }

  Task<bool> Metrics() {
    co_return co_await Send(200, "text/plain; version=0.0.4; charset=utf-8",
                            context_.parts.metrics());
  }

  Task<bool> LakeStatus() {
    if (!context_.parts.lake_status)
      co_return co_await Fail(404, {ErrorCode::kLakeStorageNotConfigured, "there is no lake here"});
    co_return co_await Send(200, "application/json",
                            co_await context_.pool().Run(context_.parts.lake_status));
  }

  /// Reads a whole table, so it takes a thread as statements do.
  Task<bool> Verify() {
    constexpr std::string_view kTable = "table=";
    const std::string_view query = Query();
    if (!query.starts_with(kTable) || !context_.parts.verify) {
      co_return co_await Fail(
          400, {ErrorCode::kBadHttpRequest, "/v1/verify takes ?table=DATABASE.TABLE"});
    }
    stream_.expires_never();
    const auto report = co_await context_.pool().Run(
        [&verify = context_.parts.verify, table = std::string(query.substr(kTable.size()))] {
          return verify(table);
        });
    if (!report.ok()) co_return co_await Fail(HttpStatusOf(report.code()), report.error());
    co_return co_await Send(200, "application/json", *report + "\n");
  }

  Task<bool> Landing() {
    co_return co_await Send(200, "text/html; charset=utf-8", std::string(LandingPage()));
  }

  Task<bool> Catalog() {
    iceberg::RestResponse response =
        co_await AnswerCatalog(context_, ToCatalogRequest(request_, Path(), Query()), User());
    if (response.status == 405) allow_ = iceberg::AllowedMethods(CatalogPath(Path()));
    co_return co_await Send(response.status, "application/json", std::move(response.body),
                            response.etag);
  }

  std::string Peer() const {
    beast::error_code ignored;
    const auto remote = stream_.socket().remote_endpoint(ignored);
    return fmt::format("{}:{}", remote.address().to_string(), remote.port());
  }

  /// A page of another site, opened in a user's browser, must not run SQL here.
  Status CheckOrigin() const {
    const std::string_view origin = View(request_[http::field::origin]);
    const std::string_view host = View(request_[http::field::host]);
    if (origin.empty() || origin.substr(origin.find("//") + 2) == host) return {};
    return weir::Fail(ErrorCode::kAuthorization,
                      "requests from pages of other sites are refused: origin={:.100}", origin);
  }

  /// Who the Authorization header lets in: HTTP Basic, or a bearer token of the catalog. Empty when nobody is
  /// asked.
  Result<std::string> User() const {
    if (!context_.parts.authenticate) return std::string();
    const std::string_view header = View(request_[http::field::authorization]);
    if (const auto token = ParseBearer(header); token && context_.parts.catalog != nullptr)
      return context_.parts.catalog->UserOfToken(*token);
    ASSIGN_OR_RETURN(BasicCredentials credentials, ParseBasicCredentials(header));
    if (context_.parts.authenticate(credentials.user, credentials.password))
      return std::move(credentials.user);
    return weir::Fail(ErrorCode::kAuthenticate, "wrong user or password");
  }

  Task<bool> Sql() {
    auto parsed = ParseSqlRequest({.content_type = View(request_[http::field::content_type]),
                                   .accept = View(request_[http::field::accept]),
                                   .query = Query(),
                                   .body = request_.body()});
    if (!parsed.ok()) {
      const bool format = parsed.code() == ErrorCode::kUnsupportedVersion;
      co_return co_await Fail(format ? 406 : 400, parsed.error());
    }
    if (context_.stopping ||
        static_cast<int>(context_.running.size()) >= context_.options.statements_max) {
      co_return co_await Fail(503, {ErrorCode::kTooManyScanners,
                                    fmt::format("too many statements are running: at_most={}",
                                                context_.options.statements_max)});
    }
    const ResultFormat format = parsed->format;
    std::shared_ptr<ResultStream> results = context_.parts.sql.Run(*std::move(parsed));
    context_.running.insert(results.get());
    const bool good = co_await Stream(results, format);
    context_.running.erase(results.get());
    // The last reference may close scans and free a lot: not on this thread.
    context_.pool().Post([results = std::move(results)]() mutable { results.reset(); });
    co_return good;
  }

  /// Pull pieces on the pool, send them as they come: a slow client slows the query down, a client
  /// that leaves ends it.
  Task<bool> Stream(std::shared_ptr<ResultStream> results, ResultFormat format) {
    asio::steady_timer deadline(stream_.get_executor(), context_.options.statement_timeout);
    deadline.async_wait([results](beast::error_code error) {
      if (!error) results->Cancel();
    });
    asio::cancellation_signal stop_watching;
    WatchForDeparture(results, stop_watching);
    stream_.expires_never();

    auto piece = co_await Pull(results);
    stop_watching.emit(asio::cancellation_type::terminal);
    if (!piece.ok()) co_return co_await Fail(HttpStatusOf(piece.code()), piece.error());
    if (results->AtEnd()) co_return co_await Send(200, ContentTypeOf(format), *std::move(piece));

    if (!co_await SendChunkedHeader(format)) co_return false;
    while (piece.ok() && !piece->empty()) {
      if (!co_await SendChunk(*piece)) {
        results->Cancel();
        co_return false;
      }
      piece = co_await Pull(results);
    }
    if (!piece.ok()) {
      // The status line is long gone. JSON lines say what happened; and an answer without its last
      // chunk, or a connection that is reset, is how HTTP says "incomplete".
      if (format == ResultFormat::kJsonLines) co_await SendChunk(ErrorBody(piece.error()));
      if (!chunked_) {
        beast::error_code ignored;
        stream_.socket().set_option(asio::socket_base::linger(true, 0), ignored);
        stream_.socket().close(ignored);
      }
      LogWarn("web", "a statement failed half-way: code={} error=\"{}\"", Name(piece.code()),
              piece.error().message);
      co_return false;
    }
    co_return co_await Write(asio::buffer(std::string_view("0\r\n\r\n")));
  }

  Task<Result<std::string>> Pull(std::shared_ptr<ResultStream> results) {
    co_return co_await context_.pool().Run([results] { return results->Next(); });
  }

  void WatchForDeparture(const std::shared_ptr<ResultStream>& results,
                         asio::cancellation_signal& stop) {
    auto& socket = stream_.socket();
    socket.async_wait(
        asio::ip::tcp::socket::wait_read,
        asio::bind_cancellation_slot(
            stop.slot(), [results, fd = socket.native_handle()](beast::error_code error) {
              if (error) return;
              char byte;
              const ssize_t got = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
              if (got == 0 || (got < 0 && errno != EAGAIN)) results->Cancel();
            }));
  }

  Task<bool> SendChunkedHeader(ResultFormat format) {
    keep_alive_ = keep_alive_ && request_.version() >= 11;
    http::response<http::empty_body> response(http::status::ok, request_.version());
    response.set(http::field::content_type,
                 beast::string_view(ContentTypeOf(format).data(), ContentTypeOf(format).size()));
    response.keep_alive(keep_alive_);
    chunked_ = request_.version() >= 11;
    response.chunked(chunked_);
    http::response_serializer<http::empty_body> serializer(response);
    beast::error_code error;
    stream_.expires_after(context_.options.idle_timeout);
    co_await http::async_write_header(stream_, serializer,
                                      asio::redirect_error(asio::use_awaitable, error));
    co_return !error;
  }

  Task<bool> SendChunk(const std::string& bytes) {
    if (!chunked_) co_return co_await Write(asio::buffer(bytes));
    const std::string head = fmt::format("{:x}\r\n", bytes.size());
    const std::array<asio::const_buffer, 3> parts = {asio::buffer(head), asio::buffer(bytes),
                                                     asio::buffer(std::string_view("\r\n"))};
    co_return co_await Write(parts);
  }

  template <class Buffers>
  Task<bool> Write(Buffers buffers) {
    stream_.expires_after(context_.options.idle_timeout);
    beast::error_code error;
    co_await asio::async_write(stream_, buffers, asio::redirect_error(asio::use_awaitable, error));
    co_return !error;
  }

  Task<bool> Fail(int status, Error error) {
    co_return co_await Send(status, "application/json", ErrorBody(error));
  }

  Task<bool> Send(int status, std::string_view content_type, std::string body,
                  std::string_view etag = {}) {
    Response response(static_cast<http::status>(status), request_.version());
    if (!body.empty()) {
      response.set(http::field::content_type,
                   beast::string_view(content_type.data(), content_type.size()));
    }
    if (!etag.empty())
      response.set(http::field::etag, beast::string_view(etag.data(), etag.size()));
    if (status == 401) {
      response.set(http::field::www_authenticate, "Basic realm=\"weir\"");
      context_.refusals.Note(Peer(), fmt::format("{} {}", View(request_.method_string()), Path()),
                             body);
    }
    if (status == 405) response.set(http::field::allow, allow_);
    if (status == 503) response.set(http::field::retry_after, "1");
    response.keep_alive(keep_alive_);
    response.body() = std::move(body);
    response.prepare_payload();
    if (request_.method() == http::verb::head) response.body().clear();
    stream_.expires_after(context_.options.idle_timeout);
    beast::error_code error;
    co_await http::async_write(stream_, response, asio::redirect_error(asio::use_awaitable, error));
    co_return !error;
  }

  beast::tcp_stream stream_;
  WebContext& context_;
  Request request_;
  bool keep_alive_ = false;
  bool chunked_ = true;
  std::string allow_;  // of an answer 405
};

std::span<const HttpConnection::Route> HttpConnection::Routes() {
  static constexpr std::array kRoutes = {
      Route{"/healthz", "GET, HEAD", Entry::kEverybody, &HttpConnection::Health},
      Route{"/v1/sql", "POST", Entry::kUsers, &HttpConnection::Sql},
      Route{"/v1/verify", "GET", Entry::kUsers, &HttpConnection::Verify},
      Route{"/api/catalog/", "", Entry::kItself, &HttpConnection::Catalog},
      Route{"/metrics", "GET, HEAD", Entry::kUsers, &HttpConnection::Metrics},
      Route{"/v1/lake", "GET, HEAD", Entry::kUsers, &HttpConnection::LakeStatus},
      Route{"/", "GET, HEAD", Entry::kUsers, &HttpConnection::Landing},
  };
  return kRoutes;
}

}  // namespace

Task<> ServeHttp(asio::ip::tcp::socket socket, WebContext& context) {
  HttpConnection connection(std::move(socket), context);
  co_await connection.Run();
}

}  // namespace weir
