// The lake's files in a local S3 server that fails on demand (test/peers/faulty_s3.py).
#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>

#include "base/matchers.h"
#include "lake/file_io.h"
#include "lake/peer_for_test.h"

namespace weir::iceberg {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSecret = "a-secret-that-nobody-may-see";

/// The server, for all tests of this file.
class FaultyS3 {
 public:
  bool Start() {
    int to[2];
    int from[2];
    if (pipe(to) != 0 || pipe(from) != 0) return false;
    process_ = fork();
    if (process_ == 0) {
      dup2(to[0], STDIN_FILENO);
      dup2(from[1], STDOUT_FILENO);
      for (const int fd : {to[0], to[1], from[0], from[1]}) close(fd);
      execl(kPeerPython, kPeerPython, WEIR_SOURCE_DIR "/test/peers/faulty_s3.py", nullptr);
      _exit(127);
    }
    close(to[0]);
    close(from[1]);
    to_ = fdopen(to[1], "w");
    from_ = fdopen(from[0], "r");
    return sscanf(Line().c_str(), "port %d", &port_) == 1;
  }

  ~FaultyS3() {
    if (to_ != nullptr) fclose(to_);  // ends it
    if (from_ != nullptr) fclose(from_);
    if (process_ > 0) waitpid(process_, nullptr, 0);
  }

  std::string Do(const std::string& command) {
    fprintf(to_, "%s\n", command.c_str());
    fflush(to_);
    return Line();
  }
  int Requests() {
    int requests = -1;
    sscanf(Do("requests").c_str(), "ok %d", &requests);
    return requests;
  }
  int port() const { return port_; }

 private:
  std::string Line() {
    char line[256] = "";
    return fgets(line, sizeof(line), from_) == nullptr ? "" : std::string(line);
  }

  pid_t process_ = -1;
  FILE* to_ = nullptr;
  FILE* from_ = nullptr;
  int port_ = 0;
};

class S3StoreTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!HasPeer()) return;
    server_ = new FaultyS3;
    ASSERT_TRUE(server_->Start());
    ASSERT_EQ(server_->Do("bucket lake"), "ok\n");
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  void SetUp() override {
    if (server_ == nullptr) GTEST_SKIP();
    io_ = std::make_unique<FileIo>(Options(), registry_);
  }

  static FileIoOptions Options() {
    FileIoOptions options;
    options.s3_endpoint = "http://127.0.0.1:" + std::to_string(server_->port());
    options.s3_access_key_id = "key";
    options.s3_secret_access_key = kSecret;
    options.s3_region = "us-east-1";
    options.attempts_max = 4;
    options.backoff_min = std::chrono::milliseconds(1);
    options.backoff_max = std::chrono::milliseconds(2);
    return options;
  }

  std::string Path(std::string_view name) const {
    return Join(
        "s3://lake/" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()),
        name);
  }

  static FaultyS3* server_;
  MetricRegistry registry_;
  std::unique_ptr<FileIo> io_;
};

FaultyS3* S3StoreTest::server_ = nullptr;

TEST_F(S3StoreTest, WhatIsWrittenIsReadListedAndDeleted) {
  const std::string path = Path("a/file");
  ASSERT_THAT(io_->WriteNew(path, "hello"), IsOk());
  EXPECT_THAT(io_->ReadAll(path), HasValue("hello"));
  EXPECT_THAT(io_->ReadAll("s3a" + path.substr(2)), HasValue("hello"));
  EXPECT_EQ(io_->Stat(path).value()->bytes, 5);
  EXPECT_EQ(io_->Stat(Path("none")).value(), std::nullopt);
  const auto found = io_->List(Path("")).value();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].location, path);
  EXPECT_EQ(found[0].bytes, 5);
  EXPECT_THAT(io_->WriteNew(path, "again"), IsError(ErrorCode::kFileAlreadyExist));
  EXPECT_THAT(io_->Delete(path), IsOk());
  EXPECT_THAT(io_->Delete(path), IsOk());
  EXPECT_THAT(io_->ReadAll(path), IsError(ErrorCode::kFileNotExist));
  EXPECT_TRUE(io_->List(Path("")).value().empty());
}

