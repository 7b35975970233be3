#include "storage/kv/checkpoint.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr KvCheckpoint kSome = {
    .flushed_offset = 1'234'567'890'123, .row_count = 42, .id_first = 7, .id_last = 100'000};

TEST(KvCheckpoint, ReadsWhatItWrote) {
  EXPECT_EQ(DecodeKvCheckpoint(EncodeKvCheckpoint(kSome)), kSome);
}

// The bytes of docs/formats/kv_state.md.
TEST(KvCheckpoint, HasTheDocumentedBytes) {
  std::string hex;
  for (const char byte : EncodeKvCheckpoint({.flushed_offset = 300, .row_count = 5})) {
    hex += fmt::format("{:02x}", static_cast<uint8_t>(byte));
  }
  EXPECT_EQ(hex,
            "574b565301000000"
            "2c01000000000000"
            "0500000000000000"
            "0100000000000000"
            "0000000000000000"
            "8462b5df");
}

TEST(KvCheckpoint, AnyFlippedByteIsFound) {
  const std::string good = EncodeKvCheckpoint(kSome);
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] ^= 1;
    EXPECT_EQ(DecodeKvCheckpoint(bad).code(), ErrorCode::kKvStorage) << "flipped byte " << at;
  }
  EXPECT_EQ(DecodeKvCheckpoint(good.substr(1)).code(), ErrorCode::kKvStorage);
  EXPECT_EQ(DecodeKvCheckpoint("").code(), ErrorCode::kKvStorage);
}

}  // namespace
}  // namespace weir
