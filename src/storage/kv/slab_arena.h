// Memory for many small things of changing sizes: blocks cut front to back, free lists per size
// class. Nothing is given back to the system before the arena dies; what is freed serves the same
// size class again. Owned by a HotIndex, single-threaded. All sizes are rounded up to 16 bytes and
// so is every address.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/kv/hot_memory.h"

namespace weir {

class SlabArena {
 public:
  /// What is larger comes from the system, one by one.
  static constexpr size_t kChunkBytesMax = 32 * 1024;

  explicit SlabArena(HotMemory& memory) : memory_(memory) {}
  ~SlabArena() { Clear(); }
  SlabArena(const SlabArena&) = delete;
  SlabArena& operator=(const SlabArena&) = delete;

  /// At least `bytes` (> 0) of memory, 16-byte aligned.
  char* Allocate(size_t bytes) {
    const int size_class = ClassOf(bytes);
    if (size_class >= kClasses) return AllocateLarge(bytes);
    if (FreeChunk* chunk = free_[static_cast<size_t>(size_class)]) {
      free_[static_cast<size_t>(size_class)] = chunk->next;
      free_bytes_ -= static_cast<int64_t>(SizeOf(size_class));
      return reinterpret_cast<char*>(chunk);
    }
    const size_t size = SizeOf(size_class);
    if (size > static_cast<size_t>(end_ - at_)) AddBlock(size);
    char* chunk = at_;
    at_ += size;
    return chunk;
  }

  /// Give back what Allocate(bytes) returned.
  void Free(char* memory, size_t bytes) {
    const int size_class = ClassOf(bytes);
    if (size_class >= kClasses) return FreeLarge(memory, bytes);
    Keep(memory, size_class);
  }

  /// Give all memory back to the system; everything allocated dies, large things excepted (free
  /// them first).
  void Clear();

  /// Bytes charged, and how many of them lie in free lists.
  int64_t held_bytes() const { return held_bytes_; }
  int64_t free_bytes() const { return free_bytes_; }

 private:
  struct FreeChunk {
    FreeChunk* next;
  };
  struct Block {
    char* memory;
    size_t bytes;
  };

  // 128 classes of 16 bytes' step up to 2 KiB, then eight per doubling up to 32 KiB, then the
  // system's.
  static constexpr int kClasses = 160;

  static int ClassOf(size_t bytes) {
    const size_t last = bytes - 1;
    if (last < 2048) return static_cast<int>(last / 16);
    const int log = 63 - __builtin_clzll(last);
    return 128 + (log - 11) * 8 + static_cast<int>((last >> (log - 3)) & 7);
  }
  static size_t SizeOf(int size_class) {
    if (size_class < 128) return static_cast<size_t>(size_class + 1) * 16;
    const int log = 11 + (size_class - 128) / 8;
    return static_cast<size_t>(9 + (size_class - 128) % 8) << (log - 3);
  }

  void Keep(char* memory, int size_class) {
    auto* chunk = reinterpret_cast<FreeChunk*>(memory);
    chunk->next = free_[static_cast<size_t>(size_class)];
    free_[static_cast<size_t>(size_class)] = chunk;
    free_bytes_ += static_cast<int64_t>(SizeOf(size_class));
  }

  void AddBlock(size_t bytes_min);
  char* AllocateLarge(size_t bytes);
  void FreeLarge(char* memory, size_t bytes);

  HotMemory& memory_;
  char* at_ = nullptr;
  char* end_ = nullptr;
  std::vector<Block> blocks_;
  std::array<FreeChunk*, kClasses> free_ = {};
  int64_t held_bytes_ = 0;
  int64_t free_bytes_ = 0;
};

}  // namespace weir
