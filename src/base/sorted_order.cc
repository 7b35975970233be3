#include "base/sorted_order.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace weir {
namespace {

struct Item {
  uint64_t head;  // eight bytes behind the common prefix, big-endian
  uint32_t at;
};

size_t CommonPrefix(std::span<const BytesView> texts) {
  size_t length = texts.front().size();
  for (const BytesView text : texts) {
    const size_t most = std::min(length, text.size());
    length = static_cast<size_t>(
        std::mismatch(text.begin(), text.begin() + most, texts[0].begin()).first - text.begin());
  }
  return length;
}

/// What is behind the end counts as zeros: comparing the rest tells shorter texts from those with zeros.
uint64_t HeadOf(BytesView text, size_t prefix) {
  uint64_t head = 0;
  std::memcpy(&head, text.data() + prefix, std::min(sizeof head, text.size() - prefix));
  return __builtin_bswap64(head);
}

}  // namespace

std::vector<uint32_t> SortedOrder(std::span<const BytesView> texts) {
  static_assert(std::endian::native == std::endian::little);
  if (texts.empty()) return {};
  const size_t prefix = CommonPrefix(texts);
  std::vector<Item> items;
  items.reserve(texts.size());
  for (uint32_t at = 0; at < texts.size(); ++at) items.push_back({HeadOf(texts[at], prefix), at});
  std::ranges::sort(items, [&](const Item& a, const Item& b) {
    if (a.head != b.head) return a.head < b.head;
    const int order = texts[a.at].compare(texts[b.at]);
    return order != 0 ? order < 0 : a.at < b.at;
  });
  std::vector<uint32_t> order;
  order.reserve(items.size());
  for (const Item& item : items) order.push_back(item.at);
  return order;
}

SortedTexts::SortedTexts(std::span<const BytesView> texts) : order_(SortedOrder(texts)) {
  size_t bytes = 0;
  for (const BytesView text : texts) bytes += text.size();
  bytes_.reserve(bytes);
  ends_.reserve(order_.size());
  for (const uint32_t at : order_) ends_.push_back(bytes_.append(texts[at]).size());
}

}  // namespace weir
