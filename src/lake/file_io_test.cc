#include "lake/file_io.h"

#include <arrow/io/interfaces.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/matchers.h"
#include "lake/memory_store_for_test.h"
#include "lake/s3_retry.h"

namespace weir::iceberg {
namespace {

using ::testing::HasSubstr;

class FileIoTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "file_io_" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  MetricRegistry registry_;
  FileIo io_{FileIoOptions{}, registry_};
  std::string folder_;
};

TEST_F(FileIoTest, WhatIsWrittenIsReadUnderEverySpellingOfItsLocation) {
  const std::string path = folder_ + "/a/b/file.json";
  ASSERT_TRUE(io_.WriteNew(path, "hello").ok());
  EXPECT_EQ(io_.ReadAll(path).value(), "hello");
  EXPECT_EQ(io_.ReadAll("file:" + path).value(), "hello");
  EXPECT_EQ(io_.ReadAll("file://" + path).value(), "hello");
  EXPECT_EQ(io_.Stat(path).value()->bytes, 5);
  EXPECT_FALSE(io_.Stat(folder_ + "/none").value().has_value());
  EXPECT_FALSE(io_.Stat(path + "/below-a-file").value().has_value());
}

TEST_F(FileIoTest, WriteNewNeverReplaces) {
  const std::string path = folder_ + "/file";
  ASSERT_TRUE(io_.WriteNew(path, "one").ok());
  EXPECT_EQ(io_.WriteNew(path, "two").code(), ErrorCode::kFileAlreadyExist);
  EXPECT_EQ(io_.ReadAll(path).value(), "one");
  EXPECT_EQ(io_.List(folder_).value().size(), 1u) << "no temporary file is left";
}

TEST_F(FileIoTest, AMissingFileIsToldApart) {
  EXPECT_EQ(io_.ReadAll(folder_ + "/none").code(), ErrorCode::kFileNotExist);
  EXPECT_TRUE(io_.Delete(folder_ + "/none").ok());
  EXPECT_TRUE(io_.List(folder_ + "/none").value().empty());
}

TEST_F(FileIoTest, NothingIsReadOrDeletedOutsideOfThePlacesThatAreGiven) {
  for (const char* name : {"/in/file", "/out/file"})
    ASSERT_THAT(io_.WriteNew(folder_ + name, "x"), IsOk());
  io_.Confine({.below = {"file://" + folder_ + "/in"}});
  const auto unsynced = io_.Unsynced();
  for (FileIo* io : {&io_, unsynced.get()}) {
    EXPECT_THAT(io->ReadAll(folder_ + "/in/file"), IsOk());
    for (const char* name : {"/out/file", "/in/../out/file", "/in2/file"}) {
      EXPECT_THAT(io->ReadAll(folder_ + name), IsError(ErrorCode::kInvalidTable)) << name;
      EXPECT_THAT(io->Delete(folder_ + name), IsError(ErrorCode::kInvalidTable)) << name;
    }
    EXPECT_THAT(io->ReadAll("s3://bucket/file"), IsError(ErrorCode::kInvalidTable));
  }
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/out/file"));
}

TEST_F(FileIoTest, AnyObjectStoreIsNotTheLocalDisk) {
  ASSERT_THAT(io_.WriteNew(folder_ + "/file", "x"), IsOk());
  const auto store = std::make_shared<MemoryStore>();
  io_.SetStore("s3", store);
  store->files["s3://bucket/file"] = "y";
  io_.Confine({.object_stores = true});
  EXPECT_THAT(io_.ReadAll("s3://bucket/file"), IsOk());
  EXPECT_THAT(io_.ReadAll("s3://bucket/x/../file"), IsError(ErrorCode::kInvalidTable));
  EXPECT_THAT(io_.ReadAll(folder_ + "/file"), IsError(ErrorCode::kInvalidTable));
}

TEST_F(FileIoTest, APipeIsNotWaitedFor) {
  std::filesystem::create_directories(folder_);
  ASSERT_EQ(mkfifo((folder_ + "/pipe").c_str(), 0600), 0);
  EXPECT_THAT(io_.ReadAll(folder_ + "/pipe"), IsError(ErrorCode::kStorage));
}

TEST_F(FileIoTest, AFileLongerThanTheLimitIsNotRead) {
  ASSERT_TRUE(io_.WriteNew(folder_ + "/file", "123456").ok());
  EXPECT_EQ(io_.ReadAll(folder_ + "/file", 5).code(), ErrorCode::kStorage);
  EXPECT_TRUE(io_.ReadAll(folder_ + "/file", 6).ok());
}

TEST_F(FileIoTest, AnOutputAppearsWholeOrNotAtAll) {
  const std::string path = folder_ + "/data/file.parquet";
  {
    auto file = io_.OpenOutput(path).value();
    ASSERT_TRUE(file->Append("half").ok());
    EXPECT_FALSE(io_.Stat(path).value().has_value());
  }
  EXPECT_TRUE(io_.List(folder_).value().empty());

  auto file = io_.OpenOutput(path).value();
  ASSERT_TRUE(file->Append("who").ok());
  ASSERT_TRUE(file->stream()->Write("le", 2).ok());
  EXPECT_EQ(file->bytes(), 5);
  ASSERT_TRUE(file->Finish().ok());
  EXPECT_EQ(io_.ReadAll(path).value(), "whole");
  const auto found = io_.List(folder_).value();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].location, path);
  EXPECT_EQ(found[0].bytes, 5);
  EXPECT_GT(found[0].modified_ms, 1'600'000'000'000);
}

