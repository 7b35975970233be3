// One client connection: frames in, pieces out. Knows lengths, limits and sockets, nothing about
// requests. Owned by the shard it was accepted on (ConnectionSet keeps it alive); every call
// happens on that shard.
//
// Memory: an idle connection holds no buffers. Bytes are received into a scratch buffer of the
// shard; whole small frames leave it with one copy into a block they share, a big frame is received
// straight into its own block. Reading stops while too much is unanswered or unsent, and goes on at
// half of that.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "async/shard.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "net/pieces.h"

namespace weir {

class ConnectionSet;

/// The slowest line over which a frame may still arrive, once its partial_frame_ms are used up: 64
/// KiB/s.
inline constexpr int64_t kFrameBytesPerMsMin = 64;

struct ConnectionLimits {
  int64_t frame_bytes_max = 100 * MiB;
  int64_t in_flight_bytes_max = 32 * MiB;  // unanswered requests and unsent replies held in memory
  int64_t in_flight_requests_max = 1024;
  int64_t idle_ms = 600'000;            // no byte in either direction and nothing under way
  int64_t partial_frame_ms = 30'000;    // a frame must be complete this long after its first byte,
                                        // plus 1 ms per kFrameBytesPerMsMin received
  int64_t stalled_send_ms = 60'000;     // the peer must take at least a byte in this time
  int64_t unauthenticated_ms = 10'000;  // ... and a closed door must open within this
  int64_t unauthenticated_frame_bytes_max = 64 * KiB;
};

/// What reads a connection's frames; lives as long as the connection does.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  /// A whole frame without its length prefix. Every frame must be answered by exactly one
  /// Connection::Reply.
  virtual void OnFrame(SharedBytes frame) = 0;
  /// The last bytes to send before closing a connection that broke the rules.
  virtual std::string Refusal(const Error& error) = 0;
  /// The connection is gone or about to go: work that only waits for something should end now.
  virtual void OnEnding() {}
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Socket = boost::asio::ip::tcp::socket;

  Connection(ConnectionSet& set, Socket socket);
  ~Connection();

  /// Start reading; `authenticated` false applies the tight limits until Authenticated() is called.
  void Start(std::unique_ptr<FrameSink> sink, bool authenticated);
  void Authenticated() { authenticated_ = true; }

  /// Queue the answer to a frame of `frame_bytes`; many answers leave in one system call.
  void Reply(Pieces pieces, int64_t frame_bytes);

  /// Send what is queued plus `refusal`, then close. Nothing more is read.
  void Refuse(const Error& error);
  /// Read nothing more, close when what is queued has been sent.
  void CloseWhenSent();
  /// The server is stopping: read nothing more, answer what is under way, then close.
  void Drain();
  bool draining() const { return draining_; }
  /// Close now. Idempotent.
  void Close();
  bool closed() const { return closed_; }

  /// Whether nothing is being received, answered or sent.
  bool idle() const;
  /// Close the connection if one of its deadlines has passed.
  void CheckDeadlines(int64_t now_ms);

  /// Read on if reading was stopped for lack of room and there is room again.
  void ResumeIfPaused();

  Shard& shard() const;
  const std::string& peer() const { return peer_; }
  const boost::asio::ip::tcp::endpoint& local() const { return local_; }

 private:
  struct LargeFrame {
    std::shared_ptr<char[]> bytes;
    int64_t size = 0;
    int64_t received = 0;
  };

  void WaitReadable();
  void OnReadable();
  /// Receive once. False: nothing left to read now, or closed.
  bool ReceiveOnce();
  bool ReceiveLarge();
  /// Take whole frames out of `data`; keep or start what is incomplete.
  void Consume(BytesView data);
  bool CheckLength(int64_t length);
  bool FrameLate(int64_t now_ms) const;
  void Deliver(SharedBytes frame);
  bool Overloaded(int64_t divide_by) const;

  void ScheduleFlush();
  void Flush();
  /// False: the socket is full or closed.
  bool SendMemory();
  bool SendFile();
  void Sent(int64_t bytes);

  ConnectionSet& set_;
  Socket socket_;
  boost::asio::ip::tcp::endpoint local_;
  std::string peer_;
  std::unique_ptr<FrameSink> sink_;

  std::string partial_;  // the beginning of a small frame
  LargeFrame large_;
  bool reading_ = false;  // a wait for readability is pending
  bool paused_ = false;

  std::deque<Pieces::Part> out_;
  int64_t out_front_sent_ = 0;  // bytes of out_.front() already sent
  int64_t out_memory_bytes_ = 0;
  bool flush_scheduled_ = false;
  bool writing_ = false;  // a wait for writability is pending
  bool corked_ = false;   // replies made while frames are delivered leave together

  int64_t unanswered_ = 0;
  int64_t unanswered_bytes_ = 0;
  bool authenticated_ = true;
  bool draining_ = false;
  bool closing_ = false;
  bool closed_ = false;

  int64_t accepted_ms_ = 0;
  int64_t last_active_ms_ = 0;
  int64_t frame_started_ms_ = 0;  // 0: no frame is incomplete
  int64_t send_progress_ms_ = 0;
};

}  // namespace weir
