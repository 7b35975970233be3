#include "lake/parquet_statistics.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <string>

namespace weir::iceberg {
namespace {

template <class T>
std::optional<T> Load(std::string_view bytes) {
  static_assert(std::endian::native == std::endian::little);
  if (bytes.size() != sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

std::optional<int64_t> LoadInteger(parquet::Type::type stored, std::string_view bytes) {
  if (stored == parquet::Type::INT32) return Load<int32_t>(bytes);
  if (stored == parquet::Type::INT64) return Load<int64_t>(bytes);
  return std::nullopt;
}

std::optional<Int128> LoadDecimal(parquet::Type::type stored, std::string_view bytes) {
  if (const auto integer = LoadInteger(stored, bytes)) return Int128{*integer};
  if (bytes.empty() || bytes.size() > sizeof(Int128)) return std::nullopt;
  if (stored != parquet::Type::FIXED_LEN_BYTE_ARRAY && stored != parquet::Type::BYTE_ARRAY) {
    return std::nullopt;
  }
  auto value = static_cast<unsigned __int128>(static_cast<Int128>(static_cast<int8_t>(bytes[0])));
  for (const char byte : bytes.substr(1)) {
    value = (value << 8) | static_cast<unsigned char>(byte);
  }
  return static_cast<Int128>(value);
}

std::optional<double> LoadFloating(parquet::Type::type stored, std::string_view bytes) {
  if (stored == parquet::Type::FLOAT) return Load<float>(bytes);
  if (stored == parquet::Type::DOUBLE) return Load<double>(bytes);
  return std::nullopt;
}

template <class To, class From, class F>
std::optional<Literal> Made(const std::optional<From>& from, F&& make) {
  if (!from) return std::nullopt;
  return make(static_cast<To>(*from));
}

}  // namespace

std::optional<Literal> PlainValue(const Type& type, parquet::Type::type stored,
                                  std::string_view bytes) {
  switch (type.id) {
    case TypeId::kBoolean:
      if (stored != parquet::Type::BOOLEAN || bytes.size() != 1) return std::nullopt;
      return Literal::Bool(bytes[0] != 0);
    case TypeId::kInt:
    case TypeId::kDate:
      if (stored != parquet::Type::INT32) return std::nullopt;
      return Made<int32_t>(LoadInteger(stored, bytes), [&](int32_t v) { return Literal(type, v); });
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return Made<int64_t>(LoadInteger(stored, bytes), [&](int64_t v) { return Literal(type, v); });
    case TypeId::kFloat:
      if (stored != parquet::Type::FLOAT) return std::nullopt;
      return Made<float>(LoadFloating(stored, bytes), [](float v) { return Literal::Float(v); });
    case TypeId::kDouble:
      return Made<double>(LoadFloating(stored, bytes), [](double v) { return Literal::Double(v); });
    case TypeId::kDecimal:
      return Made<Int128>(LoadDecimal(stored, bytes), [&](Int128 v) { return Literal(type, v); });
    case TypeId::kString:
    case TypeId::kBinary:
      if (stored != parquet::Type::BYTE_ARRAY) return std::nullopt;
      return Literal(type, std::string(bytes));
    case TypeId::kUuid:
    case TypeId::kFixed:
      if (stored != parquet::Type::FIXED_LEN_BYTE_ARRAY) return std::nullopt;
      return Literal(type, std::string(bytes));
    default:
      return std::nullopt;
  }
}

std::optional<ColumnRange> RangeOf(const Type& type, const parquet::ColumnChunkMetaData& column) {
  const auto statistics = column.statistics();
  if (statistics == nullptr || !statistics->HasMinMax()) return std::nullopt;
  auto lower = PlainValue(type, column.type(), statistics->EncodeMin());
  auto upper = PlainValue(type, column.type(), statistics->EncodeMax());
  if (!lower || !upper) return std::nullopt;
  const bool floating = type.id == TypeId::kFloat || type.id == TypeId::kDouble;
  if (floating && (std::isnan(lower->AsDouble()) || std::isnan(upper->AsDouble()))) {
    return std::nullopt;
  }
  return ColumnRange{*std::move(lower), *std::move(upper)};
}

}  // namespace weir::iceberg
