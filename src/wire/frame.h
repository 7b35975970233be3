// Frames: what one message looks like on the connection. All integers are big-endian;
// docs/formats/frames.md.
//   request  i32 length | i16 api key | i16 api version | i32 request id | protobuf body
//   reply    i32 length | i8 0        | i32 request id  | protobuf body
//   error    i32 length | i8 1        | i32 request id  | protobuf ErrorResponse
//   refusal  i32 length | i8 2        | protobuf ErrorResponse               (then the connection
//   is closed)
// The length counts what follows it. Source: Fluss 1.0.0 MessageCodec, ResponseType.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/endian.h"
#include "base/result.h"
#include "wire/api_keys.h"

namespace weir {

inline constexpr size_t kFrameLengthBytes = 4;
inline constexpr size_t kRequestHeaderBytes = 8;  // after the length
inline constexpr size_t kReplyHeaderBytes = 9;    // with the length

struct RequestHeader {
  ApiKey api_key{};
  int16_t api_version = 0;
  int32_t request_id = 0;
};

enum class ReplyType : int8_t { kSuccess = 0, kError = 1, kRefusal = 2 };

/// Read the header of a frame whose length prefix is already gone; the body is what follows it.
/// Errors  kCorruptMessage  shorter than a header
inline Result<RequestHeader> ParseRequestHeader(BytesView frame) {
  if (frame.size() < kRequestHeaderBytes) {
    return Fail(ErrorCode::kCorruptMessage, "a request is shorter than its header: bytes={}",
                frame.size());
  }
  return RequestHeader{static_cast<ApiKey>(LoadBe<int16_t>(frame.data())),
                       LoadBe<int16_t>(frame.data() + 2), LoadBe<int32_t>(frame.data() + 4)};
}

inline void StoreRequestHeader(char* to, const RequestHeader& header, int64_t body_bytes) {
  StoreBe<int32_t>(to,
                   static_cast<int32_t>(body_bytes + static_cast<int64_t>(kRequestHeaderBytes)));
  StoreBe<int16_t>(to + 4, static_cast<int16_t>(header.api_key));
  StoreBe<int16_t>(to + 6, header.api_version);
  StoreBe<int32_t>(to + 8, header.request_id);
}

/// Fill the kReplyHeaderBytes in front of a body of `body_bytes`.
inline void StoreReplyHeader(char* to, ReplyType type, int32_t request_id, int64_t body_bytes) {
  StoreBe<int32_t>(to, static_cast<int32_t>(body_bytes + 5));
  to[4] = static_cast<char>(type);
  StoreBe<int32_t>(to + 5, request_id);
}

/// A whole error frame for one request. A None error code is replaced by UNKNOWN_SERVER_ERROR, as
/// are internal codes.
std::string EncodeErrorReply(int32_t request_id, const Error& error);

/// A whole type-2 frame: this connection is about to be closed, and why.
std::string EncodeRefusal(const Error& error);

/// The code a client may see: internal codes and "no error" become UNKNOWN_SERVER_ERROR.
ErrorCode WireCode(ErrorCode code);

}  // namespace weir
