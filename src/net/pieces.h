// What goes out on a connection: bytes in memory and ranges of files, in order. File ranges are
// sent by the kernel (sendfile) and never pass through our memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"

namespace weir {

/// `length` bytes of an open file. `owner` keeps the descriptor open until they are sent; the bytes
/// must not be truncated away in the meantime (appending and unlinking are fine).
struct FileRange {
  std::shared_ptr<const void> owner;
  int fd = -1;
  int64_t offset = 0;
  int64_t length = 0;
};

/// An ordered list of parts. Small bytes gather in string parts; large ones stay where they are.
/// Movable.
class Pieces {
 public:
  using Part = std::variant<std::string, SharedBytes, FileRange>;

  Pieces() = default;
  explicit Pieces(std::string bytes) { parts_.emplace_back(std::move(bytes)); }

  /// The string that ends the list, to append to. The reference dies with the next Add().
  std::string& Tail() {
    if (parts_.empty() || !std::holds_alternative<std::string>(parts_.back()))
      parts_.emplace_back(std::string());
    return std::get<std::string>(parts_.back());
  }
  void Add(SharedBytes bytes) {
    if (!bytes.empty()) parts_.emplace_back(std::move(bytes));
  }
  void Add(FileRange range) {
    if (range.length > 0) parts_.emplace_back(std::move(range));
  }

  /// Everything `other` has, behind what is here.
  void Append(Pieces other) {
    for (Part& part : other.parts_) {
      if (const auto* text = std::get_if<std::string>(&part);
          text != nullptr && text->size() < kJoinBelowBytes) {
        Tail().append(*text);
      } else {
        parts_.push_back(std::move(part));
      }
    }
  }

  /// Bytes on the wire.
  int64_t size() const {
    int64_t total = 0;
    for (const Part& part : parts_) total += SizeOf(part);
    return total;
  }
  bool empty() const { return size() == 0; }

  std::vector<Part>& parts() { return parts_; }
  const std::vector<Part>& parts() const { return parts_; }

  static int64_t SizeOf(const Part& part) {
    if (const auto* text = std::get_if<std::string>(&part))
      return static_cast<int64_t>(text->size());
    if (const auto* shared = std::get_if<SharedBytes>(&part))
      return static_cast<int64_t>(shared->size());
    return std::get<FileRange>(part).length;
  }

 private:
  static constexpr size_t kJoinBelowBytes = 1024;

  std::vector<Part> parts_;
};

}  // namespace weir
