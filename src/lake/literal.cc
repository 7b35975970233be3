#include "lake/literal.h"

#include <bit>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/endian.h"
#include "record/decimal.h"

namespace weir::iceberg {
namespace {

Failure BadLength(const Type& type, size_t bytes) {
  return Fail(ErrorCode::kInvalidTable,
              "a value has a number of bytes that its type cannot: type={} bytes={}",
              type.ToString(), bytes);
}

template <class T>
std::partial_ordering CompareFloats(T a, T b) {
  const bool a_nan = std::isnan(a);
  const bool b_nan = std::isnan(b);
  if (a_nan || b_nan) return static_cast<int>(a_nan) <=> static_cast<int>(b_nan);
  if (a == 0 && b == 0)
    return static_cast<int>(!std::signbit(a)) <=> static_cast<int>(!std::signbit(b));
  return a <=> b;
}

/// By unsigned bytes, as char_traits<char> compares.
std::partial_ordering CompareBytes(const std::string& a, const std::string& b) {
  return a.compare(b) <=> 0;
}

template <class T>
std::string LeBytes(T value) {
  std::string out;
  AppendLe(out, value);
  return out;
}

constexpr int64_t kMicrosOfDay = 86'400'000'000;

}  // namespace

int64_t Literal::AsInt64() const {
  if (const auto* narrow = std::get_if<int32_t>(&value_)) return *narrow;
  return std::get<int64_t>(value_);
}

double Literal::AsDouble() const {
  if (const auto* narrow = std::get_if<float>(&value_)) return *narrow;
  return std::get<double>(value_);
}

bool operator==(const Literal& a, const Literal& b) {
  if (!(a.type_ == b.type_) || a.value_.index() != b.value_.index()) return false;
  if (const auto* x = std::get_if<float>(&a.value_)) {
    return std::bit_cast<uint32_t>(*x) == std::bit_cast<uint32_t>(std::get<float>(b.value_));
  }
  if (const auto* x = std::get_if<double>(&a.value_)) {
    return std::bit_cast<uint64_t>(*x) == std::bit_cast<uint64_t>(std::get<double>(b.value_));
  }
  return a.value_ == b.value_;
}

std::partial_ordering Compare(const Literal& a, const Literal& b) {
  if (a.type().id != b.type().id || a.value().index() != b.value().index()) {
    return std::partial_ordering::unordered;
  }
  return std::visit(
      [&](const auto& x) -> std::partial_ordering {
        using T = std::decay_t<decltype(x)>;
        const T& y = b.get<T>();
        if constexpr (std::is_same_v<T, std::monostate>)
          return std::partial_ordering::equivalent;
        else if constexpr (std::is_floating_point_v<T>)
          return CompareFloats(x, y);
        else if constexpr (std::is_same_v<T, std::string>)
          return CompareBytes(x, y);
        else if constexpr (std::is_same_v<T, Int128>)
          return x < y
                     ? std::partial_ordering::less
                     : (x > y ? std::partial_ordering::greater : std::partial_ordering::equivalent);
        else
          return x <=> y;
      },
      a.value());
}

std::string ToBinary(const Literal& literal) {
  return std::visit(
      [](const auto& v) -> std::string {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::monostate>) {
          return {};
        } else if constexpr (std::is_same_v<T, bool>) {
          return std::string(1, v ? '\1' : '\0');
        } else if constexpr (std::is_same_v<T, Int128>) {
          char bytes[kDecimalBytesMax];
          return {bytes, DecimalToBytes(v, bytes)};
        } else if constexpr (std::is_same_v<T, std::string>) {
          return v;
        } else {
          return LeBytes(v);
        }
      },
      literal.value());
}

Result<Literal> LiteralFromBinary(const Type& type, BytesView bytes) {
  switch (type.id) {
    case TypeId::kBoolean:
      if (bytes.size() != 1) return BadLength(type, bytes.size());
      return Literal(type, bytes[0] != 0);
    case TypeId::kInt:
    case TypeId::kDate:
      if (bytes.size() != 4) return BadLength(type, bytes.size());
      return Literal(type, LoadLe<int32_t>(bytes.data()));
    case TypeId::kTimestamp:
    case TypeId::kTimestampNs:
      if (bytes.size() == 4) {
        const auto promoted = Promote(Literal::Date(LoadLe<int32_t>(bytes.data())), type);
        if (!promoted) return BadLength(type, bytes.size());
        return *promoted;
      }
      [[fallthrough]];
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamptz:
    case TypeId::kTimestamptzNs:
      if (bytes.size() == 4 && type.id == TypeId::kLong) {
        return Literal(type, static_cast<int64_t>(LoadLe<int32_t>(bytes.data())));
      }
      if (bytes.size() != 8) return BadLength(type, bytes.size());
      return Literal(type, LoadLe<int64_t>(bytes.data()));
    case TypeId::kFloat:
      if (bytes.size() != 4) return BadLength(type, bytes.size());
      return Literal(type, LoadLe<float>(bytes.data()));
    case TypeId::kDouble:
      if (bytes.size() == 4) return Literal(type, static_cast<double>(LoadLe<float>(bytes.data())));
      if (bytes.size() != 8) return BadLength(type, bytes.size());
      return Literal(type, LoadLe<double>(bytes.data()));
    case TypeId::kDecimal: {
      const auto unscaled = DecimalFromBytes(bytes);
      if (!unscaled.ok()) return BadLength(type, bytes.size());
      return Literal(type, *unscaled);
    }
    case TypeId::kUuid:
      if (bytes.size() != 16) return BadLength(type, bytes.size());
      return Literal(type, std::string(bytes));
    case TypeId::kFixed:
      if (bytes.size() != static_cast<size_t>(type.length)) return BadLength(type, bytes.size());
      return Literal(type, std::string(bytes));
    case TypeId::kString:
    case TypeId::kBinary:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
      return Literal(type, std::string(bytes));
    case TypeId::kUnknown:
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap:
      break;
  }
  return Fail(ErrorCode::kInvalidTable, "values of the type have no single bytes: type={:.200}",
              type.ToString());
}

std::optional<Literal> Promote(const Literal& literal, const Type& to) {
  const Type& from = literal.type();
  if (from == to) return literal;
  if (!CanPromote(from, to)) return std::nullopt;
  switch (to.id) {
    case TypeId::kLong:
      return Literal(to, literal.AsInt64());
    case TypeId::kDouble:
      return Literal(to, literal.AsDouble());
    case TypeId::kDecimal:
      return Literal(to, literal.value());
    case TypeId::kTimestamp:
      return Literal(to, literal.AsInt64() * kMicrosOfDay);
    case TypeId::kTimestampNs: {
      int64_t nanos = 0;
      if (__builtin_mul_overflow(literal.AsInt64(), kMicrosOfDay * 1000, &nanos))
        return std::nullopt;
      return Literal(to, nanos);
    }
    default:
      return std::nullopt;
  }
}

}  // namespace weir::iceberg
