// Pages of a key index: some hundred keys in order with the places of their rows, each key as what it does not share
// with the one before. A page is read and written whole, so that a round that changes many keys of a page pays once
// for all of them. Pure functions over bytes. Format: docs/formats/key_index.md.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>

#include "base/bytes.h"

namespace weir {

/// A data file, by its number in the index, and a row in it.
struct KeyPlace {
  uint64_t file = 0;
  uint64_t row = 0;

  friend bool operator==(const KeyPlace&, const KeyPlace&) = default;
};

void AppendVarint(uint64_t value, std::string& out);
/// Take a number off the front of `bytes`; false: they end in it.
bool ReadVarint(BytesView& bytes, uint64_t& value);

/// Walks the keys of a page, which ascend, or the page is damaged.
class KeyPageReader {
 public:
  /// page  must outlive this; an empty one has no keys. Any bytes are safe to read.
  explicit KeyPageReader(BytesView page) : rest_(page) { Next(); }

  bool valid() const { return valid_; }
  /// The walk ended where there should have been more.
  bool damaged() const { return damaged_; }
  BytesView key() const { return key_; }  // until the next move
  KeyPlace place() const { return place_; }
  /// How many bytes the key has in common with the one before.
  size_t shared() const { return shared_; }
  /// The bytes of the key and its place in the page.
  BytesView entry() const { return entry_; }
  void Next();

  /// Go to the first key that is not before `key`. Returns whether it is this key.
  bool SkipTo(BytesView key) {
    return SkipTo(key, [] {});
  }
  /// pass  called on each key that is passed
  template <class F>
  bool SkipTo(BytesView key, F pass);

 private:
  BytesView rest_;
  BytesView entry_;
  std::string key_;
  size_t shared_ = 0;
  KeyPlace place_;
  bool valid_ = false;
  bool damaged_ = false;
  bool is_first_ = true;
};

/// Makes pages of about one size out of keys in order.
class KeyPageWriter {
 public:
  static constexpr size_t kBytesTarget = 1024;
  static constexpr size_t kUnknown = SIZE_MAX;

  /// done  called with each page that is full, and with its last key; null: all goes into one page
  explicit KeyPageWriter(std::function<void(BytesView last_key, BytesView page)> done)
      : done_(std::move(done)) {}

  /// key     ascends from call to call
  /// shared  bytes that it has in common with the key of the call before
  void Add(BytesView key, KeyPlace place, size_t shared = kUnknown);
  /// The same of an entry of another page, where the key before is the one added last: its bytes are taken as they are.
  void AddEntry(const KeyPageReader& from);
  /// The key added last.
  BytesView last_key() const { return last_key_; }
  /// The page under way, which may be empty; the next call begins a new one.
  std::string Finish();

 private:
  bool IsCutHere() const { return cut_at_ == 0 && page_.size() >= kBytesTarget; }
  void SplitIfFull();

  const std::function<void(BytesView, BytesView)> done_;
  std::string page_;
  std::string last_key_;
  // Where the page would be cut in two once it is too large: the first key of the second half.
  size_t cut_at_ = 0;  // 0: not there yet
  size_t cut_place_ = 0;
  std::string before_cut_;
  std::string behind_cut_;
};

/// How many bytes two keys have in common at their beginnings; they are equal up to `from`.
inline size_t CommonLength(BytesView a, BytesView b, size_t from = 0) {
  const size_t most = std::min(a.size(), b.size());
  size_t at = from;
  for (uint64_t x = 0, y = 0; at + sizeof x <= most; at += sizeof x) {
    std::memcpy(&x, a.data() + at, sizeof x);
    std::memcpy(&y, b.data() + at, sizeof y);
    if (x != y) return at + static_cast<size_t>(std::countr_zero(x ^ y)) / 8;
  }
  while (at < most && a[at] == b[at]) ++at;
  return at;
}

template <class F>
bool KeyPageReader::SkipTo(BytesView key, F pass) {
  if (!valid_) return false;
  size_t common = CommonLength(key_, key);
  while (true) {
    if (common == key.size()) return key_.size() == common;
    if (common < key_.size() &&
        static_cast<uint8_t>(key_[common]) > static_cast<uint8_t>(key[common]))
      return false;
    // Keys that have more in common with the one before than that one has with `key` are before `key` as well; one
    // that has less in common is behind it.
    do {
      pass();
      Next();
      if (!valid_) return false;
    } while (shared_ > common);
    if (shared_ < common) return false;
    common = CommonLength(key_, key, common);
  }
}

}  // namespace weir
