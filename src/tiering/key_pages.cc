#include "tiering/key_pages.h"

#include <algorithm>
#include <utility>

namespace weir {

namespace {

constexpr size_t kVarintBytesMax = 10;

char* PutVarint(uint64_t value, char* out) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<char>(value | 0x80);
  *out++ = static_cast<char>(value);
  return out;
}

/// Most numbers of a page are of one byte.
bool ReadSmall(BytesView& bytes, uint64_t& value) {
  if (bytes.empty() || static_cast<uint8_t>(bytes.front()) >= 0x80) return ReadVarint(bytes, value);
  value = static_cast<uint8_t>(bytes.front());
  bytes.remove_prefix(1);
  return true;
}

}  // namespace

void AppendVarint(uint64_t value, std::string& out) {
  char bytes[kVarintBytesMax];
  out.append(bytes, static_cast<size_t>(PutVarint(value, bytes) - bytes));
}

bool ReadVarint(BytesView& bytes, uint64_t& value) {
  value = 0;
  for (size_t at = 0; at < std::min(bytes.size(), kVarintBytesMax); ++at) {
    const auto byte = static_cast<uint8_t>(bytes[at]);
    value |= static_cast<uint64_t>(byte & 0x7f) << (7 * at);
    if (byte >= 0x80) continue;
    bytes.remove_prefix(at + 1);
    return true;
  }
  return false;
}

void KeyPageReader::Next() {
  valid_ = false;
  if (rest_.empty()) return;
  damaged_ = true;
  const BytesView from = rest_;
  uint64_t shared = 0;
  uint64_t rest = 0;
  if (!ReadSmall(rest_, shared) || !ReadSmall(rest_, rest)) return;
  if (shared > key_.size() || rest > rest_.size()) return;
  if (!std::exchange(is_first_, false)) {
    // It stands behind the one before, and SkipTo believes that it has no more in common with it.
    if (rest == 0) return;
    if (shared < key_.size() &&
        static_cast<uint8_t>(rest_.front()) <= static_cast<uint8_t>(key_[shared]))
      return;
  }
  shared_ = shared;
  if (key_.size() == shared + rest) {
    std::memcpy(key_.data() + shared, rest_.data(), rest);
  } else {
    key_.resize(shared);
    key_.append(rest_.substr(0, rest));
  }
  rest_.remove_prefix(rest);
  if (!ReadSmall(rest_, place_.file) || !ReadSmall(rest_, place_.row)) return;
  entry_ = from.substr(0, from.size() - rest_.size());
  damaged_ = false;
  valid_ = true;
}

void KeyPageWriter::Add(BytesView key, KeyPlace place, size_t shared) {
  if (page_.empty()) {
    shared = 0;
  } else if (shared == kUnknown) {
    shared = CommonLength(key, last_key_);
  }
  const bool cut_here = IsCutHere();
  if (cut_here) {
    cut_at_ = page_.size();
    before_cut_ = last_key_;
    behind_cut_ = key;
  }
  char numbers[2 * kVarintBytesMax];
  char* end = PutVarint(key.size() - shared, PutVarint(shared, numbers));
  page_.append(numbers, static_cast<size_t>(end - numbers));
  page_.append(key.substr(shared));
  if (cut_here) cut_place_ = page_.size();
  end = PutVarint(place.row, PutVarint(place.file, numbers));
  page_.append(numbers, static_cast<size_t>(end - numbers));
  last_key_.assign(key);
  SplitIfFull();
}

void KeyPageWriter::AddEntry(const KeyPageReader& from) {
  if (page_.empty() || IsCutHere()) return Add(from.key(), from.place(), from.shared());
  page_.append(from.entry());
  last_key_.assign(from.key());
  SplitIfFull();
}

void KeyPageWriter::SplitIfFull() {
  if (!done_ || cut_at_ == 0 || page_.size() < 2 * kBytesTarget) return;
  done_(before_cut_, BytesView(page_).substr(0, cut_at_));
  // The first key of a page stands whole; what follows refers to keys that are still there.
  std::string second;
  AppendVarint(0, second);
  AppendVarint(behind_cut_.size(), second);
  second.append(behind_cut_).append(page_, cut_place_);
  page_ = std::move(second);
  cut_at_ = 0;
}

std::string KeyPageWriter::Finish() {
  cut_at_ = 0;
  return std::exchange(page_, {});
}

}  // namespace weir
