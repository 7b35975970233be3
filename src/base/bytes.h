// Bytes and who keeps them alive. A view is a std::string_view (protobuf, RocksDB, zstd and the standard
// library all take it); bytes that outlive a call and are shared travel as SharedBytes.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace weir {

using BytesView = std::string_view;

inline constexpr int64_t KiB = 1024;
inline constexpr int64_t MiB = 1024 * KiB;
inline constexpr int64_t GiB = 1024 * MiB;

/// A slice of memory with shared ownership: a frame's payload, a batch in flight. Cheap to copy and to slice.
class SharedBytes {
 public:
  SharedBytes() = default;
  SharedBytes(std::shared_ptr<const void> owner, BytesView view)
      : owner_(std::move(owner)), view_(view) {}

  static SharedBytes Of(std::string text) {
    auto owner = std::make_shared<const std::string>(std::move(text));
    const BytesView view = *owner;
    return {std::move(owner), view};
  }

  BytesView view() const { return view_; }
  const char* data() const { return view_.data(); }
  size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }
  const std::shared_ptr<const void>& owner() const { return owner_; }

  /// The bytes of `part`, which must lie inside view(), kept alive by the same owner.
  SharedBytes Slice(BytesView part) const { return {owner_, part}; }

 private:
  std::shared_ptr<const void> owner_;
  BytesView view_;
};

}  // namespace weir
