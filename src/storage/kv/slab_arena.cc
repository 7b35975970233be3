#include "storage/kv/slab_arena.h"

#include <algorithm>
#include <new>

#include "base/bytes.h"

namespace weir {
namespace {

// An idle bucket must stay small, a busy one should not ask often: blocks double from 2 KiB to 256
// KiB.
constexpr size_t kFirstBlock = 2 * KiB;
constexpr size_t kLastBlock = 256 * KiB;

}  // namespace

void SlabArena::AddBlock(size_t bytes_min) {
  // The rest of the old block serves its exact class; a rest over 2 KiB (after a large row) is
  // lost.
  const auto rest = static_cast<size_t>(end_ - at_);
  if (rest >= 16 && rest <= 2048) Keep(at_, ClassOf(rest));
  const size_t next =
      blocks_.empty() ? kFirstBlock : std::min(blocks_.back().bytes * 2, kLastBlock);
  const size_t bytes = std::max(next, bytes_min);
  at_ = static_cast<char*>(::operator new(bytes, std::align_val_t(64)));
  end_ = at_ + bytes;
  blocks_.push_back({at_, bytes});
  held_bytes_ += static_cast<int64_t>(bytes);
  memory_.Charge(static_cast<int64_t>(bytes));
}

char* SlabArena::AllocateLarge(size_t bytes) {
  held_bytes_ += static_cast<int64_t>(bytes);
  memory_.Charge(static_cast<int64_t>(bytes));
  return static_cast<char*>(::operator new(bytes, std::align_val_t(64)));
}

void SlabArena::FreeLarge(char* memory, size_t bytes) {
  held_bytes_ -= static_cast<int64_t>(bytes);
  memory_.Release(static_cast<int64_t>(bytes));
  ::operator delete(memory, std::align_val_t(64));
}

void SlabArena::Clear() {
  for (const Block& block : blocks_) {
    ::operator delete(block.memory, std::align_val_t(64));
    held_bytes_ -= static_cast<int64_t>(block.bytes);
    memory_.Release(static_cast<int64_t>(block.bytes));
  }
  blocks_.clear();
  free_.fill(nullptr);
  free_bytes_ = 0;
  at_ = end_ = nullptr;
}

}  // namespace weir
