#include "client/client_connection.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/endian.h"
#include "proto/fluss_api.pb.h"
#include "wire/frame.h"

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kReceiveBufferBytes = 256 * KiB;
constexpr size_t kSendQueueBytes = 64 * KiB;
constexpr int64_t kFrameBytesMax =
    1 * GiB;  // a fetch reply is as large as we asked for; this only stops nonsense

/// The newest version this client speaks; what it does not list is version 0.
int16_t NewestVersion(ApiKey api) {
  switch (api) {
    case ApiKey::kPutKv:
      return 2;
    case ApiKey::kLookup:
    case ApiKey::kPrefixLookup:
      return 1;
    default:
      return 0;
  }
}

Failure ConnectionError(const char* what, int error) {
  return Fail(ErrorCode::kNetworkException, "{}: {}", what, std::strerror(error));
}

/// A connected, non-blocking socket.
Result<int> ConnectTo(const addrinfo& address, std::chrono::milliseconds timeout) {
  const int fd = ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return ConnectionError("cannot make a socket", errno);
  int error = ::connect(fd, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    pollfd poll{.fd = fd, .events = POLLOUT, .revents = 0};
    error = ETIMEDOUT;
    if (::poll(&poll, 1, static_cast<int>(timeout.count())) == 1) {
      socklen_t bytes = sizeof error;
      ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes);
    }
  }
  if (error != 0) {
    ::close(fd);
    return ConnectionError("cannot connect", error);
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

Result<int> ConnectTo(const std::string& host, int port, std::chrono::milliseconds timeout) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
      error != 0) {
    return Fail(ErrorCode::kNetworkException, "cannot resolve {}: {}", host, ::gai_strerror(error));
  }
  Result<int> fd = Fail(ErrorCode::kNetworkException, "no address for {}", host);
  for (const addrinfo* address = found; address != nullptr && !fd.ok();
       address = address->ai_next) {
    fd = ConnectTo(*address, timeout);
  }
  ::freeaddrinfo(found);
  if (!fd.ok()) return Fail(fd.code(), "{}: address={}:{}", fd.error().message, host, port);
  return fd;
}

Status ServerError(BytesView body) {
  pb::ErrorResponse error;
  if (!error.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return Fail(ErrorCode::kCorruptMessage, "the server sent an error that does not parse");
  }
  return Fail(static_cast<ErrorCode>(error.error_code()), "{}", error.error_message());
}

}  // namespace

ClientConnection::ClientConnection(int fd, const ClientOptions& options)
    : fd_(fd), options_(options) {
  in_.resize(kReceiveBufferBytes);
}

ClientConnection::~ClientConnection() { ::close(fd_); }

Result<std::unique_ptr<ClientConnection>> ClientConnection::Open(const std::string& host, int port,
                                                                 const ClientOptions& options) {
  ASSIGN_OR_RETURN(const int fd, ConnectTo(host, port, options.connect_timeout));
  std::unique_ptr<ClientConnection> connection(new ClientConnection(fd, options));
  RETURN_IF_ERROR(connection->Handshake());
  if (!options.user.empty()) RETURN_IF_ERROR(connection->Authenticate());
  return connection;
}

Status ClientConnection::Handshake() {
  pb::ApiVersionsRequest request;
  request.set_client_software_name("weir");
  request.set_client_software_version("0.1.0");
  ASSIGN_OR_RETURN(const auto response,
                   Call<pb::ApiVersionsResponse>(ApiKey::kApiVersions, request));
  for (const auto& api : response.api_versions()) {
    const auto at = static_cast<size_t>(api.api_key() - kApiFirst);
    if (at < versions_.size()) {
      versions_[at] = {static_cast<int16_t>(api.min_version()),
                       static_cast<int16_t>(api.max_version())};
    }
  }
  versions_known_ = true;
  return {};
}

Status ClientConnection::Authenticate() {
  pb::AuthenticateRequest request;
  request.set_protocol("PLAIN");
  std::string token(1, '\0');
  token.append(options_.user).append(1, '\0').append(options_.password);
  request.set_token(std::move(token));
  RETURN_IF_ERROR(Call<pb::AuthenticateResponse>(ApiKey::kAuthenticate, request));
  return {};
}

