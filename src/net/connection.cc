#include "net/connection.h"

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/check.h"
#include "base/endian.h"
#include "base/log.h"
#include "net/connection_set.h"

namespace weir {
namespace {

constexpr int64_t kLengthBytes = 4;
// A frame of at least this size gets a block of its own and is received straight into it.
constexpr int64_t kLargeFrameBytes = 32 * KiB;
// After this much in one go other connections get their turn.
constexpr int kReceivesPerTurn = 16;
constexpr size_t kIovecsMax = 64;
constexpr int64_t kSendfileBytesMax = 1 * GiB;

bool IsAgain(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

Connection::Connection(ConnectionSet& set, Socket socket) : set_(set), socket_(std::move(socket)) {
  boost::system::error_code ignored;
  local_ = socket_.local_endpoint(ignored);
  const auto remote = socket_.remote_endpoint(ignored);
  peer_ = remote.address().to_string() + ":" + std::to_string(remote.port());
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  socket_.set_option(boost::asio::socket_base::keep_alive(true), ignored);
  socket_.non_blocking(true, ignored);
  accepted_ms_ = last_active_ms_ = set_.NowMs();
}

Connection::~Connection() = default;

Shard& Connection::shard() const { return set_.shard(); }

void Connection::Start(std::unique_ptr<FrameSink> sink, bool authenticated) {
  sink_ = std::move(sink);
  authenticated_ = authenticated;
  WaitReadable();
}

// ---- receiving
// --------------------------------------------------------------------------------------------

void Connection::WaitReadable() {
  if (reading_ || draining_ || closing_ || closed_) return;
  reading_ = true;
  socket_.async_wait(Socket::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->reading_ = false;
                       if (error) return self->Close();
                       self->OnReadable();
                     });
}

void Connection::OnReadable() {
  corked_ = true;
  bool more = true;
  for (int turn = 0; more && turn < kReceivesPerTurn; ++turn) {
    if (Overloaded(1)) {
      paused_ = true;
      if (set_.Overloaded()) set_.WakeWhenRoom(shared_from_this());
      break;
    }
    more = ReceiveOnce();
  }
  corked_ = false;
  if (!out_.empty() && !writing_) Flush();
  if (!paused_) WaitReadable();
}

bool Connection::ReceiveOnce() {
  if (draining_ || closing_ || closed_) return false;
  if (large_.bytes != nullptr) return ReceiveLarge();

  std::vector<char>& scratch = set_.scratch();
  std::memcpy(scratch.data(), partial_.data(), partial_.size());
  const size_t room = scratch.size() - partial_.size();
  const ssize_t got =
      ::recv(socket_.native_handle(), scratch.data() + partial_.size(), room, MSG_DONTWAIT);
  if (got < 0 && IsAgain(errno)) return false;
  if (got <= 0) {
    Close();
    return false;
  }
  last_active_ms_ = set_.NowMs();
  const size_t total = partial_.size() + static_cast<size_t>(got);
  partial_.clear();
  Consume({scratch.data(), total});
  // A short read means that the socket was empty; the next wait tells when it no longer is.
  return static_cast<size_t>(got) == room || large_.bytes != nullptr;
}

bool Connection::ReceiveLarge() {
  const ssize_t got = ::recv(socket_.native_handle(), large_.bytes.get() + large_.received,
                             static_cast<size_t>(large_.size - large_.received), MSG_DONTWAIT);
  if (got < 0 && IsAgain(errno)) return false;
  if (got <= 0) {
    Close();
    return false;
  }
  last_active_ms_ = set_.NowMs();
  large_.received += got;
  if (large_.received < large_.size) return true;
  set_.AddInFlight(-large_.size);  // Deliver counts it from here on
  const BytesView view{large_.bytes.get(), static_cast<size_t>(large_.size)};
  SharedBytes frame(std::move(large_.bytes), view);
  large_ = {};
  frame_started_ms_ = 0;
  Deliver(std::move(frame));
  return true;
}

bool Connection::CheckLength(int64_t length) {
  const ConnectionLimits& limits = set_.limits();
  const int64_t length_max =
      authenticated_ ? limits.frame_bytes_max : limits.unauthenticated_frame_bytes_max;
  if (length >= 8 && length <= length_max) return true;
  Refuse({length > length_max ? ErrorCode::kRecordTooLarge : ErrorCode::kCorruptMessage,
          fmt::format("bad frame length: length={} min=8 max={} authenticated={}", length,
                      length_max, authenticated_)});
  return false;
}

void Connection::Consume(BytesView data) {
  // Whole frames first: they share one block, so that a burst of small requests costs one
  // allocation.
  size_t whole = 0;
  while (data.size() - whole >= kLengthBytes) {
    const auto length = static_cast<int64_t>(LoadBe<int32_t>(data.data() + whole));
    if (!CheckLength(length)) return;
    if (static_cast<int64_t>(data.size() - whole) < kLengthBytes + length) break;
    whole += static_cast<size_t>(kLengthBytes + length);
  }
  std::shared_ptr<char[]> block;
  if (whole > 0) {
    block = std::make_shared_for_overwrite<char[]>(whole);
    std::memcpy(block.get(), data.data(), whole);
  }

  const BytesView rest = data.substr(whole);
  if (rest.empty()) {
    frame_started_ms_ = 0;
  } else {
    if (whole > 0 || frame_started_ms_ == 0) frame_started_ms_ = set_.NowMs();
    const int64_t length = rest.size() >= kLengthBytes ? LoadBe<int32_t>(rest.data()) : 0;
    if (length >= kLargeFrameBytes) {
      large_.bytes = std::make_shared_for_overwrite<char[]>(static_cast<size_t>(length));
      large_.size = length;
      large_.received = static_cast<int64_t>(rest.size()) - kLengthBytes;
      std::memcpy(large_.bytes.get(), rest.data() + kLengthBytes,
                  static_cast<size_t>(large_.received));
      set_.AddInFlight(length);
    } else {
      partial_.assign(rest);
    }
  }

  const SharedBytes frames(block, {block.get(), whole});
  for (size_t at = 0; at < whole && !closing_ && !closed_;) {
    const auto length = static_cast<size_t>(LoadBe<int32_t>(block.get() + at));
    Deliver(frames.Slice({block.get() + at + kLengthBytes, length}));
    at += kLengthBytes + length;
  }
}

void Connection::Deliver(SharedBytes frame) {
  const auto bytes = static_cast<int64_t>(frame.size());
  ++unanswered_;
  unanswered_bytes_ += bytes;
  set_.AddInFlight(bytes);
  sink_->OnFrame(std::move(frame));
}

bool Connection::Overloaded(int64_t divide_by) const {
  // A single request may be larger than the bound: it is let through alone.
  if (unanswered_ == 0 && out_.empty()) return false;
  const ConnectionLimits& limits = set_.limits();
  return unanswered_bytes_ + out_memory_bytes_ > limits.in_flight_bytes_max / divide_by ||
         unanswered_ > limits.in_flight_requests_max / divide_by || set_.Overloaded();
}

void Connection::ResumeIfPaused() {
  if (!paused_ || closed_ || Overloaded(2)) return;
  paused_ = false;
  // Bytes already in the socket raise no new event; look for them in a turn of their own.
  boost::asio::post(shard().io(), [self = shared_from_this()] {
    if (!self->closed_ && !self->reading_) self->OnReadable();
  });
}

// ---- sending
// ----------------------------------------------------------------------------------------------

void Connection::Reply(Pieces pieces, int64_t frame_bytes) {
  --unanswered_;
  unanswered_bytes_ -= frame_bytes;
  set_.AddInFlight(-frame_bytes);
  if (closed_) return;
  if (out_.empty()) send_progress_ms_ = set_.NowMs();
  for (Pieces::Part& part : pieces.parts()) {
    const int64_t bytes = Pieces::SizeOf(part);
    if (bytes == 0) continue;
    if (!std::holds_alternative<FileRange>(part)) {
      out_memory_bytes_ += bytes;
      set_.AddInFlight(bytes);
    }
    out_.push_back(std::move(part));
  }
  ScheduleFlush();
}

void Connection::ScheduleFlush() {
  if (corked_ || writing_ || flush_scheduled_ || closed_) return;
  flush_scheduled_ = true;
  // Whatever else is answered in this turn of the loop leaves with it.
  boost::asio::post(shard().io(), [self = shared_from_this()] {
    self->flush_scheduled_ = false;
    if (!self->closed_ && !self->writing_) self->Flush();
  });
}

void Connection::Flush() {
  while (!out_.empty() && !closed_) {
    const bool sent = std::holds_alternative<FileRange>(out_.front()) ? SendFile() : SendMemory();
    if (sent) continue;
    if (closed_) return;
    writing_ = true;
    socket_.async_wait(Socket::wait_write,
                       [self = shared_from_this()](const boost::system::error_code& error) {
                         self->writing_ = false;
                         if (error) return self->Close();
                         self->Flush();
                       });
    return;
  }
  if (closing_ || (draining_ && unanswered_ == 0)) return Close();
  ResumeIfPaused();
}

bool Connection::SendMemory() {
  std::array<iovec, kIovecsMax> iovecs;
  size_t count = 0;
  int64_t skip = out_front_sent_;
  int64_t wanted = 0;
  bool file_follows = false;
  for (const Pieces::Part& part : out_) {
    if (count == kIovecsMax) break;
    BytesView bytes;
    if (const auto* text = std::get_if<std::string>(&part)) {
      bytes = *text;
    } else if (const auto* shared = std::get_if<SharedBytes>(&part)) {
      bytes = shared->view();
    } else {
      file_follows = true;
      break;
    }
    bytes.remove_prefix(static_cast<size_t>(skip));
    skip = 0;
    iovecs[count++] = {const_cast<char*>(bytes.data()), bytes.size()};
    wanted += static_cast<int64_t>(bytes.size());
  }
  msghdr message{};
  message.msg_iov = iovecs.data();
  message.msg_iovlen = count;
  const int flags = MSG_DONTWAIT | MSG_NOSIGNAL | (file_follows ? MSG_MORE : 0);
  const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, flags);
  if (sent < 0) {
    if (!IsAgain(errno)) Close();
    return false;
  }
  Sent(sent);
  return sent == wanted;
}

bool Connection::SendFile() {
  const auto& range = std::get<FileRange>(out_.front());
  off_t offset = range.offset + out_front_sent_;
  const int64_t left = range.length - out_front_sent_;
  const ssize_t sent = ::sendfile(socket_.native_handle(), range.fd, &offset,
                                  static_cast<size_t>(std::min(left, kSendfileBytesMax)));
  if (sent <= 0) {
    if (sent == 0)
      LogError("net", "a file is shorter than the range to send: offset={} left={}", range.offset,
               left);
    if (sent == 0 || !IsAgain(errno)) Close();
    return false;
  }
  Sent(sent);
  return true;
}

void Connection::Sent(int64_t bytes) {
  last_active_ms_ = send_progress_ms_ = set_.NowMs();
  while (bytes > 0) {
    const int64_t size = Pieces::SizeOf(out_.front());
    const int64_t left = size - out_front_sent_;
    if (bytes < left) {
      out_front_sent_ += bytes;
      return;
    }
    bytes -= left;
    if (!std::holds_alternative<FileRange>(out_.front())) {
      out_memory_bytes_ -= size;
      set_.AddInFlight(-size);
    }
    out_.pop_front();
    out_front_sent_ = 0;
  }
}

// ---- the end
// ----------------------------------------------------------------------------------------------

void Connection::CloseWhenSent() {
  closing_ = true;
  if (out_.empty() && !corked_) return Close();
  ScheduleFlush();
}

void Connection::Drain() {
  if (draining_ || closed_) return;
  draining_ = true;
  if (unanswered_ == 0 && out_.empty()) return Close();
  sink_->OnEnding();
}

void Connection::Refuse(const Error& error) {
  if (closing_ || closed_) return;
  if (set_.MayLog())
    LogInfo("net", "closing a connection: peer={} reason=\"{}\"", peer_, error.message);
  std::string refusal = sink_->Refusal(error);
  out_memory_bytes_ += static_cast<int64_t>(refusal.size());
  set_.AddInFlight(static_cast<int64_t>(refusal.size()));
  if (out_.empty()) send_progress_ms_ = set_.NowMs();
  out_.emplace_back(std::move(refusal));
  CloseWhenSent();
}

void Connection::Close() {
  if (closed_) return;
  closed_ = true;
  boost::system::error_code ignored;
  socket_.close(ignored);
  set_.AddInFlight(-out_memory_bytes_ - (large_.bytes != nullptr ? large_.size : 0));
  out_.clear();
  out_memory_bytes_ = 0;
  large_ = {};
  partial_ = {};
  if (sink_ != nullptr) sink_->OnEnding();
  set_.Remove(*this);
}

bool Connection::idle() const {
  return unanswered_ == 0 && out_.empty() && partial_.empty() && large_.bytes == nullptr;
}

void Connection::CheckDeadlines(int64_t now_ms) {
  const ConnectionLimits& limits = set_.limits();
  const auto passed = [now_ms](int64_t since, int64_t limit) { return now_ms - since >= limit; };
  if (!out_.empty() && passed(send_progress_ms_, limits.stalled_send_ms)) {
    if (set_.MayLog()) LogInfo("net", "closing a connection that does not read: peer={}", peer_);
    return Close();
  }
  if (closing_) return;
  if (!authenticated_ && passed(accepted_ms_, limits.unauthenticated_ms)) {
    return Refuse({ErrorCode::kAuthenticate, "not authenticated in time"});
  }
  if (frame_started_ms_ != 0 && !paused_ && FrameLate(now_ms)) {
    return Refuse({ErrorCode::kRequestTimeOut, "a frame was not completed in time"});
  }
  if (idle() && passed(last_active_ms_, limits.idle_ms)) Close();
}

bool Connection::FrameLate(int64_t now_ms) const {
  // A big frame over a slow line may take longer than the base time, but not at a trickle.
  const int64_t received =
      large_.bytes != nullptr ? large_.received : static_cast<int64_t>(partial_.size());
  const int64_t earned_ms = received / kFrameBytesPerMsMin;
  return now_ms - frame_started_ms_ >= set_.limits().partial_frame_ms + earned_ms;
}

}  // namespace weir