TEST_F(FileIoTest, LocationsWithoutAServedSchemeAreRefused) {
  EXPECT_EQ(io_.ReadAll("relative/path").code(), ErrorCode::kInvalidConfig);
  EXPECT_EQ(io_.ReadAll("gopher://x/y").code(), ErrorCode::kInvalidConfig);
  EXPECT_EQ(io_.ReadAll("").code(), ErrorCode::kInvalidConfig);
}

TEST_F(FileIoTest, CallsAreCounted) {
  ASSERT_TRUE(io_.WriteNew(folder_ + "/file", "12345").ok());
  (void)io_.ReadAll(folder_ + "/file");
  EXPECT_FALSE(io_.ReadAll(folder_ + "/none").ok());
  const std::string text = registry_.PrometheusText();
  EXPECT_THAT(text,
              HasSubstr(R"(lake_object_store_bytes_total{store="file",operation="write"} 5)"));
  EXPECT_THAT(text, HasSubstr(R"(lake_object_store_bytes_total{store="file",operation="read"} 5)"));
  EXPECT_THAT(text,
              HasSubstr(R"(lake_object_store_errors_total{store="file",operation="stat"} 1)"));
}

TEST(Retry, WaitsDoubleUpToTheMaximumAndNeverLessThanHalf) {
  FileIoOptions options;
  options.backoff_min = std::chrono::milliseconds(100);
  options.backoff_max = std::chrono::milliseconds(1000);
  EXPECT_EQ(RetryWaitMs(options, 0, 0), 50);
  EXPECT_EQ(RetryWaitMs(options, 0, 0.999), 99);
  EXPECT_EQ(RetryWaitMs(options, 3, 0), 400);
  EXPECT_EQ(RetryWaitMs(options, 60, 0), 500);
}

TEST(Retry, TheNumberOfTriesAndTheTimeTheyTakeAreBounded) {
  FileIoOptions options;
  options.attempts_max = 4;
  EXPECT_TRUE(MayRetry(options, 2));
  EXPECT_FALSE(MayRetry(options, 3));
  options.attempts_max = 100;
  options.backoff_min = options.backoff_max = std::chrono::milliseconds(100);
  options.retry_time_max = std::chrono::milliseconds(350);
  EXPECT_TRUE(MayRetry(options, 2));
  EXPECT_FALSE(MayRetry(options, 3));
}

TEST(Retry, OnlyErrorsThatPassAreTriedAgain) {
  EXPECT_TRUE(PassesByItself("SlowDown", ""));
  EXPECT_TRUE(PassesByItself("", "No response body. HTTP response code: 503"));
  EXPECT_TRUE(PassesByItself("", "curlCode: 28, Timeout was reached"));
  EXPECT_FALSE(PassesByItself("AccessDenied", "HTTP response code: 403"));
  EXPECT_FALSE(PassesByItself("NoSuchBucket", "HTTP response code: 404"));
}

}  // namespace
}  // namespace weir::iceberg