Result<int16_t> ClientConnection::VersionOf(ApiKey api) const {
  if (!versions_known_) return int16_t{0};
  const auto at = static_cast<size_t>(static_cast<int16_t>(api) - kApiFirst);
  const int16_t newest = NewestVersion(api);
  if (api == ApiKey::kAuthenticate) return newest;  // served before anything is advertised
  if (at >= versions_.size() || versions_[at].max < 0 || versions_[at].min > newest) {
    return Fail(ErrorCode::kUnsupportedVersion, "the server does not serve this request: api={}",
                static_cast<int>(api));
  }
  return std::min(newest, versions_[at].max);
}

Result<int32_t> ClientConnection::Send(ApiKey api, const google::protobuf::MessageLite& request) {
  ASSIGN_OR_RETURN(const int16_t version, VersionOf(api));
  const int32_t id = next_request_id_++;
  const size_t body_bytes = request.ByteSizeLong();
  const size_t at = out_.size();
  out_.resize(at + kFrameLengthBytes + kRequestHeaderBytes + body_bytes);
  char* frame = out_.data() + at;
  StoreRequestHeader(frame, {.api_key = api, .api_version = version, .request_id = id},
                     static_cast<int64_t>(body_bytes));
  request.SerializeWithCachedSizesToArray(
      reinterpret_cast<uint8_t*>(frame + kFrameLengthBytes + kRequestHeaderBytes));
  ++in_flight_;
  if (out_.size() >= kSendQueueBytes) RETURN_IF_ERROR(Flush());
  return id;
}

