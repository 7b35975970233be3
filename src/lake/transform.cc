#include "lake/transform.h"

#include <charconv>

#include "base/utf8.h"
#include "lake/literal_text.h"
#include "record/bucketing.h"
#include "record/civil_date.h"

namespace weir::iceberg {
namespace {

struct TransformName {
  TransformKind kind;
  std::string_view name;
};

constexpr TransformName kNames[] = {
    {TransformKind::kIdentity, "identity"}, {TransformKind::kYear, "year"},
    {TransformKind::kMonth, "month"},       {TransformKind::kDay, "day"},
    {TransformKind::kHour, "hour"},         {TransformKind::kVoid, "void"},
};

constexpr size_t kTextBytesMax = 256;

bool IsTimestamp(TypeId id) { return id >= TypeId::kTimestamp && id <= TypeId::kTimestamptzNs; }
bool IsNanos(TypeId id) { return id == TypeId::kTimestampNs || id == TypeId::kTimestamptzNs; }

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0); }

bool TakesBucket(TypeId id) {
  switch (id) {
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kDecimal:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kString:
    case TypeId::kUuid:
    case TypeId::kFixed:
    case TypeId::kBinary:
      return true;
    default:
      return IsTimestamp(id);
  }
}

bool Takes(TransformKind kind, TypeId id) {
  switch (kind) {
    case TransformKind::kIdentity:
      return id < TypeId::kUnknown;
    case TransformKind::kBucket:
      return TakesBucket(id);
    case TransformKind::kTruncate:
      return id == TypeId::kInt || id == TypeId::kLong || id == TypeId::kDecimal ||
             id == TypeId::kString || id == TypeId::kBinary;
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kDay:
      return id == TypeId::kDate || IsTimestamp(id);
    case TransformKind::kHour:
      return IsTimestamp(id);
    case TransformKind::kVoid:
    case TransformKind::kUnknown:
      return true;
  }
  return false;
}

/// The largest multiple of `width` that is not above `value`; wraps around at the lower end as Java does.
template <class T>
T TruncateNumber(T value, int64_t width) {
  const T rest = ((value % width) + width) % width;
  return static_cast<T>(static_cast<std::make_unsigned_t<T>>(value) -
                        static_cast<std::make_unsigned_t<T>>(rest));
}

Int128 TruncateDecimal(Int128 value, int64_t width) {
  return value - ((value % width) + width) % width;
}

/// The first `count` code points.
std::string TruncateText(const std::string& text, int64_t count) {
  size_t at = 0;
  for (; at < text.size(); ++at) {
    const bool begins = (static_cast<uint8_t>(text[at]) & 0xc0) != 0x80;
    if (begins && count-- == 0) break;
  }
  return text.substr(0, at);
}

Literal Truncated(const Literal& value, int32_t width) {
  const Type& type = value.type();
  switch (type.id) {
    case TypeId::kInt:
      // In 64 bits, then cut: an int near the lower end wraps around.
      return {type, static_cast<int32_t>(TruncateNumber<int64_t>(value.AsInt64(), width))};
    case TypeId::kLong:
      return {type, TruncateNumber(value.AsInt64(), width)};
    case TypeId::kDecimal:
      return {type, TruncateDecimal(value.get<Int128>(), width)};
    case TypeId::kString:
      return {type, TruncateText(value.get<std::string>(), width)};
    default:
      return {type, value.get<std::string>().substr(0, static_cast<size_t>(width))};
  }
}

