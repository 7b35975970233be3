#include "lake/row_positions.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>

#include "base/check.h"

namespace weir::iceberg {
namespace {

constexpr int kChunkBits = 16;
constexpr int64_t kChunkSize = 1 << kChunkBits;
constexpr size_t kWords = kChunkSize / 64;

// RoaringFormatSpec: the cookie of a bitmap without runs, and the low half of the one with runs.
constexpr uint32_t kCookieNoRuns = 12346;
constexpr uint32_t kCookieRuns = 12347;
/// With runs, offsets stand only in bitmaps of at least so many containers.
constexpr uint32_t kOffsetsMin = 4;
constexpr uint32_t kContainersMax = 1 << 16;
/// A few stored bytes may be a run of 65,536 positions.
constexpr int64_t kMemoryMax = 256 * MiB;
/// What the allocator spends on a chunk beside what is in it, about.
constexpr int64_t kChunkOverheadBytes = 32;

template <class T>
void Put(T value, std::string& out) {
  static_assert(std::endian::native == std::endian::little);
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

Failure Damaged(std::string_view what) {
  return Fail(ErrorCode::kCorruptRecord, "damaged bitmap of row positions: {}", what);
}

class Input {
 public:
  explicit Input(BytesView bytes) : bytes_(bytes) {}

  template <class T>
  Result<T> Get() {
    ASSIGN_OR_RETURN(const BytesView bytes, Take(sizeof(T)));
    T value;
    std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }

  Result<BytesView> Take(size_t bytes) {
    if (bytes > bytes_.size()) return Damaged("it ends early");
    const BytesView taken = bytes_.substr(0, bytes);
    bytes_.remove_prefix(bytes);
    return taken;
  }

  size_t left() const { return bytes_.size(); }

 private:
  BytesView bytes_;
};

}  // namespace

bool RowPositions::Chunk::Contains(uint16_t low) const {
  if (!bits.empty()) return (bits[low / 64] >> (low % 64)) & 1;
  return std::ranges::binary_search(values, low);
}

bool RowPositions::Chunk::Add(uint16_t low) {
  if (bits.empty()) {
    // Deletes mostly come in order.
    const auto at = values.empty() || values.back() < low ? values.end()
                                                          : std::ranges::lower_bound(values, low);
    if (at != values.end() && *at == low) return false;
    values.insert(at, low);
    if (++size > kArrayMax) ToBits();
    return true;
  }
  const uint64_t mask = uint64_t{1} << (low % 64);
  if ((bits[low / 64] & mask) != 0) return false;
  bits[low / 64] |= mask;
  ++size;
  return true;
}

void RowPositions::Chunk::AddAll(const Chunk& other) {
  if (bits.empty() && other.bits.empty()) {
    std::vector<uint16_t> both;
    both.reserve(values.size() + other.values.size());
    std::ranges::set_union(values, other.values, std::back_inserter(both));
    values = std::move(both);
    size = static_cast<int32_t>(values.size());
    if (size > kArrayMax) ToBits();
    return;
  }
  if (bits.empty()) ToBits();
  for (const uint16_t low : other.values) bits[low / 64] |= uint64_t{1} << (low % 64);
  for (size_t word = 0; word < other.bits.size(); ++word) bits[word] |= other.bits[word];
  size = 0;
  for (const uint64_t word : bits) size += std::popcount(word);
}

int64_t RowPositions::Chunk::memory_bytes() const {
  return static_cast<int64_t>(sizeof(Chunk) + values.size() * 2 + bits.size() * 8) +
         kChunkOverheadBytes;
}

void RowPositions::Chunk::ToBits() {
  bits.assign(kWords, 0);
  for (const uint16_t low : values) bits[low / 64] |= uint64_t{1} << (low % 64);
  values = {};
}

RowPositions::Chunk& RowPositions::ChunkOf(int64_t key) {
  if (!chunks_.empty() && chunks_.back().key == key) return chunks_.back();
  const auto at = std::ranges::lower_bound(chunks_, key, {}, &Chunk::key);
  if (at != chunks_.end() && at->key == key) return *at;
  Chunk& made = *chunks_.insert(at, Chunk{.key = key});
  memory_bytes_ += made.memory_bytes();
  return made;
}

void RowPositions::Add(int64_t position) {
  WEIR_CHECK(position >= 0);
  Chunk& chunk = ChunkOf(position >> kChunkBits);
  const int64_t before = chunk.memory_bytes();
  if (chunk.Add(static_cast<uint16_t>(position & (kChunkSize - 1)))) ++size_;
  memory_bytes_ += chunk.memory_bytes() - before;
}

void RowPositions::AddRange(int64_t begin, int64_t end) {
  for (int64_t position = begin; position < end; ++position) Add(position);
}

void RowPositions::AddAll(const RowPositions& other) {
  std::vector<Chunk> both;
  auto mine = chunks_.begin();
  for (const Chunk& chunk : other.chunks_) {
    while (mine != chunks_.end() && mine->key < chunk.key) both.push_back(std::move(*mine++));
    if (mine != chunks_.end() && mine->key == chunk.key) {
      both.push_back(std::move(*mine++));
      both.back().AddAll(chunk);
    } else {
      both.push_back(chunk);
    }
  }
  both.insert(both.end(), std::make_move_iterator(mine), std::make_move_iterator(chunks_.end()));
  chunks_ = std::move(both);
  size_ = memory_bytes_ = 0;
  for (const Chunk& chunk : chunks_) {
    size_ += chunk.size;
    memory_bytes_ += chunk.memory_bytes();
  }
}

bool RowPositions::Contains(int64_t position) const {
  const auto at = std::ranges::lower_bound(chunks_, position >> kChunkBits, {}, &Chunk::key);
  return at != chunks_.end() && at->key == position >> kChunkBits &&
         at->Contains(static_cast<uint16_t>(position & (kChunkSize - 1)));
}

bool RowPositions::ContainsAny(int64_t begin, int64_t end) const {
  auto at = std::ranges::lower_bound(chunks_, begin >> kChunkBits, {}, &Chunk::key);
  for (; at != chunks_.end() && at->key << kChunkBits < end; ++at) {
    const int64_t base = at->key << kChunkBits;
    const int64_t from = std::max(begin, base) - base;
    const int64_t to = std::min(end - base, kChunkSize);
    if (at->bits.empty()) {
      const auto value = std::ranges::lower_bound(at->values, static_cast<uint16_t>(from));
      if (value != at->values.end() && *value < to) return true;
      continue;
    }
    for (int64_t low = from; low < to; ++low) {
      if (at->Contains(static_cast<uint16_t>(low))) return true;
    }
  }
  return false;
}

bool RowPositions::ContainsAll(const RowPositions& other) const {
  return std::ranges::all_of(other.ToVector(),
                             [this](int64_t position) { return Contains(position); });
}

int64_t RowPositions::CountBelow(int64_t position) const {
  int64_t count = 0;
  for (const Chunk& chunk : chunks_) {
    const int64_t base = chunk.key << kChunkBits;
    if (base >= position) break;
    if (base + kChunkSize <= position) {
      count += chunk.size;
      continue;
    }
    const auto low = static_cast<size_t>(position - base);
    if (chunk.bits.empty()) {
      const auto end = std::ranges::lower_bound(chunk.values, static_cast<uint16_t>(low));
      return count + (end - chunk.values.begin());
    }
    for (size_t word = 0; word < low / 64; ++word) count += std::popcount(chunk.bits[word]);
    const uint64_t rest = chunk.bits[low / 64] & ((uint64_t{1} << (low % 64)) - 1);
    return count + std::popcount(rest);
  }
  return count;
}

std::vector<int64_t> RowPositions::ToVector() const {
  std::vector<int64_t> positions;
  positions.reserve(static_cast<size_t>(size_));
  for (const Chunk& chunk : chunks_) {
    const int64_t base = chunk.key << kChunkBits;
    for (const uint16_t low : chunk.values) positions.push_back(base + low);
    for (size_t word = 0; word < chunk.bits.size(); ++word) {
      for (uint64_t left = chunk.bits[word]; left != 0; left &= left - 1) {
        positions.push_back(base + static_cast<int64_t>(word * 64) + std::countr_zero(left));
      }
    }
  }
  return positions;
}

// Stored form.

void RowPositions::Chunk::WriteTo(std::string& out) const {
  for (const uint16_t low : values) Put(low, out);
  for (const uint64_t word : bits) Put(word, out);
}

namespace {

size_t StoredBytes(int32_t size, int32_t array_max) {
  return size > array_max ? kWords * 8 : static_cast<size_t>(size) * 2;
}

}  // namespace

std::string RowPositions::Serialize() const {
  std::string out;
  uint64_t bitmaps = 0;
  for (size_t i = 0; i < chunks_.size(); ++i) {
    if (i == 0 || chunks_[i].key >> 16 != chunks_[i - 1].key >> 16) ++bitmaps;
  }
  Put(bitmaps, out);
  for (size_t begin = 0; begin < chunks_.size();) {
    const int64_t high = chunks_[begin].key >> 16;
    size_t end = begin;
    while (end < chunks_.size() && chunks_[end].key >> 16 == high) ++end;

    const auto count = static_cast<uint32_t>(end - begin);
    Put(static_cast<uint32_t>(high), out);
    Put(kCookieNoRuns, out);
    Put(count, out);
    for (size_t i = begin; i < end; ++i) {
      Put(static_cast<uint16_t>(chunks_[i].key & 0xFFFF), out);
      Put(static_cast<uint16_t>(chunks_[i].size - 1), out);
    }
    uint32_t offset = 8 + count * 8;
    for (size_t i = begin; i < end; ++i) {
      Put(offset, out);
      offset += static_cast<uint32_t>(StoredBytes(chunks_[i].size, kArrayMax));
    }
    for (size_t i = begin; i < end; ++i) chunks_[i].WriteTo(out);
    begin = end;
  }
  return out;
}

namespace {

/// What precedes the containers of one 32-bit bitmap.
struct BitmapHead {
  struct Container {
    uint16_t key = 0;
    int32_t size = 0;
    bool run = false;
  };
  std::vector<Container> containers;

