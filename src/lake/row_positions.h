// A set of row positions of one data file: what position deletes and deletion vectors say is gone.
// A 64-bit Roaring bitmap: chunks of 65,536 positions as sorted arrays or bit sets, so a file of which every row is
// deleted costs 1 bit a row. Stored form: "portable" 64-bit Roaring (RoaringFormatSpec), as deletion vectors use it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace weir::iceberg {

class RowPositions {
 public:
  /// Positions must be below 2^63.
  void Add(int64_t position);
  /// Add [begin, end).
  void AddRange(int64_t begin, int64_t end);
  /// Costs what the two sets take in memory, however many positions that is.
  void AddAll(const RowPositions& other);

  bool Contains(int64_t position) const;
  /// Whether any of [begin, end) is in the set.
  bool ContainsAny(int64_t begin, int64_t end) const;
  bool ContainsAll(const RowPositions& other) const;
  /// How many are below `position`.
  int64_t CountBelow(int64_t position) const;
  int64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// Ascending.
  std::vector<int64_t> ToVector() const;
  /// Bytes of memory used, about. Costs nothing to ask.
  int64_t memory_bytes() const { return memory_bytes_; }

  std::string Serialize() const;
  /// Errors  kCorruptRecord   not a bitmap, one that ends early or has bytes left, keys or positions out of order
  ///         kRecordTooLarge  runs that unfold to more than 256 MiB: 2^31 rows of one data file
  static Result<RowPositions> Deserialize(BytesView bytes);

  friend bool operator==(const RowPositions&, const RowPositions&) = default;

 private:
  /// Positions with the same upper 48 bits; an array up to kArrayMax values, else a bit set.
  struct Chunk {
    int64_t key = 0;
    int32_t size = 0;
    std::vector<uint16_t> values;  // sorted; empty when bits are used
    std::vector<uint64_t> bits;    // 1,024 words; empty when values are used

    bool Contains(uint16_t low) const;
    bool Add(uint16_t low);
    void AddAll(const Chunk& other);
    void ToBits();
    int64_t memory_bytes() const;
    void WriteTo(std::string& out) const;
    friend bool operator==(const Chunk&, const Chunk&) = default;
  };

  static constexpr int32_t kArrayMax = 4096;

  Chunk& ChunkOf(int64_t key);

  std::vector<Chunk> chunks_;  // by key
  int64_t size_ = 0;
  int64_t memory_bytes_ = 0;  // of all chunks
};

}  // namespace weir::iceberg
