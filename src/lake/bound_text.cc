#include "lake/bound_text.h"

#include <cstddef>

namespace weir::iceberg {
namespace {

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// Where code point number `count` begins; the end when there are fewer.
size_t BeginOf(std::string_view text, int32_t count) {
  size_t at = 0;
  for (; count > 0 && at < text.size(); --count) {
    ++at;
    while (at < text.size() && IsContinuation(text[at])) ++at;
  }
  return at;
}

/// The code point that begins at `at` and ends the text.
uint32_t LastCodePoint(std::string_view text, size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  const size_t bytes = text.size() - at;
  if (bytes == 1) return first;
  uint32_t code = first & (0xFFu >> (bytes + 1));
  for (size_t i = at + 1; i < text.size(); ++i) {
    code = (code << 6) | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  }
  return code;
}

void AppendCodePoint(uint32_t code, std::string& out) {
  const auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | (code >> 6));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

}  // namespace

std::string TruncateText(std::string_view text, int32_t length) {
  return std::string(text.substr(0, BeginOf(text, length)));
}

std::optional<std::string> TruncateTextUp(std::string_view text, int32_t length) {
  const size_t cut = BeginOf(text, length);
  if (cut == text.size()) return std::string(text);
  std::string bound(text.substr(0, cut));
  while (!bound.empty()) {
    size_t at = bound.size() - 1;
    while (at > 0 && IsContinuation(bound[at])) --at;
    uint32_t code = LastCodePoint(bound, at) + 1;
    if (code == 0xD800) code = 0xE000;  // surrogates are no characters
    bound.resize(at);
    if (code <= 0x10FFFF) {
      AppendCodePoint(code, bound);
      return bound;
    }
  }
  return std::nullopt;
}

std::string TruncateBinary(std::string_view bytes, int32_t length) {
  return std::string(bytes.substr(0, static_cast<size_t>(length)));
}

std::optional<std::string> TruncateBinaryUp(std::string_view bytes, int32_t length) {
  if (bytes.size() <= static_cast<size_t>(length)) return std::string(bytes);
  std::string bound(bytes.substr(0, static_cast<size_t>(length)));
  while (!bound.empty()) {
    const auto last = static_cast<unsigned char>(bound.back());
    if (last != 0xFF) {
      bound.back() = static_cast<char>(last + 1);
      return bound;
    }
    bound.pop_back();
  }
  return std::nullopt;
}

}  // namespace weir::iceberg