Status ClientConnection::Flush() {
  const auto deadline = Clock::now() + options_.reply_timeout;
  size_t sent = 0;
  while (sent < out_.size()) {
    const ssize_t n = ::send(fd_, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
    if (n >= 0) {
      sent += static_cast<size_t>(n);
    } else if (errno == EAGAIN) {
      // The server may stop reading until its replies are taken: keep taking them.
      RETURN_IF_ERROR(Wait(POLLOUT | POLLIN, deadline));
      RETURN_IF_ERROR(ReceiveAvailable());
    } else if (errno != EINTR) {
      return ConnectionError("the connection broke while sending", errno);
    }
  }
  out_.clear();
  return {};
}

Status ClientConnection::Wait(short events, Clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return Fail(ErrorCode::kRequestTimeOut, "the server did not answer in time");
    pollfd poll{.fd = fd_, .events = events, .revents = 0};
    const int ready = ::poll(&poll, 1, static_cast<int>(std::min<int64_t>(left, 60'000)));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return ConnectionError("cannot poll", errno);
  }
}

Result<ClientReply> ClientConnection::Receive() {
  if (!out_.empty()) RETURN_IF_ERROR(Flush());
  if (replies_.empty()) {
    const auto deadline = Clock::now() + options_.reply_timeout;
    RETURN_IF_ERROR(ReceiveAvailable());
    while (replies_.empty()) {
      RETURN_IF_ERROR(Wait(POLLIN, deadline));
      RETURN_IF_ERROR(ReceiveAvailable());
    }
  }
  ClientReply reply = std::move(replies_.front());
  replies_.pop_front();
  --in_flight_;
  return reply;
}

Status ClientConnection::CallInto(ApiKey api, const google::protobuf::MessageLite& request,
                                  google::protobuf::MessageLite& response) {
  ASSIGN_OR_RETURN(const int32_t id, Send(api, request));
  RETURN_IF_ERROR(Flush());
  std::deque<ClientReply> others;
  Result<ClientReply> reply = Receive();
  while (reply.ok() && reply->request_id != id) {
    others.push_back(std::move(*reply));
    reply = Receive();
  }
  in_flight_ += static_cast<int64_t>(others.size());
  replies_.insert(replies_.begin(), std::make_move_iterator(others.begin()),
                  std::make_move_iterator(others.end()));
  if (!reply.ok()) return Forward(std::move(reply));
  RETURN_IF_ERROR(reply->status);
  if (!response.ParseFromArray(reply->body.data(), static_cast<int>(reply->body.size()))) {
    return Fail(ErrorCode::kCorruptMessage, "the server sent a reply that does not parse: api={}",
                static_cast<int>(api));
  }
  return {};
}

Status ClientConnection::ReceiveAvailable() {
  while (true) {
    char* to = large_ ? large_.get() + large_received_ : in_.data() + in_end_;
    const size_t room = large_ ? large_bytes_ - large_received_ : in_.size() - in_end_;
    const ssize_t n = ::recv(fd_, to, room, MSG_DONTWAIT);
    if (n == 0) return Fail(ErrorCode::kNetworkException, "the server closed the connection");
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return {};
      return ConnectionError("the connection broke while receiving", errno);
    }
    const bool filled = static_cast<size_t>(n) == room;
    if (large_) {
      large_received_ += static_cast<size_t>(n);
      if (large_received_ == large_bytes_) {
        const BytesView frame(large_.get(), large_bytes_);
        RETURN_IF_ERROR(TakeFrame({std::move(large_), frame}));
        large_ = nullptr;
      }
    } else {
      in_end_ += static_cast<size_t>(n);
      RETURN_IF_ERROR(TakeFrames());
    }
    if (!filled && !replies_.empty()) return {};
  }
}

Status ClientConnection::TakeFrames() {
  while (in_end_ - in_begin_ >= kFrameLengthBytes) {
    const int64_t length = LoadBe<int32_t>(in_.data() + in_begin_);
    if (std::string_view(in_.data() + in_begin_, kFrameLengthBytes) == "HTTP") {
      return Fail(ErrorCode::kInvalidConfig,
                  "what answers speaks HTTP: this looks like a server's HTTP port; its wire port "
                  "is 9123 unless "
                  "--listen says otherwise");
    }
    if (length < 1 || length > kFrameBytesMax) {
      return Fail(ErrorCode::kCorruptMessage,
                  "the server sent a frame of an impossible length: bytes={}", length);
    }
    const auto bytes = static_cast<size_t>(length);
    const char* frame = in_.data() + in_begin_ + kFrameLengthBytes;
    const size_t there = in_end_ - in_begin_ - kFrameLengthBytes;
    if (there < bytes && kFrameLengthBytes + bytes <= in_.size()) break;
    std::shared_ptr<char[]> copy(new char[bytes]);
    const size_t copied = std::min(there, bytes);
    std::memcpy(copy.get(), frame, copied);
    in_begin_ += kFrameLengthBytes + copied;
    if (copied < bytes) {
      large_ = std::move(copy);
      large_bytes_ = bytes;
      large_received_ = copied;
      break;
    }
    const BytesView view(copy.get(), bytes);
    RETURN_IF_ERROR(TakeFrame({std::move(copy), view}));
  }
  // Move the beginning of an incomplete frame to the front, so that the rest of it fits.
  std::memmove(in_.data(), in_.data() + in_begin_, in_end_ - in_begin_);
  in_end_ -= in_begin_;
  in_begin_ = 0;
  return {};
}

Status ClientConnection::TakeFrame(SharedBytes frame) {
  const BytesView view = frame.view();
  const auto type = static_cast<ReplyType>(view[0]);
  if (type == ReplyType::kRefusal) {
    RETURN_IF_ERROR(ServerError(view.substr(1)));
  }
  constexpr size_t kHeader = kReplyHeaderBytes - kFrameLengthBytes;
  if (view.size() < kHeader || (type != ReplyType::kSuccess && type != ReplyType::kError)) {
    return Fail(ErrorCode::kCorruptMessage, "what answers does not speak the Fluss protocol");
  }
  ClientReply reply{.request_id = LoadBe<int32_t>(view.data() + 1)};
  if (type == ReplyType::kError) reply.status = ServerError(view.substr(kHeader));
  reply.body = frame.Slice(view.substr(kHeader));
  replies_.push_back(std::move(reply));
  return {};
}

}  // namespace weir
