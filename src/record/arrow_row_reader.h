// Values out of the plain buffers of an ARROW batch, without Arrow's own classes: what recovery of
// key-value state and row-wise scans read by. Internal to the batch reader. One thread at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "record/arrow_layout.h"
#include "record/arrow_message.h"
#include "record/data_type.h"
#include "record/row_format.h"
#include "record/value.h"

namespace weir {

/// Where a column lies in the node and buffer lists of its batches.
struct ArrowColumnPlace {
  ArrowColumnPlace(const DataType& type, uint32_t& next_node, uint32_t& next_buffer);

  DataType type;
  ArrowShape shape;
  int32_t width;
  uint32_t node;
  uint32_t buffer;
  std::vector<ArrowColumnPlace> children;
  std::shared_ptr<const RowEncoder> row_encoder;  // ROW only

 private:
  struct EntryTag {};
  ArrowColumnPlace(const DataType& map, EntryTag, uint32_t& next_node, uint32_t& next_buffer);
};

class ArrowRowReader {
 public:
  /// Read from these from now on. Sizes were checked by CheckArrowBatch; offsets were not and are
  /// checked here.
  void Open(const ArrowFieldNode* nodes, const BytesView* buffers) {
    nodes_ = nodes;
    buffers_ = buffers;
  }

  /// Forget the bytes that Values of earlier calls point to.
  void Forget() { kept_used_ = 0; }

  /// The value of `row` in the column; false when its bytes are damaged. Points into the buffers or
  /// into bytes kept until Forget.
  bool Get(const ArrowColumnPlace& place, int64_t row, Value& out);

 private:
  bool GetFixed(const ArrowColumnPlace& place, int64_t row, Value& out);
  bool GetBytes(const ArrowColumnPlace& place, int64_t row, Value& out);
  bool GetDecimal(const DataType& type, const char* at, Value& out);
  bool GetArray(const ArrowColumnPlace& place, int64_t row, Value& out);
  bool GetMap(const ArrowColumnPlace& place, int64_t row, Value& out);
  bool GetRow(const ArrowColumnPlace& place, int64_t row, Value& out);
  bool GetRange(const ArrowColumnPlace& place, int64_t from, int64_t to, std::vector<Value>& out);
  bool OffsetsAt(const ArrowColumnPlace& place, int64_t row, int64_t end_max, int64_t& from,
                 int64_t& to) const;
  std::string& Keep();

  const ArrowFieldNode* nodes_ = nullptr;
  const BytesView* buffers_ = nullptr;
  std::deque<std::string> kept_;  // stays put while it grows
  size_t kept_used_ = 0;
};

}  // namespace weir