  static Result<BitmapHead> Read(Input& in) {
    ASSIGN_OR_RETURN(const uint32_t cookie, in.Get<uint32_t>());
    uint32_t count = 0;
    BytesView runs;
    if ((cookie & 0xFFFF) == kCookieRuns) {
      count = (cookie >> 16) + 1;
      ASSIGN_OR_RETURN(runs, in.Take((count + 7) / 8));
    } else if (cookie == kCookieNoRuns) {
      ASSIGN_OR_RETURN(count, in.Get<uint32_t>());
    } else {
      return Damaged("unknown cookie");
    }
    if (count > kContainersMax) return Damaged("too many containers");

    BitmapHead head;
    int32_t last_key = -1;
    for (uint32_t i = 0; i < count; ++i) {
      ASSIGN_OR_RETURN(const uint16_t key, in.Get<uint16_t>());
      ASSIGN_OR_RETURN(const uint16_t size, in.Get<uint16_t>());
      if (key <= last_key) return Damaged("containers are out of order");
      last_key = key;
      const bool run = !runs.empty() && ((static_cast<uint8_t>(runs[i / 8]) >> (i % 8)) & 1);
      head.containers.push_back({key, size + 1, run});
    }
    // Offsets tell what the containers in their order tell as well.
    if (runs.empty() || count >= kOffsetsMin) {
      RETURN_IF_ERROR(in.Take(size_t{count} * 4));
    }
    return head;
  }
};

Result<std::vector<uint16_t>> ReadValues(Input& in, int32_t size) {
  ASSIGN_OR_RETURN(const BytesView bytes, in.Take(static_cast<size_t>(size) * 2));
  std::vector<uint16_t> values(static_cast<size_t>(size));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  if (std::ranges::adjacent_find(values, std::greater_equal<>()) != values.end()) {
    return Damaged("positions are out of order");
  }
  return values;
}

Result<std::vector<uint64_t>> ReadBits(Input& in, int32_t size) {
  ASSIGN_OR_RETURN(const BytesView bytes, in.Take(kWords * 8));
  std::vector<uint64_t> bits(kWords);
  std::memcpy(bits.data(), bytes.data(), bytes.size());
  int32_t found = 0;
  for (const uint64_t word : bits) found += std::popcount(word);
  if (found != size) return Damaged("a bit set has another size than it says");
  return bits;
}

/// Runs of (first value, length - 1), ascending and apart.
Result<std::vector<uint16_t>> ReadRuns(Input& in, int32_t size) {
  ASSIGN_OR_RETURN(const uint16_t count, in.Get<uint16_t>());
  std::vector<uint16_t> values;
  int32_t next = 0;
  for (uint16_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(const uint16_t first, in.Get<uint16_t>());
    ASSIGN_OR_RETURN(const uint16_t more, in.Get<uint16_t>());
    if (first < next || int32_t{first} + more >= kChunkSize) {
      return Damaged("runs are out of order");
    }
    next = int32_t{first} + more + 1;
    for (int32_t value = first; value < next; ++value) {
      values.push_back(static_cast<uint16_t>(value));
    }
  }
  if (static_cast<int32_t>(values.size()) != size) {
    return Damaged("runs have another size than they say");
  }
  return values;
}

}  // namespace

Result<RowPositions> RowPositions::Deserialize(BytesView bytes) {
  Input in(bytes);
  RowPositions rows;
  ASSIGN_OR_RETURN(const uint64_t bitmaps, in.Get<uint64_t>());
  int64_t last_high = -1;
  for (uint64_t i = 0; i < bitmaps; ++i) {
    ASSIGN_OR_RETURN(const uint32_t high, in.Get<uint32_t>());
    if (high <= last_high || high > INT32_MAX) return Damaged("bitmaps are out of order");
    last_high = high;
    ASSIGN_OR_RETURN(const BitmapHead head, BitmapHead::Read(in));
    for (const auto& container : head.containers) {
      Chunk chunk{.key = (last_high << 16) | container.key, .size = container.size};
      rows.memory_bytes_ +=
          chunk.memory_bytes() + static_cast<int64_t>(StoredBytes(container.size, kArrayMax));
      if (rows.memory_bytes_ > kMemoryMax) {
        return Fail(ErrorCode::kRecordTooLarge,
                    "a bitmap of row positions is too large: bytes_max={}", kMemoryMax);
      }
      if (container.run) {
        ASSIGN_OR_RETURN(chunk.values, ReadRuns(in, container.size));
        if (container.size > kArrayMax) chunk.ToBits();
      } else if (container.size > kArrayMax) {
        ASSIGN_OR_RETURN(chunk.bits, ReadBits(in, container.size));
      } else {
        ASSIGN_OR_RETURN(chunk.values, ReadValues(in, container.size));
      }
      rows.size_ += container.size;
      rows.chunks_.push_back(std::move(chunk));
    }
  }
  if (in.left() != 0) return Damaged("bytes are left");
  return rows;
}

}  // namespace weir::iceberg
