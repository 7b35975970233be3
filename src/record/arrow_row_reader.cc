#include "record/arrow_row_reader.h"

#include "base/endian.h"
#include "record/binary_array.h"
#include "record/decimal.h"

namespace weir {

namespace {

bool BitAt(BytesView bits, int64_t at) {
  return (static_cast<uint8_t>(bits[static_cast<size_t>(at >> 3)]) >> (at & 7) & 1) != 0;
}

template <class T>
int64_t IntAt(const char* at) {
  return LoadLe<T>(at);
}

// Timestamps before 1970 have nanoseconds that count up, so divide towards minus infinity.
int64_t FloorDivide(int64_t value, int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }

bool TimestampFrom(int64_t scaled, int32_t precision, Value& out) {
  if (precision == 0) {
    int64_t ms = 0;
    if (__builtin_mul_overflow(scaled, int64_t{1000}, &ms)) return false;
    out = Value::Timestamp(ms);
  } else if (precision <= 3) {
    out = Value::Timestamp(scaled);
  } else {
    const int64_t per_ms = precision <= 6 ? 1'000 : 1'000'000;
    const int64_t ms = FloorDivide(scaled, per_ms);
    const int64_t rest = scaled % per_ms + (scaled % per_ms < 0 ? per_ms : 0);
    out = Value::Timestamp(ms, static_cast<int32_t>(rest * (1'000'000 / per_ms)));
  }
  return true;
}

int64_t TimeFrom(const char* at, int32_t precision) {
  if (precision == 0) return IntAt<int32_t>(at) * 1000;
  if (precision <= 3) return IntAt<int32_t>(at);
  return IntAt<int64_t>(at) / (precision <= 6 ? 1'000 : 1'000'000);
}

}  // namespace

ArrowColumnPlace::ArrowColumnPlace(const DataType& column, uint32_t& next_node,
                                   uint32_t& next_buffer)
    : type(column) {
  std::vector<ArrowNode> nodes;
  FlattenType(column, nodes);
  shape = nodes.front().shape;
  width = nodes.front().width;
  node = next_node++;
  buffer = next_buffer;
  next_buffer += BufferCount(shape);
  if (type.kind == TypeKind::kArray) children.emplace_back(type.element(), next_node, next_buffer);
  if (type.kind == TypeKind::kMap) {
    children.push_back(ArrowColumnPlace(type, EntryTag{}, next_node, next_buffer));
  }
  if (type.kind == TypeKind::kRow) {
    std::vector<DataType> types;
    for (const Field& field : type.fields()) {
      children.emplace_back(field.type, next_node, next_buffer);
      types.push_back(field.type);
    }
    row_encoder = std::make_shared<RowEncoder>(RowFormat::kCompacted, std::move(types));
  }
}

ArrowColumnPlace::ArrowColumnPlace(const DataType& map, EntryTag, uint32_t& next_node,
                                   uint32_t& next_buffer)
    : type(map), shape(ArrowShape::kStruct), width(0), node(next_node++), buffer(next_buffer++) {
  children.emplace_back(map.key(), next_node, next_buffer);
  children.emplace_back(map.value(), next_node, next_buffer);
}

bool ArrowRowReader::Get(const ArrowColumnPlace& place, int64_t row, Value& out) {
  if (nodes_[place.node].null_count != 0 && !BitAt(buffers_[place.buffer], row)) {
    out = Value::Null();
    return true;
  }
  switch (place.shape) {
    case ArrowShape::kBits:
      out = Value::Bool(BitAt(buffers_[place.buffer + 1], row));
      return true;
    case ArrowShape::kFixed:
      return GetFixed(place, row, out);
    case ArrowShape::kBytes:
      return GetBytes(place, row, out);
    case ArrowShape::kList:
      return place.type.kind == TypeKind::kMap ? GetMap(place, row, out)
                                               : GetArray(place, row, out);
    case ArrowShape::kStruct:
      return GetRow(place, row, out);
  }
  return false;
}

bool ArrowRowReader::GetFixed(const ArrowColumnPlace& place, int64_t row, Value& out) {
  const char* const at = buffers_[place.buffer + 1].data() + row * place.width;
  switch (place.type.kind) {
    case TypeKind::kTinyInt:
      out = Value::Int(IntAt<int8_t>(at));
      return true;
    case TypeKind::kSmallInt:
      out = Value::Int(IntAt<int16_t>(at));
      return true;
    case TypeKind::kInt:
    case TypeKind::kDate:
      out = Value::Int(IntAt<int32_t>(at));
      return true;
    case TypeKind::kBigInt:
      out = Value::Int(IntAt<int64_t>(at));
      return true;
    case TypeKind::kFloat:
      out = Value::Float(LoadLe<float>(at));
      return true;
    case TypeKind::kDouble:
      out = Value::Double(LoadLe<double>(at));
      return true;
    case TypeKind::kBinary:
      out = Value::Bytes({at, static_cast<size_t>(place.width)});
      return true;
    case TypeKind::kTime:
      out = Value::Int(TimeFrom(at, place.type.precision));
      return true;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return TimestampFrom(IntAt<int64_t>(at), place.type.precision, out);
    case TypeKind::kDecimal:
      return GetDecimal(place.type, at, out);
    default:
      return false;
  }
}

bool ArrowRowReader::GetDecimal(const DataType& type, const char* at, Value& out) {
  const auto unscaled = LoadLe<Int128>(at);
  if (type.is_compact_decimal()) {
    out = Value::Int(static_cast<int64_t>(unscaled));
    return out.integer() == unscaled;
  }
  std::string& bytes = Keep();
  bytes.resize(kDecimalBytesMax);
  bytes.resize(DecimalToBytes(unscaled, bytes.data()));
  out = Value::Bytes(bytes);
  return true;
}

bool ArrowRowReader::OffsetsAt(const ArrowColumnPlace& place, int64_t row, int64_t end_max,
                               int64_t& from, int64_t& to) const {
  const char* const at = buffers_[place.buffer + 1].data() + row * 4;
  from = LoadLe<int32_t>(at);
  to = LoadLe<int32_t>(at + 4);
  return 0 <= from && from <= to && to <= end_max;
}

bool ArrowRowReader::GetBytes(const ArrowColumnPlace& place, int64_t row, Value& out) {
  const BytesView bytes = buffers_[place.buffer + 2];
  int64_t from = 0;
  int64_t to = 0;
  if (!OffsetsAt(place, row, static_cast<int64_t>(bytes.size()), from, to)) return false;
  out = Value::Bytes({bytes.data() + from, static_cast<size_t>(to - from)});
  return true;
}

bool ArrowRowReader::GetRange(const ArrowColumnPlace& place, int64_t from, int64_t to,
                              std::vector<Value>& out) {
  out.resize(static_cast<size_t>(to - from));
  for (Value& value : out) {
    if (!Get(place, from++, value)) return false;
  }
  return true;
}

bool ArrowRowReader::GetArray(const ArrowColumnPlace& place, int64_t row, Value& out) {
  const ArrowColumnPlace& elements = place.children.front();
  int64_t from = 0;
  int64_t to = 0;
  std::vector<Value> values;
  if (!OffsetsAt(place, row, nodes_[elements.node].length, from, to)) return false;
  if (!GetRange(elements, from, to, values)) return false;
  std::string& bytes = Keep();
  if (!AppendArray(elements.type, values, RowFormat::kCompacted, bytes)) return false;
  out = Value::Nested(bytes, RowFormat::kCompacted);
  return true;
}

bool ArrowRowReader::GetMap(const ArrowColumnPlace& place, int64_t row, Value& out) {
  const ArrowColumnPlace& entries = place.children.front();
  int64_t from = 0;
  int64_t to = 0;
  std::vector<Value> keys;
  std::vector<Value> values;
  if (!OffsetsAt(place, row, nodes_[entries.node].length, from, to)) return false;
  if (!GetRange(entries.children[0], from, to, keys)) return false;
  if (!GetRange(entries.children[1], from, to, values)) return false;
  std::string& bytes = Keep();
  if (!AppendMap(place.type, keys, values, RowFormat::kCompacted, bytes)) return false;
  out = Value::Nested(bytes, RowFormat::kCompacted);
  return true;
}

bool ArrowRowReader::GetRow(const ArrowColumnPlace& place, int64_t row, Value& out) {
  std::vector<Value> values(place.children.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (!Get(place.children[i], row, values[i])) return false;
  }
  std::string& bytes = Keep();
  if (!place.row_encoder->Encode(values, bytes)) return false;
  out = Value::Nested(bytes, RowFormat::kCompacted);
  return true;
}

std::string& ArrowRowReader::Keep() {
  if (kept_used_ == kept_.size()) kept_.emplace_back();
  std::string& bytes = kept_[kept_used_++];
  bytes.clear();
  return bytes;
}

}  // namespace weir
