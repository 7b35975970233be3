#include "record/arrow_layout.h"

#include "record/data_type.h"
#include "record/schema.h"

namespace weir {

namespace {

ArrowShape ShapeOf(TypeKind kind) {
  switch (kind) {
    case TypeKind::kBoolean:
      return ArrowShape::kBits;
    case TypeKind::kChar:
    case TypeKind::kString:
    case TypeKind::kBytes:
      return ArrowShape::kBytes;
    case TypeKind::kArray:
    case TypeKind::kMap:
      return ArrowShape::kList;
    case TypeKind::kRow:
      return ArrowShape::kStruct;
    default:
      return ArrowShape::kFixed;
  }
}

// Make nodes [at, end) the subtree of node `at`.
void CloseSubtree(std::vector<ArrowNode>& nodes, size_t at) {
  ArrowNode& node = nodes[at];
  node.nodes = static_cast<uint32_t>(nodes.size() - at);
  node.buffers = BufferCount(node.shape);
  for (size_t child = at + 1; child < nodes.size(); child += nodes[child].nodes) {
    node.buffers += nodes[child].buffers;
  }
}

}  // namespace

uint32_t BufferCount(ArrowShape shape) {
  switch (shape) {
    case ArrowShape::kStruct:
      return 1;
    case ArrowShape::kBytes:
      return 3;
    default:
      return 2;
  }
}

int32_t FixedWidth(const DataType& type) {
  switch (type.kind) {
    case TypeKind::kTinyInt:
      return 1;
    case TypeKind::kSmallInt:
      return 2;
    case TypeKind::kInt:
    case TypeKind::kFloat:
    case TypeKind::kDate:
      return 4;
    case TypeKind::kTime:
      return type.precision <= 3 ? 4 : 8;
    case TypeKind::kBinary:
      return type.length;
    case TypeKind::kDecimal:
      return 16;
    default:
      return 8;
  }
}

void FlattenType(const DataType& type, std::vector<ArrowNode>& out) {
  const size_t at = out.size();
  const ArrowShape shape = ShapeOf(type.kind);
  out.push_back({.shape = shape, .width = shape == ArrowShape::kFixed ? FixedWidth(type) : 0});
  if (type.kind == TypeKind::kArray) {
    FlattenType(type.element(), out);
  } else if (type.kind == TypeKind::kMap) {
    const size_t entries = out.size();
    out.push_back({.shape = ArrowShape::kStruct});
    FlattenType(type.key(), out);
    FlattenType(type.value(), out);
    CloseSubtree(out, entries);
  } else if (type.kind == TypeKind::kRow) {
    for (const Field& field : type.fields()) FlattenType(field.type, out);
  }
  CloseSubtree(out, at);
}

ArrowLayout::ArrowLayout(const Schema& schema) {
  for (const Column& column : schema.columns()) {
    columns_.push_back({static_cast<uint32_t>(nodes_.size()), buffer_count_});
    FlattenType(column.type, nodes_);
    buffer_count_ += nodes_[columns_.back().first_node].buffers;
  }
}

}  // namespace weir
