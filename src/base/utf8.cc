#include "base/utf8.h"

#include "base/endian.h"

namespace weir {

namespace {

constexpr uint64_t kHighBits = 0x8080808080808080ULL;

// Bytes of the well-formed sequence at `at`, which starts with a byte >= 0x80; 0 if there is none.
// The first continuation byte's range is what rules out overlong forms and surrogates (Unicode
// table 3-7).
size_t SequenceBytes(const uint8_t* at, size_t left) {
  const auto in = [](uint8_t byte, uint8_t low, uint8_t high) {
    return byte >= low && byte <= high;
  };
  const auto tail = [&](size_t i) { return i < left && in(at[i], 0x80, 0xbf); };
  const uint8_t lead = at[0];
  if (in(lead, 0xc2, 0xdf)) return tail(1) ? 2 : 0;
  if (in(lead, 0xe0, 0xef)) {
    const uint8_t low = lead == 0xe0 ? 0xa0 : 0x80;
    const uint8_t high = lead == 0xed ? 0x9f : 0xbf;
    return tail(1) && in(at[1], low, high) && tail(2) ? 3 : 0;
  }
  if (in(lead, 0xf0, 0xf4)) {
    const uint8_t low = lead == 0xf0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xf4 ? 0x8f : 0xbf;
    return tail(1) && in(at[1], low, high) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool IsUtf8(BytesView text) {
  size_t at = 0;
  while (at < text.size()) {
    const size_t left = text.size() - at;
    if (left >= 8 && (LoadLe<uint64_t>(text.data() + at) & kHighBits) == 0) {
      at += 8;
      continue;
    }
    if (static_cast<int8_t>(text[at]) >= 0) {
      ++at;
      continue;
    }
    const size_t bytes = SequenceBytes(reinterpret_cast<const uint8_t*>(text.data()) + at, left);
    if (bytes == 0) return false;
    at += bytes;
  }
  return true;
}

std::string ToUtf8(std::string text) {
  if (IsUtf8(text)) return text;
  for (char& c : text) {
    if (static_cast<int8_t>(c) < 0) c = '?';
  }
  return text;
}

}  // namespace weir
