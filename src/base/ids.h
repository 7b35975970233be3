// Small distinct types for what must not be mixed up. Offsets are plain int64: they are computed with.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>

namespace weir {

/// First and next positions in a bucket's log; dense from 0.
using Offset = int64_t;

template <class Tag, class Rep>
struct StrongId {
  Rep value = 0;

  constexpr StrongId() = default;
  constexpr explicit StrongId(Rep v) : value(v) {}
  friend constexpr auto operator<=>(const StrongId&, const StrongId&) = default;
};

using TableId = StrongId<struct TableIdTag, int64_t>;
using PartitionId = StrongId<struct PartitionIdTag, int64_t>;
using SchemaId = StrongId<struct SchemaIdTag, int16_t>;
using BucketId = int32_t;

/// One bucket of a table, or of one partition of a partitioned table. Java: org.apache.fluss.metadata.TableBucket.
struct TableBucket {
  TableId table;
  std::optional<PartitionId> partition;
  BucketId bucket = 0;

  friend auto operator<=>(const TableBucket&, const TableBucket&) = default;
};

/// Mixes all parts; spreads consecutive ids, as shards are chosen by it.
struct TableBucketHash {
  size_t operator()(const TableBucket& b) const {
    uint64_t h = static_cast<uint64_t>(b.table.value) * 0x9e3779b97f4a7c15ULL;
    h ^= static_cast<uint64_t>(b.partition ? b.partition->value + 1 : 0) * 0xc2b2ae3d27d4eb4fULL;
    h += static_cast<uint64_t>(b.bucket);
    h ^= h >> 32;
    return static_cast<size_t>(h);
  }
};

}  // namespace weir

template <class Tag, class Rep>
struct std::hash<weir::StrongId<Tag, Rep>> {
  size_t operator()(const weir::StrongId<Tag, Rep>& id) const { return std::hash<Rep>()(id.value); }
};
