#include "record/bucketing.h"

#include <bit>
#include <cstdlib>

#include "base/endian.h"

namespace weir {
namespace {

uint32_t MixWord(uint32_t word) { return std::rotl(word * 0xcc9e2d51u, 15) * 0x1b873593u; }
uint32_t MixHash(uint32_t hash, uint32_t word) {
  return std::rotl(hash ^ word, 13) * 5 + 0xe6546b64u;
}

uint32_t Finish(uint32_t hash, size_t length) {
  hash ^= static_cast<uint32_t>(length);
  hash = (hash ^ hash >> 16) * 0x85ebca6bu;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
  return hash ^ hash >> 16;
}

/// Flink's murmur: each byte of the tail is mixed like a word, sign-extended.
/// Source  Fluss 545c5539 MurmurHashUtils.hashBytes
uint32_t FlinkMurmur(BytesView bytes) {
  uint32_t hash = 42;
  size_t at = 0;
  for (; at + 4 <= bytes.size(); at += 4)
    hash = MixHash(hash, MixWord(LoadLe<uint32_t>(bytes.data() + at)));
  for (; at < bytes.size(); ++at) {
    const auto word = static_cast<uint32_t>(static_cast<int32_t>(static_cast<int8_t>(bytes[at])));
    hash = MixHash(hash, MixWord(word));
  }
  return Finish(hash, bytes.size());
}

/// A second murmur over the first one's value, then its absolute value.
/// Source  Fluss 545c5539 MathUtils.murmurHash
int32_t FlussHash(BytesView key) {
  const auto hash = static_cast<int32_t>(Finish(MixHash(0, MixWord(FlinkMurmur(key))), 4));
  return hash == INT32_MIN ? 0 : std::abs(hash);
}

}  // namespace

uint32_t Murmur3(BytesView bytes) {
  uint32_t hash = 0;
  size_t at = 0;
  for (; at + 4 <= bytes.size(); at += 4)
    hash = MixHash(hash, MixWord(LoadLe<uint32_t>(bytes.data() + at)));
  uint32_t tail = 0;
  for (size_t i = bytes.size(); i > at; --i) tail = tail << 8 | static_cast<uint8_t>(bytes[i - 1]);
  return Finish(hash ^ MixWord(tail), bytes.size());
}

Bucketing ChooseBucketing(std::optional<LakeFormat> lake) {
  if (!lake) return Bucketing::kFluss;
  switch (*lake) {
    case LakeFormat::kPaimon:
      return Bucketing::kPaimon;
    case LakeFormat::kIceberg:
      return Bucketing::kIceberg;
    case LakeFormat::kHudi:
      return Bucketing::kHudi;
    case LakeFormat::kLance:
      return Bucketing::kFluss;
  }
  return Bucketing::kFluss;
}

Result<BucketId> BucketOf(Bucketing bucketing, BytesView key, int32_t buckets) {
  if (buckets < 1)
    return Fail(ErrorCode::kInvalidTable, "bucket count must be positive: buckets={}", buckets);
  if (key.empty() && (bucketing == Bucketing::kFluss || bucketing == Bucketing::kIceberg)) {
    return Fail(ErrorCode::kInvalidTable, "bucket key is empty");
  }
  switch (bucketing) {
    case Bucketing::kFluss:
      return FlussHash(key) % buckets;
    case Bucketing::kPaimon:
      return std::abs(static_cast<int32_t>(FlinkMurmur(key)) % buckets);
    case Bucketing::kIceberg:
      return static_cast<int32_t>(Murmur3(key) & INT32_MAX) % buckets;
    case Bucketing::kHudi:
      break;
  }
  if (key.size() != sizeof(uint32_t)) {
    return Fail(ErrorCode::kInvalidTable, "hudi bucket key must have 4 bytes: bytes={}",
                key.size());
  }
  return static_cast<int32_t>(LoadBe<uint32_t>(key.data()) & INT32_MAX) % buckets;
}

}  // namespace weir
