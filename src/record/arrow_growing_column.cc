#include "record/arrow_growing_column.h"

#include <algorithm>
#include <array>
#include <bit>
#include <new>

#include "base/endian.h"
#include "base/utf8.h"
#include "record/arrow_batch_check.h"
#include "record/binary_array.h"
#include "record/decimal.h"

namespace weir {

namespace {

constexpr int64_t kMsPerDay = 86'400'000;

constexpr std::array<Int128, 39> kPowersOfTen = [] {
  std::array<Int128, 39> powers{1};
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

// The kind of Value that a type's rows bring.
Value::Kind KindOf(const DataType& type) {
  switch (type.kind) {
    case TypeKind::kBoolean:
      return Value::Kind::kBool;
    case TypeKind::kFloat:
      return Value::Kind::kFloat;
    case TypeKind::kDouble:
      return Value::Kind::kDouble;
    case TypeKind::kChar:
    case TypeKind::kString:
    case TypeKind::kBinary:
    case TypeKind::kBytes:
      return Value::Kind::kBytes;
    case TypeKind::kDecimal:
      return type.precision <= 18 ? Value::Kind::kInt : Value::Kind::kBytes;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return Value::Kind::kTimestamp;
    case TypeKind::kArray:
    case TypeKind::kMap:
    case TypeKind::kRow:
      return Value::Kind::kNested;
    default:
      return Value::Kind::kInt;
  }
}

size_t BitmapBytes(int64_t bits) { return static_cast<size_t>((bits + 7) / 8); }

void PushBit(GrowingBytes& bits, int64_t at, bool value) {
  if (at % 8 == 0) bits.Push(uint8_t{0});
  if (value) bits.data()[at / 8] |= static_cast<char>(1 << (at % 8));
}

void TruncateBits(GrowingBytes& bits, int64_t size) {
  bits.Shrink(BitmapBytes(size));
  if (size % 8 != 0) bits.data()[size / 8] &= static_cast<char>((1 << (size % 8)) - 1);
}

bool BitAt(BytesView bits, int64_t at) {
  return (bits[static_cast<size_t>(at / 8)] >> (at % 8) & 1) != 0;
}

}  // namespace

void GrowingBytes::Reserve(size_t bytes) {
  if (bytes > static_cast<size_t>(kBufferBytesMax)) throw std::bad_alloc();
  const size_t capacity = std::max<size_t>(std::bit_ceil(bytes), 256);
  if (memory_->bytes - capacity_ + capacity > static_cast<size_t>(kBodyBytesMax)) {
    throw std::bad_alloc();
  }
  void* const data = std::realloc(data_, capacity);
  if (data == nullptr) throw std::bad_alloc();
  data_ = static_cast<char*>(data);
  memory_->bytes += capacity - capacity_;
  capacity_ = capacity;
}

ArrowGrowingColumn::ArrowGrowingColumn(const DataType& type, GrowingMemory& memory)
    : type_(type), kind_(KindOf(type)), validity_(memory), offsets_(memory), data_(memory) {
  std::vector<ArrowNode> nodes;
  FlattenType(type, nodes);
  shape_ = nodes.front().shape;
  width_ = nodes.front().width;
  if (type.kind == TypeKind::kArray) children_.emplace_back(type.element(), memory);
  if (type.kind == TypeKind::kMap)
    children_.push_back(ArrowGrowingColumn(type, EntryTag{}, memory));
  if (type.kind == TypeKind::kRow) {
    for (const Field& field : type.fields()) children_.emplace_back(field.type, memory);
    fields_.resize(children_.size());
  }
  Truncate(0);
}

ArrowGrowingColumn::ArrowGrowingColumn(const DataType& map, EntryTag, GrowingMemory& memory)
    : type_(map),
      shape_(ArrowShape::kStruct),
      kind_(Value::Kind::kNested),
      validity_(memory),
      offsets_(memory),
      data_(memory) {
  children_.emplace_back(map.key(), memory);
  children_.emplace_back(map.value(), memory);
}

bool ArrowGrowingColumn::Append(const Value& value) {
  if (value.is_null()) {
    AppendNull();
    return true;
  }
  if (value.kind() != kind_) return false;
  switch (type_.kind) {
    case TypeKind::kBoolean:
      PushBit(data_, rows_, value.boolean());
      break;
    case TypeKind::kTinyInt:
      data_.Push(static_cast<int8_t>(value.integer()));
      break;
    case TypeKind::kSmallInt:
      data_.Push(static_cast<int16_t>(value.integer()));
      break;
    case TypeKind::kInt:
    case TypeKind::kDate:
      data_.Push(static_cast<int32_t>(value.integer()));
      break;
    case TypeKind::kBigInt:
      data_.Push(value.integer());
      break;
    case TypeKind::kFloat:
      data_.Push(value.float32());
      break;
    case TypeKind::kDouble:
      data_.Push(value.float64());
      break;
    default:
      if (!AppendFixed(value)) return false;
  }
  PushValid();
  return true;
}

bool ArrowGrowingColumn::AppendFixed(const Value& value) {
  switch (type_.kind) {
    case TypeKind::kChar:
    case TypeKind::kString:
      return IsUtf8(value.bytes()) && AppendBytes(value.bytes());
    case TypeKind::kBytes:
      return AppendBytes(value.bytes());
    case TypeKind::kBinary: {
      const BytesView bytes = value.bytes();
      if (bytes.size() > static_cast<size_t>(width_)) return false;
      char* const to = data_.Grow(static_cast<size_t>(width_));
      if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
      std::memset(to + bytes.size(), 0, static_cast<size_t>(width_) - bytes.size());
      return true;
    }
    case TypeKind::kDecimal:
      return AppendDecimal(value);
    case TypeKind::kTime:
      return AppendTime(value.integer());
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return AppendTimestamp(value);
    case TypeKind::kArray:
      return AppendArray(value);
    case TypeKind::kMap:
      return AppendMap(value);
    case TypeKind::kRow:
      return AppendRow(value);
    default:
      return false;
  }
}

void ArrowGrowingColumn::AppendNull() {
  switch (shape_) {
    case ArrowShape::kBits:
      PushBit(data_, rows_, false);
      break;
    case ArrowShape::kFixed:
      std::memset(data_.Grow(static_cast<size_t>(width_)), 0, static_cast<size_t>(width_));
      break;
    case ArrowShape::kBytes:
    case ArrowShape::kList: {
      const auto end = LoadLe<int32_t>(offsets_.data() + offsets_.size() - 4);
      offsets_.Push(end);
      break;
    }
    case ArrowShape::kStruct:
      for (ArrowGrowingColumn& child : children_) child.AppendNull();
      break;
  }
  PushBit(validity_, rows_, false);
  ++nulls_;
  ++rows_;
}

void ArrowGrowingColumn::PushValid() {
  PushBit(validity_, rows_, true);
  ++rows_;
}

bool ArrowGrowingColumn::PushOffset(size_t end) {
  if (end > INT32_MAX) return false;
  offsets_.Push(static_cast<int32_t>(end));
  return true;
}

bool ArrowGrowingColumn::AppendBytes(BytesView bytes) {
  if (!PushOffset(data_.size() + bytes.size())) return false;
  if (!bytes.empty()) std::memcpy(data_.Grow(bytes.size()), bytes.data(), bytes.size());
  return true;
}

bool ArrowGrowingColumn::AppendDecimal(const Value& value) {
  const auto unscaled = UnscaledOf(value);
  if (!unscaled) return false;
  const Int128 limit = kPowersOfTen[static_cast<size_t>(type_.precision)];
  if (*unscaled >= limit || *unscaled <= -limit) return false;
  data_.Push(*unscaled);
  return true;
}

bool ArrowGrowingColumn::AppendTime(int64_t ms_of_day) {
  if (ms_of_day < 0 || ms_of_day >= kMsPerDay) return false;
  if (type_.precision == 0) {
    data_.Push(static_cast<int32_t>(ms_of_day / 1000));
  } else if (type_.precision <= 3) {
    data_.Push(static_cast<int32_t>(ms_of_day));
  } else {
    data_.Push(ms_of_day * (type_.precision <= 6 ? 1'000 : 1'000'000));
  }
  return true;
}

bool ArrowGrowingColumn::AppendTimestamp(const Value& value) {
  const int64_t ms = value.timestamp_ms();
  const int64_t nanos = value.timestamp_nanos();
  int64_t scaled = ms;
  if (type_.precision == 0) {
    scaled = ms / 1000;  // towards zero, as the Java writer does
  } else if (type_.precision > 3) {
    const int64_t per_ms = type_.precision <= 6 ? 1'000 : 1'000'000;
    if (__builtin_mul_overflow(ms, per_ms, &scaled)) return false;
    if (__builtin_add_overflow(scaled, nanos * per_ms / 1'000'000, &scaled)) return false;
  }
  data_.Push(scaled);
  return true;
}

bool ArrowGrowingColumn::AppendArray(const Value& value) {
  const auto array = OpenArray(value, type_);
  if (!array) return false;
  ArrowGrowingColumn& elements = children_.front();
  for (int32_t i = 0; i < array->size(); ++i) {
    const auto element = array->At(i);
    if (!element || !elements.Append(*element)) return false;
  }
  return PushOffset(static_cast<size_t>(elements.rows_));
}

bool ArrowGrowingColumn::AppendMap(const Value& value) {
  const auto map = OpenMap(value, type_);
  if (!map) return false;
  ArrowGrowingColumn& entries = children_.front();
  for (int32_t i = 0; i < map->keys.size(); ++i) {
    const auto key = map->keys.At(i);
    const auto mapped = map->values.At(i);
    if (!key || key->is_null() || !entries.children_[0].Append(*key)) return false;
    if (!mapped || !entries.children_[1].Append(*mapped)) return false;
    entries.PushValid();
  }
  return PushOffset(static_cast<size_t>(entries.rows_));
}

bool ArrowGrowingColumn::AppendRow(const Value& value) {
  if (!OpenRow(value, type_, fields_)) return false;
  for (size_t i = 0; i < children_.size(); ++i) {
    if (!children_[i].Append(fields_[i])) return false;
  }
  return true;
}

void ArrowGrowingColumn::Truncate(int64_t rows) {
  const int64_t nulls_kept = [&] {
    int64_t nulls = nulls_;
    for (int64_t row = rows; row < rows_; ++row) nulls -= BitAt(validity_.view(), row) ? 0 : 1;
    return nulls;
  }();
  nulls_ = rows == 0 ? 0 : nulls_kept;
  rows_ = rows;
  TruncateBits(validity_, rows);
  size_t child_rows = static_cast<size_t>(rows);
  switch (shape_) {
    case ArrowShape::kBits:
      TruncateBits(data_, rows);
      break;
    case ArrowShape::kFixed:
      data_.Shrink(static_cast<size_t>(rows) * static_cast<size_t>(width_));
      break;
    case ArrowShape::kBytes:
    case ArrowShape::kList:
      offsets_.Shrink(static_cast<size_t>(rows) * 4);
      if (rows == 0) {
        offsets_.Push(int32_t{0});
      } else {
        offsets_.Grow(4);  // the end of the last row, still there
      }
      child_rows = static_cast<size_t>(LoadLe<int32_t>(offsets_.data() + offsets_.size() - 4));
      if (shape_ == ArrowShape::kBytes) data_.Shrink(child_rows);
      break;
    case ArrowShape::kStruct:
      break;
  }
  for (ArrowGrowingColumn& child : children_) child.Truncate(static_cast<int64_t>(child_rows));
}

size_t ArrowGrowingColumn::bytes() const {
  size_t bytes = 0;
  Visit([](int64_t, int64_t) {}, [&](BytesView buffer) { bytes += buffer.size(); });
  return bytes;
}

}  // namespace weir