TEST_F(S3StoreTest, ALargeOutputAppearsOnlyWhenItIsFinished) {
  const std::string path = Path("large");
  const std::string piece(static_cast<size_t>(3 * MiB), 'x');
  {
    auto file = io_->OpenOutput(path).value();
    for (int i = 0; i < 5; ++i) ASSERT_THAT(file->Append(piece), IsOk());
  }
  EXPECT_EQ(io_->Stat(path).value(), std::nullopt);
  auto file = io_->OpenOutput(path).value();
  for (int i = 0; i < 5; ++i) ASSERT_THAT(file->Append(piece), IsOk());
  ASSERT_THAT(file->Finish(), IsOk());
  const auto input = io_->OpenInput(path, 15 * MiB).value();
  EXPECT_EQ((*input->ReadAt(15 * MiB - 2, 100))->ToString(), "xx");
}

TEST_F(S3StoreTest, ErrorsThatPassAreTriedAgainAndCounted) {
  ASSERT_THAT(io_->WriteNew(Path("file"), "hello"), IsOk());
  for (const char* fault : {"status 503 2", "status 500 2", "drop 2", "late 1"}) {
    ASSERT_EQ(server_->Do(fault), "ok\n");
    EXPECT_THAT(io_->ReadAll(Path("file")), HasValue("hello")) << fault;
  }
  // The HTTP library repeats by itself what a kept connection lost, so the last three may not show.
  EXPECT_THAT(registry_.PrometheusText(), ContainsRegex(R"(retries_total\{store="s3"\} [4-7])"));
}

TEST_F(S3StoreTest, AnErrorLongerThanWhatWasAskedForIsTriedAgain) {
  ASSERT_THAT(io_->WriteNew(Path("file"), "hello"), IsOk());
  const auto input = io_->OpenInput(Path("file"), 5).value();
  ASSERT_EQ(server_->Do("status 503 2"), "ok\n");
  const auto part = input->ReadAt(1, 3);
  ASSERT_TRUE(part.ok()) << part.status().ToString();
  EXPECT_EQ((*part)->ToString(), "ell");
}

TEST_F(S3StoreTest, AWriteWhoseAnswerWasLostIsMadeAgain) {
  const std::string path = Path("file");
  auto file = io_->OpenOutput(path).value();
  ASSERT_THAT(file->Append("whole"), IsOk());
  ASSERT_EQ(server_->Do("late 2"), "ok\n");
  EXPECT_THAT(file->Finish(), IsOk());
  EXPECT_THAT(io_->ReadAll(path), HasValue("whole"));
}

TEST_F(S3StoreTest, TriesEndAndTheErrorNamesTheFile) {
  const std::string path = Path("file");
  ASSERT_THAT(io_->WriteNew(path, "hello"), IsOk());
  const int before = server_->Requests();
  ASSERT_EQ(server_->Do("status 503 4"), "ok\n");
  const auto read = io_->ReadAll(path);
  EXPECT_THAT(read, IsError(ErrorCode::kStorage));
  EXPECT_THAT(read.error().message, HasSubstr(path));
  EXPECT_EQ(server_->Requests() - before, 4);
}

TEST_F(S3StoreTest, RefusedCredentialsAreToldAtOnceAndTheSecretIsNot) {
  ASSERT_EQ(server_->Do("deny 1"), "ok\n");
  const int before = server_->Requests();
  const auto file = io_->OpenOutput(Path("file")).value();
  ASSERT_THAT(file->Append("x"), IsOk());
  const Status refused = file->Finish();
  EXPECT_THAT(refused, IsError(ErrorCode::kAuthorization));
  EXPECT_THAT(refused.error().message, Not(HasSubstr(kSecret)));
  EXPECT_EQ(server_->Requests() - before, 1);
  ASSERT_EQ(server_->Do("deny 1"), "ok\n");
  EXPECT_THAT(io_->ReadAll(Path("file")), IsError(ErrorCode::kAuthorization));
}

TEST_F(S3StoreTest, AMissingBucketIsAConfigurationError) {
  EXPECT_THAT(io_->WriteNew("s3://no-such-bucket/file", "x"), IsError(ErrorCode::kInvalidConfig));
  EXPECT_THAT(io_->ReadAll("s3:///file"), IsError(ErrorCode::kInvalidConfig));
}

TEST_F(S3StoreTest, ASilentServerIsLeftAfterAWhile) {
  FileIoOptions options = Options();
  options.attempts_max = 2;
  FileIo io(options, registry_);
  ASSERT_THAT(io.WriteNew(Path("file"), "hello"), IsOk());
  ASSERT_EQ(server_->Do("hang 10 1"), "ok\n");
  EXPECT_THAT(io.ReadAll(Path("file")), HasValue("hello"));
  EXPECT_THAT(registry_.PrometheusText(), HasSubstr(R"(retries_total{store="s3"} 1)"));
}

}  // namespace
}  // namespace weir::iceberg
