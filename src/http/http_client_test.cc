#include "http/http_client.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <thread>

#include "base/matchers.h"

namespace weir {
namespace {

/// Accepts one connection, reads a request up to its blank line, and does what it was told.
class OneAnswer {
 public:
  using Act = std::function<void(int connection)>;

  explicit OneAnswer(Act act) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_, 1), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, act = std::move(act)] {
      const int connection = ::accept(socket_, nullptr, nullptr);
      if (connection < 0) return;
      char byte = 0;
      while (!request_.ends_with("\r\n\r\n") && ::read(connection, &byte, 1) == 1) request_ += byte;
      act(connection);
      ::close(connection);
    });
  }
  ~OneAnswer() { Join(); }

  void Join() {
    if (!thread_.joinable()) return;
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  /// After Join.
  const std::string& request() const { return request_; }
  std::string url() const { return fmt::format("http://127.0.0.1:{}/v1/config?a=b", port_); }

 private:
  const int socket_;
  int port_ = 0;
  std::string request_;
  std::thread thread_;
};

OneAnswer::Act Say(std::string text) {
  return [text = std::move(text)](int connection) {
    EXPECT_EQ(::write(connection, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  };
}

/// Say nothing until the other side gives up.
void Wait(int connection) {
  char byte = 0;
  while (::read(connection, &byte, 1) > 0) {
  }
}

bool Never() { return false; }

TEST(HttpClientTest, ARequestAndItsAnswerAreWholeAndNothingIsKeptOpen) {
  OneAnswer server(Say("HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: 5\r\n\r\nhello"));
  const auto answer =
      Exchange({.method = "POST", .url = server.url(), .headers = {{"X-Key", "v"}}, .body = "hi"},
               {}, Never);
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(answer->Header("etag"), "\"x\"");
  EXPECT_EQ(answer->Header("nothing"), "");
  server.Join();
  EXPECT_THAT(server.request(), testing::StartsWith("POST /v1/config?a=b HTTP/1.1\r\n"));
  EXPECT_THAT(server.request(), testing::HasSubstr("X-Key: v\r\n"));
  EXPECT_THAT(server.request(), testing::HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(server.request(), testing::HasSubstr("Content-Length: 2\r\n"));
}

TEST(HttpClientTest, WithoutAConnectionNothingWasSent) {
  std::string url;
  {
    OneAnswer gone([](int) {});
    url = gone.url();
  }
  EXPECT_EQ(Exchange({.url = url}, {}, Never).code(), ErrorCode::kNetworkException);
  EXPECT_EQ(Exchange({.url = "no address"}, {}, Never).code(), ErrorCode::kInvalidConfig);
}

TEST(HttpClientTest, AnAnswerThatDoesNotComeWholeLeavesTheOutcomeOpen) {
  for (const char* text :
       {"", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "this is not HTTP\r\n\r\n"}) {
    OneAnswer server(Say(text));
    EXPECT_EQ(Exchange({.url = server.url()}, {}, Never).code(), ErrorCode::kRequestTimeOut)
        << text;
  }
}

TEST(HttpClientTest, ALongAnswerIsNotRead) {
  OneAnswer server([](int connection) {
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n";
    (void)::send(connection, head.data(), head.size(), MSG_NOSIGNAL);
    Wait(connection);
  });
  const auto answer = Exchange({.url = server.url()}, {.response_bytes_max = 1000}, Never);
  EXPECT_EQ(answer.code(), ErrorCode::kRequestTimeOut);
  EXPECT_THAT(answer.error().message, testing::HasSubstr("body limit exceeded"));
}

TEST(HttpClientTest, WhoSaysNothingIsLeftAfterAWhile) {
  OneAnswer server(Wait);
  EXPECT_EQ(
      Exchange({.url = server.url()}, {.request_time_max = std::chrono::milliseconds(50)}, Never)
          .code(),
      ErrorCode::kRequestTimeOut);
}

TEST(HttpClientTest, WhoeverStopsDoesNotWait) {
  OneAnswer server(Wait);
  int asked = 0;
  EXPECT_EQ(Exchange({.url = server.url()}, {}, [&] { return ++asked > 1; }).code(),
            ErrorCode::kCancelled);
}

}  // namespace
}  // namespace weir
