#include "wire/frame.h"

#include "proto/fluss_api.pb.h"

namespace weir {
namespace {

std::string EncodeError(ReplyType type, int32_t request_id, size_t header_bytes,
                        const Error& error) {
  pb::ErrorResponse body;
  body.set_error_code(static_cast<int32_t>(WireCode(error.code)));
  body.set_error_message(error.message);
  const size_t body_bytes = body.ByteSizeLong();
  std::string frame(header_bytes + body_bytes, '\0');
  StoreBe<int32_t>(frame.data(), static_cast<int32_t>(frame.size() - kFrameLengthBytes));
  frame[4] = static_cast<char>(type);
  if (header_bytes == kReplyHeaderBytes) StoreBe<int32_t>(frame.data() + 5, request_id);
  body.SerializeToArray(frame.data() + header_bytes, static_cast<int>(body_bytes));
  return frame;
}

}  // namespace

ErrorCode WireCode(ErrorCode code) {
  const auto number = static_cast<int32_t>(code);
  return number < -1 || number == 0 ? ErrorCode::kUnknownServerError : code;
}

std::string EncodeErrorReply(int32_t request_id, const Error& error) {
  return EncodeError(ReplyType::kError, request_id, kReplyHeaderBytes, error);
}

std::string EncodeRefusal(const Error& error) {
  return EncodeError(ReplyType::kRefusal, 0, kReplyHeaderBytes - 4, error);
}

}  // namespace weir
