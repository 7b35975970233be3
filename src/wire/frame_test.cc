#include "wire/frame.h"

#include <gtest/gtest.h>

#include "proto/fluss_api.pb.h"

namespace weir {
namespace {

// Layout as in Fluss 1.0.0 MessageCodec: i16 key, i16 version, i32 id.
TEST(Frame, TheHeaderIsBigEndian) {
  const BytesView frame("\x03\xe8\x00\x00\x00\x00\x00\x07\x0a\x01x", 11);
  const auto header = ParseRequestHeader(frame);
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->api_key, ApiKey::kApiVersions);
  EXPECT_EQ(header->api_version, 0);
  EXPECT_EQ(header->request_id, 7);
}

TEST(Frame, AFrameShorterThanItsHeaderIsRefused) {
  EXPECT_EQ(ParseRequestHeader(BytesView("\x03\xe8\x00\x00\x00\x00\x00", 7)).code(),
            ErrorCode::kCorruptMessage);
}

TEST(Frame, TheRequestHeaderReadsBackAsWritten) {
  char bytes[12];
  StoreRequestHeader(bytes, {ApiKey::kFetchLog, 1, -2}, 100);
  EXPECT_EQ(LoadBe<int32_t>(bytes), 108);
  const auto header = ParseRequestHeader({bytes + 4, 8});
  EXPECT_EQ(header->api_key, ApiKey::kFetchLog);
  EXPECT_EQ(header->api_version, 1);
  EXPECT_EQ(header->request_id, -2);
}

TEST(Frame, AReplyHeaderCountsTypeAndIdInItsLength) {
  char bytes[kReplyHeaderBytes];
  StoreReplyHeader(bytes, ReplyType::kSuccess, 0x01020304, 2);
  EXPECT_EQ(BytesView(bytes, sizeof(bytes)), BytesView("\x00\x00\x00\x07\x00\x01\x02\x03\x04", 9));
}

TEST(Frame, AnErrorReplyCarriesTypeOneIdCodeAndText) {
  const std::string frame = EncodeErrorReply(9, {ErrorCode::kTableNotExist, "no table"});
  EXPECT_EQ(LoadBe<int32_t>(frame.data()), static_cast<int32_t>(frame.size() - 4));
  EXPECT_EQ(frame[4], 1);
  EXPECT_EQ(LoadBe<int32_t>(frame.data() + 5), 9);
  pb::ErrorResponse body;
  ASSERT_TRUE(body.ParseFromString(frame.substr(9)));
  EXPECT_EQ(body.error_code(), 7);
  EXPECT_EQ(body.error_message(), "no table");
}

TEST(Frame, ARefusalHasNoRequestId) {
  const std::string frame = EncodeRefusal({ErrorCode::kCorruptMessage, "bad"});
  EXPECT_EQ(frame[4], 2);
  pb::ErrorResponse body;
  ASSERT_TRUE(body.ParseFromString(frame.substr(5)));
  EXPECT_EQ(body.error_code(), 3);
}

TEST(Frame, InternalCodesDoNotReachTheWire) {
  EXPECT_EQ(WireCode(ErrorCode::kWouldBlock), ErrorCode::kUnknownServerError);
  EXPECT_EQ(WireCode(ErrorCode::kNone), ErrorCode::kUnknownServerError);
  EXPECT_EQ(WireCode(ErrorCode::kInvalidBucketRouting), ErrorCode::kInvalidBucketRouting);
}

}  // namespace
}  // namespace weir
