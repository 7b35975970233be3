// The physical shape of a schema's columns as Arrow stores them: which nodes, in depth-first order,
// and which buffers each node brings. Everything that counts, checks, cuts or fills ARROW batches
// works on this. Source: Arrow columnar format, "Buffer Listing for Each Layout";
// docs/formats/arrow_batch.md.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace weir {

struct DataType;
class Schema;

enum class ArrowShape : uint8_t {
  kBits,    // BOOLEAN                          validity, bits
  kFixed,   // numbers, times, BINARY, DECIMAL  validity, values
  kBytes,   // CHAR STRING BYTES                validity, offsets, bytes
  kList,    // ARRAY; MAP over an entry struct  validity, offsets
  kStruct,  // ROW; a MAP's entries             validity
};

struct ArrowNode {
  ArrowShape shape = ArrowShape::kFixed;
  int32_t width = 0;     // kFixed: bytes per value
  uint32_t nodes = 1;    // of the subtree, this one included
  uint32_t buffers = 0;  // of the subtree
};

/// Buffers that belong to the node itself: 1, 2 or 3.
uint32_t BufferCount(ArrowShape shape);

/// Append the nodes of a column of `type`, depth-first.
void FlattenType(const DataType& type, std::vector<ArrowNode>& out);

/// Bytes per value of a type whose shape is kFixed.
int32_t FixedWidth(const DataType& type);

/// All columns of a schema. Immutable.
class ArrowLayout {
 public:
  explicit ArrowLayout(const Schema& schema);

  /// Depth-first over all columns.
  std::span<const ArrowNode> nodes() const { return nodes_; }
  size_t node_count() const { return nodes_.size(); }
  size_t buffer_count() const { return buffer_count_; }

  struct Start {
    uint32_t first_node;
    uint32_t first_buffer;
  };
  /// Per column of the schema.
  std::span<const Start> columns() const { return columns_; }
  const ArrowNode& node_of(size_t column) const { return nodes_[columns_[column].first_node]; }

 private:
  std::vector<ArrowNode> nodes_;
  std::vector<Start> columns_;
  uint32_t buffer_count_ = 0;
};

}  // namespace weir
