// What a connection does to its peer, over loopback, on one shard that the test runs by hand: no
// threads, no sleeping, time from a manual clock.
#include "net/connection.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>
#include <functional>

#include "base/endian.h"
#include "net/connection_set.h"
#include "net/listener.h"

namespace weir {
namespace {

using boost::asio::ip::tcp;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Frame(BytesView body) {
  std::string frame(4, '\0');
  StoreBe<int32_t>(frame.data(), static_cast<int32_t>(body.size()));
  return frame.append(body);
}
std::string Length(int32_t length) {
  std::string bytes(4, '\0');
  StoreBe<int32_t>(bytes.data(), length);
  return bytes;
}

/// Keeps the frames; the test answers them when it likes.
class Recorder : public FrameSink {
 public:
  explicit Recorder(Connection& connection) : connection(connection) {}
  void OnFrame(SharedBytes frame) override {
    frames.emplace_back(frame.view());
    sizes.push_back(static_cast<int64_t>(frame.size()));
    if (answer) answer(frames.back());
  }
  std::string Refusal(const Error& error) override { return "refused:" + error.message; }
  void OnEnding() override { ending = true; }

  void Answer(Pieces pieces) {
    connection.Reply(std::move(pieces), sizes.front());
    sizes.pop_front();
  }

  Connection& connection;
  std::vector<std::string> frames;
  std::deque<int64_t> sizes;
  std::function<void(const std::string&)> answer;
  bool ending = false;
};

class ConnectionTest : public ::testing::Test {
 protected:
  explicit ConnectionTest(ConnectionLimits limits = Limits())
      : set_(shard_, limits, 1 * MiB, clock_) {
    tcp::acceptor acceptor(shard_.io(), tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    client_.connect(acceptor.local_endpoint());
    client_.non_blocking(true);
    Connection::Socket server = acceptor.accept();
    set_.Adopt(
        std::move(server),
        [this](Connection& connection) {
          auto sink = std::make_unique<Recorder>(connection);
          sink_ = sink.get();
          connection_ = connection.shared_from_this();
          return sink;
        },
        authenticated_);
  }

  static ConnectionLimits Limits() {
    return {
        .frame_bytes_max = 1 * MiB, .in_flight_bytes_max = 256 * KiB, .in_flight_requests_max = 8};
  }

  /// Let the loop do everything it can do now.
  void Turn() {
    for (int quiet = 0; quiet < 3;) {
      quiet = shard_.io().poll() == 0 ? quiet + 1 : 0;
    }
  }
  void Send(BytesView bytes) {
    while (!bytes.empty()) {
      const ssize_t sent =
          ::send(client_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) bytes.remove_prefix(static_cast<size_t>(sent));
      Turn();
      if (sent < 0 && errno != EAGAIN) return;
    }
    Turn();
  }
  /// What has arrived at the client so far.
  std::string Received() {
    Turn();
    while (true) {
      char buffer[65536];
      const ssize_t got = ::recv(client_.native_handle(), buffer, sizeof(buffer), 0);
      if (got == 0) end_ = true;
      if (got <= 0) return received_;
      received_.append(buffer, static_cast<size_t>(got));
      Turn();
    }
  }
  bool EndReceived() { return Received(), end_; }

  ManualClock clock_;
  Shard shard_{0};
  bool authenticated_ = true;
  ConnectionSet set_;
  tcp::socket client_{shard_.io()};
  Recorder* sink_ = nullptr;  // lives as long as connection_
  std::shared_ptr<Connection> connection_;
  std::string received_;
  bool end_ = false;
};

TEST_F(ConnectionTest, FramesArriveWholeHoweverTheyAreCut) {
  const std::string bytes =
      Frame("first-frame") + Frame("12345678") + Frame(std::string(100'000, 'x'));
  for (size_t at = 0; at < bytes.size();) {
    const size_t step = at < 60 ? 1 : 10'000;
    Send(BytesView(bytes).substr(at, step));
    at += step;
  }
  EXPECT_THAT(sink_->frames, ElementsAre("first-frame", "12345678", std::string(100'000, 'x')));
}

TEST_F(ConnectionTest, ManyFramesInOneSegmentArriveInOrder) {
  std::string bytes;
  std::vector<std::string> expected;
  for (int i = 0; i < 7; ++i) {
    expected.push_back("frame-number-" + std::to_string(i));
    bytes += Frame(expected.back());
  }
  Send(bytes);
  EXPECT_EQ(sink_->frames, expected);
}

TEST_F(ConnectionTest, RepliesLeaveInTheOrderTheyAreMade) {
  Send(Frame("request1") + Frame("request2"));
  sink_->Answer(Pieces("second."));
  EXPECT_EQ(Received(), "second.");
  sink_->Answer(Pieces("first."));
  EXPECT_EQ(Received(), "second.first.");
}

TEST_F(ConnectionTest, PiecesOfMemoryAndFilesArriveInOrder) {
  char path[] = "/tmp/weir_connection_test_XXXXXX";
  const int fd = ::mkstemp(path);
  ::unlink(path);
  std::string contents(300'000, '\0');
  for (size_t i = 0; i < contents.size(); ++i) contents[i] = static_cast<char>(i * 7);
  ASSERT_EQ(::write(fd, contents.data(), contents.size()), static_cast<ssize_t>(contents.size()));

  Send(Frame("12345678"));
  Pieces pieces("head");
  pieces.Add(FileRange{.owner = {}, .fd = fd, .offset = 5, .length = 250'000});
  pieces.Tail() += "middle";
  pieces.Add(SharedBytes::Of(std::string(70'000, 's')));
  pieces.Add(FileRange{.owner = {}, .fd = fd, .offset = 0, .length = 3});
  const int64_t size = pieces.size();
  sink_->Answer(std::move(pieces));
  const std::string got = Received();
  EXPECT_EQ(static_cast<int64_t>(got.size()), size);
  EXPECT_TRUE(got == "head" + contents.substr(5, 250'000) + "middle" + std::string(70'000, 's') +
                         contents.substr(0, 3));
  ::close(fd);
}

TEST_F(ConnectionTest, LengthsThatCannotBeAreRefusedBeforeMemoryIsTaken) {
  for (const int32_t length : {0, 7, -1, INT32_MIN, INT32_MAX, static_cast<int32_t>(1 * MiB + 1)}) {
    const int64_t before = set_.in_flight_bytes();
    auto refused = std::make_unique<tcp::socket>(shard_.io());
    tcp::acceptor acceptor(shard_.io(), tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    refused->connect(acceptor.local_endpoint());
    std::shared_ptr<Connection> connection;
    set_.Adopt(
        acceptor.accept(),
        [&](Connection& made) {
          connection = made.shared_from_this();
          return std::make_unique<Recorder>(made);
        },
        true);
    ASSERT_EQ(::send(refused->native_handle(), Length(length).data(), 4, 0), 4);
    Turn();
    char buffer[256];
    const ssize_t got = ::recv(refused->native_handle(), buffer, sizeof(buffer), 0);
    ASSERT_GT(got, 0) << length;
    EXPECT_THAT(std::string(buffer, static_cast<size_t>(got)),
                ::testing::StartsWith("refused:bad frame length"))
        << length;
    EXPECT_EQ(::recv(refused->native_handle(), buffer, sizeof(buffer), 0), 0) << length;
    EXPECT_TRUE(connection->closed());
    EXPECT_EQ(set_.in_flight_bytes(), before);
  }
}

TEST_F(ConnectionTest, TheLargestFrameIsAccepted) {
  Send(Frame(std::string(1 * MiB, 'm')));
  ASSERT_EQ(sink_->frames.size(), 1U);
  EXPECT_EQ(sink_->frames[0].size(), static_cast<size_t>(1 * MiB));
}

TEST_F(ConnectionTest, ReadingStopsWhileTooMuchIsUnanswered) {
  std::string bytes;
  for (int i = 0; i < 20; ++i) bytes += Frame("request-" + std::to_string(i));
  // Each in its own segment, so that the bound is looked at in between.
  for (size_t at = 0; at < bytes.size(); at += 13) {
    ::send(client_.native_handle(), bytes.data() + at, std::min<size_t>(13, bytes.size() - at), 0);
    Turn();
  }
  const size_t admitted = sink_->frames.size();
  EXPECT_GE(admitted, 8U);
  EXPECT_LT(admitted, 20U);
  while (!sink_->sizes.empty()) {
    sink_->Answer(Pieces("."));
    Turn();
  }
  EXPECT_EQ(sink_->frames.size(), 20U);
  EXPECT_EQ(Received(), std::string(20, '.'));
}

TEST_F(ConnectionTest, ATrickledFrameIsCutOff) {
  Send(Length(1000) + "abc");
  for (int second = 0; second < 29; ++second) {
    clock_.AdvanceMs(1000);
    Send("x");
    set_.Sweep();
  }
  EXPECT_FALSE(connection_->closed());
  clock_.AdvanceMs(2000);
  set_.Sweep();
  EXPECT_TRUE(EndReceived());
  EXPECT_TRUE(connection_->closed());
  EXPECT_TRUE(sink_->ending);
  EXPECT_THAT(sink_->frames, IsEmpty());
}

TEST_F(ConnectionTest, AnIdleConnectionIsClosedAfterTenMinutes) {
  clock_.AdvanceMs(599'000);
  set_.Sweep();
  EXPECT_FALSE(connection_->closed());
  clock_.AdvanceMs(1000);
  set_.Sweep();
  EXPECT_TRUE(connection_->closed());
  EXPECT_EQ(set_.size(), 0U);
}

TEST_F(ConnectionTest, AConnectionThatWaitsForAnAnswerIsNotIdle) {
  Send(Frame("longpoll"));
  clock_.AdvanceMs(3'600'000);
  set_.Sweep();
  EXPECT_FALSE(connection_->closed());
}

TEST_F(ConnectionTest, APeerThatDoesNotReadIsClosed) {
  Send(Frame("12345678"));
  sink_->Answer(Pieces(std::string(64 << 20, 'r')));
  Turn();
  clock_.AdvanceMs(60'000);
  set_.Sweep();
  EXPECT_TRUE(connection_->closed());
  EXPECT_EQ(set_.in_flight_bytes(), 0);
}

TEST_F(ConnectionTest, AHalfClosedPeerIsGone) {
  Send(Frame("12345678"));
  client_.shutdown(tcp::socket::shutdown_send);
  Turn();
  EXPECT_TRUE(connection_->closed());
  sink_->Answer(Pieces("too late"));
  EXPECT_EQ(set_.in_flight_bytes(), 0);
}

TEST_F(ConnectionTest, AllMemoryIsGivenBack) {
  Send(Frame(std::string(200'000, 'a')) + Frame(std::string(20, 'b')) + Length(500'000) + "part");
  EXPECT_GT(set_.in_flight_bytes(), 500'000);
  connection_->Close();
  sink_->Answer(Pieces("x"));
  sink_->Answer(Pieces("x"));
  EXPECT_EQ(set_.in_flight_bytes(), 0);
}

TEST_F(ConnectionTest, AStoppingServerAnswersWhatIsUnderWayAndReadsNothingMore) {
  Send(Frame("longpoll"));
  set_.Drain();
  EXPECT_TRUE(sink_->ending);
  EXPECT_FALSE(connection_->closed());
  Send(Frame("too-late"));
  sink_->Answer(Pieces("answer"));
  EXPECT_EQ(Received(), "answer");
  EXPECT_TRUE(connection_->closed());
  EXPECT_THAT(sink_->frames, ElementsAre("longpoll"));
}

TEST_F(ConnectionTest, AStoppingServerClosesIdleConnectionsAtOnce) {
  set_.Drain();
  EXPECT_TRUE(EndReceived());
}

class StrangerTest : public ConnectionTest {
 protected:
  StrangerTest() {
    sink_ = nullptr;
    client_.close();
    Turn();
    client_ = tcp::socket(shard_.io());
    tcp::acceptor acceptor(shard_.io(), tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    client_.connect(acceptor.local_endpoint());
    client_.non_blocking(true);
    set_.Adopt(
        acceptor.accept(),
        [this](Connection& connection) {
          auto sink = std::make_unique<Recorder>(connection);
          sink_ = sink.get();
          connection_ = connection.shared_from_this();
          return sink;
        },
        false);
  }
};

TEST_F(StrangerTest, SendsSmallFramesOnly) {
  Send(Frame("12345678"));
  EXPECT_THAT(sink_->frames, ElementsAre("12345678"));
  Send(Length(64 * KiB + 1));
  EXPECT_TRUE(EndReceived());
  EXPECT_TRUE(connection_->closed());
}

TEST_F(StrangerTest, HasTenSecondsToSayWhoItIs) {
  clock_.AdvanceMs(9'999);
  set_.Sweep();
  EXPECT_FALSE(connection_->closed());
  clock_.AdvanceMs(1);
  set_.Sweep();
  EXPECT_THAT(Received(), ::testing::HasSubstr("not authenticated in time"));
  EXPECT_TRUE(connection_->closed());
}

TEST_F(StrangerTest, IsAStrangerNoMoreOnceAuthenticated) {
  connection_->Authenticated();
  clock_.AdvanceMs(20'000);
  set_.Sweep();
  Send(Frame(std::string(500'000, 'x')));
  EXPECT_EQ(sink_->frames.size(), 1U);
}

TEST(HostPort, IsParsedStrictly) {
  EXPECT_EQ(ParseHostPort("127.0.0.1:9123")->port, 9123);
  EXPECT_EQ(ParseHostPort("[::1]:0")->host, "::1");
  for (const char* bad : {"", "localhost", ":1", "h:", "h:65536", "h:-1", "h:1x"}) {
    EXPECT_EQ(ParseHostPort(bad).code(), ErrorCode::kInvalidConfig) << bad;
  }
}

}  // namespace
}  // namespace weir
