// Any bytes as the body of a hot request. What the hand-written parser accepts, protobuf accepts
// too, with the same table id; the first byte chooses the request.
#include <cstdint>
#include <cstdlib>

#include "proto/fluss_api.pb.h"
#include "wire/hot_requests.h"

namespace {

/// Whether all of a request is decoded by hand; the filter of FETCH_LOG is skipped unread.
enum class Decoded { kWhole, kPartly };

template <class Truth, class Message>
void Compare(weir::BytesView body, weir::Result<Message> (*parse)(weir::BytesView),
             Decoded decoded = Decoded::kWhole) {
  const auto parsed = parse(body);
  Truth truth;
  const bool valid = truth.ParseFromArray(body.data(), static_cast<int>(body.size()));
  // Stricter is fine (groups, fields of another wire type); more lenient is not.
  if (parsed.ok() && !valid && decoded == Decoded::kWhole) std::abort();
  if constexpr (requires { truth.table_id(); }) {
    if (parsed.ok() && parsed->table.value != truth.table_id()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const weir::BytesView body(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      Compare<weir::pb::ProduceLogRequest>(body, &weir::ParseProduceLog);
      break;
    case 1:
      Compare<weir::pb::PutKvRequest>(body, &weir::ParsePutKv);
      break;
    case 2:
      Compare<weir::pb::LookupRequest>(body, &weir::ParseLookup);
      break;
    case 3:
      Compare<weir::pb::PrefixLookupRequest>(body, &weir::ParsePrefixLookup);
      break;
    default:
      Compare<weir::pb::FetchLogRequest>(body, &weir::ParseFetchLog, Decoded::kPartly);
      break;
  }
  return 0;
}
