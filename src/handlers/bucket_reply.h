// What the per-bucket parts of data-plane replies have in common: fields 1 to 4 are partition,
// bucket, error code and error message in all of them.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "rpc/api.h"
#include "wire/frame.h"
#include "wire/protobuf_writer.h"

namespace weir {

inline void AppendBucketFields(std::string& out, std::optional<PartitionId> partition,
                               BucketId bucket) {
  if (partition) AppendIntField(out, 1, partition->value);
  AppendIntField(out, 2, bucket);
}

inline void AppendErrorFields(std::string& out, const Error& error) {
  AppendIntField(out, 3, static_cast<int32_t>(WireCode(error.code)));
  AppendBytesField(out, 4, error.message);
}

/// The generated messages' way to say the same.
template <class Message>
void SetError(Message& message, const Error& error) {
  message.set_error_code(static_cast<int32_t>(WireCode(error.code)));
  message.set_error_message(error.message);
}

/// Decode by hand, as kHandler does for generated messages.
template <class Message>
Result<Message> Decode(RequestContext& context, BytesView body,
                       Result<Message> (*parse)(BytesView)) {
  Result<Message> message = parse(body);
  if (!message.ok()) context.CloseAfterAnswer();
  return message;
}

/// Errors  kInvalidRequiredAcks
inline Status CheckAcks(int32_t acks) {
  if (acks == 0 || acks == 1 || acks == -1) return {};
  return Fail(ErrorCode::kInvalidRequiredAcks, "acks must be 0, 1 or -1: acks={}", acks);
}

/// A wait the client asked for, within reason.
inline std::chrono::milliseconds AckTimeout(int32_t acks, int32_t timeout_ms,
                                            std::chrono::milliseconds no_ack) {
  if (acks != -1) return no_ack;
  return std::chrono::milliseconds(std::clamp(timeout_ms, 1, 600'000));
}

}  // namespace weir