/// Whole units of time since 1970.
int64_t SinceEpoch(const Literal& value, int64_t unit_seconds) {
  if (value.type().id == TypeId::kDate) return FloorDivide(value.AsInt64() * 86'400, unit_seconds);
  const int64_t per_second = IsNanos(value.type().id) ? 1'000'000'000 : 1'000'000;
  return FloorDivide(value.AsInt64(), per_second * unit_seconds);
}

int32_t Days(const Literal& value) { return static_cast<int32_t>(SinceEpoch(value, 86'400)); }

int32_t Months(const Literal& value) {
  const CivilDate date = DateOfDays(Days(value));
  return static_cast<int32_t>((date.year - 1970) * 12 + date.month - 1);
}

std::string MonthText(int32_t months) {
  const int64_t year = FloorDivide(months, 12);
  return fmt::format("{:04}-{:02}", 1970 + year, months - year * 12 + 1);
}

std::string HourText(int32_t hours) {
  const int64_t days = FloorDivide(hours, 24);
  return fmt::format("{}-{:02}", DateToText(days), hours - days * 24);
}

std::optional<int32_t> BracketedNumber(std::string_view text, std::string_view name) {
  if (!text.starts_with(name) || text.size() < name.size() + 3 || text[name.size()] != '[' ||
      text.back() != ']') {
    return std::nullopt;
  }
  text.remove_prefix(name.size() + 1);
  text.remove_suffix(1);
  int32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return -1;
  return number;
}

}  // namespace

std::string Transform::ToString() const {
  for (const auto& [known, name] : kNames) {
    if (known == kind) return std::string(name);
  }
  if (kind == TransformKind::kBucket) return fmt::format("bucket[{}]", parameter);
  if (kind == TransformKind::kTruncate) return fmt::format("truncate[{}]", parameter);
  return text;
}

Result<Type> Transform::ResultType(const Type& source) const {
  if (!Takes(kind, source.id)) {
    return Fail(ErrorCode::kInvalidTable,
                "a transform does not take this type: transform={} type={:.200}", ToString(),
                source.ToString());
  }
  switch (kind) {
    case TransformKind::kIdentity:
    case TransformKind::kTruncate:
    case TransformKind::kVoid:
      return source;
    case TransformKind::kDay:
      return Type::Of(TypeId::kDate);
    case TransformKind::kUnknown:
      return Type::Of(TypeId::kString);
    default:
      return Type::Of(TypeId::kInt);
  }
}

Result<std::optional<Literal>> Transform::Apply(const std::optional<Literal>& value) const {
  if (kind == TransformKind::kUnknown) {
    return Fail(ErrorCode::kInvalidTable, "unknown transform: transform={:.200}", text);
  }
  if (!value || kind == TransformKind::kVoid) return std::optional<Literal>();
  RETURN_IF_ERROR(ResultType(value->type()));
  switch (kind) {
    case TransformKind::kIdentity:
      return std::optional(*value);
    case TransformKind::kBucket: {
      ASSIGN_OR_RETURN(const int32_t hash, BucketHash(*value));
      return std::optional(Literal::Int((hash & INT32_MAX) % parameter));
    }
    case TransformKind::kTruncate:
      return std::optional(Truncated(*value, parameter));
    case TransformKind::kYear:
      return std::optional(
          Literal::Int(static_cast<int32_t>(DateOfDays(Days(*value)).year - 1970)));
    case TransformKind::kMonth:
      return std::optional(Literal::Int(Months(*value)));
    case TransformKind::kDay:
      return std::optional(Literal::Date(Days(*value)));
    case TransformKind::kHour:
      return std::optional(Literal::Int(static_cast<int32_t>(SinceEpoch(*value, 3600))));
    default:
      return std::optional<Literal>();
  }
}

std::string Transform::ToPathText(const std::optional<Literal>& transformed) const {
  if (!transformed) return "null";
  const bool number = transformed->type().id == TypeId::kInt;
  if (number && kind == TransformKind::kYear) {
    return fmt::format("{:04}", 1970 + transformed->AsInt64());
  }
  if (number && kind == TransformKind::kMonth) {
    return MonthText(static_cast<int32_t>(transformed->AsInt64()));
  }
  if (number && kind == TransformKind::kDay) return DateToText(transformed->AsInt64());
  if (number && kind == TransformKind::kHour) {
    return HourText(static_cast<int32_t>(transformed->AsInt64()));
  }
  return ToText(*transformed);
}

Result<Transform> TransformFromText(std::string_view text) {
  if (text.empty() || text.size() > kTextBytesMax || !IsUtf8(text)) {
    return Fail(ErrorCode::kInvalidTable, "not a transform: bytes={}", text.size());
  }
  for (const auto& [kind, name] : kNames) {
    if (text == name) return Transform::Of(kind);
  }
  for (const auto& [kind, name] : {TransformName{TransformKind::kBucket, "bucket"},
                                   TransformName{TransformKind::kTruncate, "truncate"}}) {
    if (const auto number = BracketedNumber(text, name)) {
      if (*number <= 0) {
        return Fail(ErrorCode::kInvalidTable, "a bad parameter of a transform: transform={}", text);
      }
      return Transform{kind, *number};
    }
  }
  return Transform{TransformKind::kUnknown, 0, std::string(text)};
}

Result<int32_t> BucketHash(const Literal& value) {
  const TypeId id = value.type().id;
  if (!TakesBucket(id)) {
    return Fail(ErrorCode::kInvalidTable, "values of the type have no hash: type={:.200}",
                value.type().ToString());
  }
  std::string bytes;
  if (const auto* text = std::get_if<std::string>(&value.value())) {
    bytes = *text;
  } else if (id == TypeId::kDecimal) {
    bytes = ToBinary(value);
  } else {
    // Every number hashes as the long it is; nanoseconds as the microsecond they are in.
    const int64_t number = IsNanos(id) ? FloorDivide(value.AsInt64(), 1000) : value.AsInt64();
    bytes = ToBinary(Literal::Long(number));
  }
  return static_cast<int32_t>(Murmur3(bytes));
}

}  // namespace weir::iceberg
