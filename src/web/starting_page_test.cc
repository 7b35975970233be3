#include "web/starting_page.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weir {
namespace {

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// A port that was free a moment ago.
uint16_t FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = Loopback(0);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  socklen_t bytes = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &bytes);
  close(fd);
  return ntohs(address.sin_port);
}

int Connect(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = Loopback(port);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  return fd;
}

TEST(StartingPage, AnswersStartingAndHandsItsSocketOver) {
  const uint16_t port = FreePort();
  auto page = StartingPage::Open("127.0.0.1", port);
  ASSERT_TRUE(page.ok()) << page.error().message;
  const int client = Connect(port);
  const std::string request = "GET /healthz HTTP/1.1\r\n\r\n";
  ASSERT_EQ(send(client, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
  std::string answer;
  char bytes[1024];
  for (ssize_t got; (got = recv(client, bytes, sizeof(bytes), 0)) > 0;)
    answer.append(bytes, static_cast<size_t>(got));
  close(client);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\nstarting\n")) << answer;

  const int listening = (*page)->HandOver();
  page->reset();
  const int late = Connect(port);  // waits for whoever has the socket now
  const int accepted = accept(listening, nullptr, nullptr);
  EXPECT_GE(accepted, 0);
  close(accepted);
  close(late);
  close(listening);
}

TEST(StartingPage, SaysWhichAddressIsTaken) {
  const uint16_t port = FreePort();
  const auto first = StartingPage::Open("127.0.0.1", port);
  ASSERT_TRUE(first.ok());
  const auto second = StartingPage::Open("127.0.0.1", port);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.code(), ErrorCode::kNetworkException);
  EXPECT_NE(second.error().message.find(std::to_string(port)), std::string::npos);
}

}  // namespace
}  // namespace weir
