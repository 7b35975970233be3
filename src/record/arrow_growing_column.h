// One column of a batch under construction, with the columns nested in it: plain buffers in Arrow's
// layout that keep their memory from batch to batch. Internal to the batch writer.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/bytes.h"
#include "record/arrow_layout.h"
#include "record/data_type.h"
#include "record/value.h"

namespace weir {

/// What all buffers of one batch hold.
struct GrowingMemory {
  size_t bytes = 0;
};

/// Bytes that grow; unlike std::string it does not clear what it hands out. `memory` must outlive
/// it.
class GrowingBytes {
 public:
  explicit GrowingBytes(GrowingMemory& memory) : memory_(&memory) {}
  GrowingBytes(GrowingBytes&& other) noexcept
      : memory_(other.memory_),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  GrowingBytes& operator=(GrowingBytes&&) = delete;
  ~GrowingBytes() {
    std::free(data_);
    memory_->bytes -= capacity_;
  }

  /// `count` more bytes at the end, to be filled by the caller.
  /// Throws std::bad_alloc, and is as it was, when the buffer or all of them together would be
  /// larger than readers take (arrow_batch_check.h), or when there is no memory.
  char* Grow(size_t count) {
    if (size_ + count > capacity_) [[unlikely]]
      Reserve(size_ + count);
    char* const at = data_ + size_;
    size_ += count;
    return at;
  }
  template <class T>
  void Push(T value) {
    std::memcpy(Grow(sizeof(T)), &value, sizeof(T));
  }

  char* data() { return data_; }
  BytesView view() const { return {data_, size_}; }
  size_t size() const { return size_; }
  void Shrink(size_t size) { size_ = size; }

 private:
  void Reserve(size_t bytes);

  GrowingMemory* memory_;
  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

class ArrowGrowingColumn {
 public:
  /// `memory`  counts its buffers and must outlive it
  ArrowGrowingColumn(const DataType& type, GrowingMemory& memory);

  /// Add a value. False when it cannot stand in a column of this type; then, and when there is no
  /// room (std::bad_alloc), the column or columns nested in it may have grown: Truncate to the row
  /// count before.
  bool Append(const Value& value);

  /// Drop all values from `rows` on.
  void Truncate(int64_t rows);

  /// Visit this column and the nested ones depth-first: node(length, null count), and buffer(bytes)
  /// for each buffer of that node.
  template <class Node, class Buffer>
  void Visit(Node&& node, Buffer&& buffer) const {
    node(rows_, nulls_);
    buffer(validity_.view());
    if (shape_ == ArrowShape::kBytes || shape_ == ArrowShape::kList) buffer(offsets_view());
    if (shape_ != ArrowShape::kList && shape_ != ArrowShape::kStruct) buffer(data_.view());
    for (const ArrowGrowingColumn& child : children_) child.Visit(node, buffer);
  }

  /// Bytes of all buffers.
  size_t bytes() const;

 private:
  struct EntryTag {};
  ArrowGrowingColumn(const DataType& map, EntryTag, GrowingMemory& memory);

  void AppendNull();
  bool AppendFixed(const Value& value);
  bool AppendBytes(BytesView bytes);
  bool AppendDecimal(const Value& value);
  bool AppendTime(int64_t ms_of_day);
  bool AppendTimestamp(const Value& value);
  bool AppendArray(const Value& value);
  bool AppendMap(const Value& value);
  bool AppendRow(const Value& value);
  void PushValid();
  bool PushOffset(size_t end);
  // Without rows Arrow writers leave out even the first offset.
  BytesView offsets_view() const { return rows_ == 0 ? BytesView() : offsets_.view(); }

  DataType type_;
  ArrowShape shape_;
  Value::Kind kind_;
  int32_t width_ = 0;
  int64_t rows_ = 0;
  int64_t nulls_ = 0;
  GrowingBytes validity_;  // one bit per row
  GrowingBytes offsets_;   // int32, one more than rows
  GrowingBytes data_;
  std::vector<ArrowGrowingColumn> children_;
  std::vector<Value> fields_;  // scratch for ROW
};

}  // namespace weir
