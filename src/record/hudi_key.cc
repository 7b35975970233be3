#include "record/hudi_key.h"

#include <fmt/format.h>

#include "base/endian.h"
#include "record/decimal.h"
#include "record/java_text.h"

namespace weir {
namespace {

constexpr std::string_view kNullPlaceholder = "__null__";
constexpr std::string_view kEmptyPlaceholder = "__empty__";
constexpr char32_t kReplacement = 0xfffd;

/// The code point at the start of `text`, which is consumed; malformed bytes read as U+FFFD.
char32_t NextCodePoint(std::string_view& text) {
  const auto lead = static_cast<uint8_t>(text[0]);
  const size_t length = lead < 0x80       ? 1
                        : lead >> 5 == 6  ? 2
                        : lead >> 4 == 14 ? 3
                        : lead >> 3 == 30 ? 4
                                          : 0;
  if (length == 0 || length > text.size()) {
    text.remove_prefix(1);
    return kReplacement;
  }
  char32_t point = length == 1 ? lead : lead & (0x7f >> length);
  for (size_t i = 1; i < length; ++i) point = point << 6 | (static_cast<uint8_t>(text[i]) & 0x3f);
  text.remove_prefix(length);
  return point;
}

/// String.hashCode: over UTF-16 units.
uint32_t JavaHash(std::string_view utf8) {
  uint32_t hash = 0;
  while (!utf8.empty()) {
    const char32_t point = NextCodePoint(utf8);
    if (point < 0x10000) {
      hash = hash * 31 + point;
    } else {
      hash = hash * 31 + (0xd7c0 + (point >> 10));
      hash = hash * 31 + (0xdc00 + (point & 0x3ff));
    }
  }
  return hash;
}

Result<std::string> TextOf(const FieldPlan& plan, const Value& value) {
  switch (plan.type->kind) {
    case TypeKind::kBoolean:
      return std::string(value.boolean() ? "true" : "false");
    case TypeKind::kFloat:
      return JavaText(value.float32());
    case TypeKind::kDouble:
      return JavaText(value.float64());
    case TypeKind::kTimestamp:
      return JavaLocalDateTime(value.timestamp_ms(), value.timestamp_nanos());
    case TypeKind::kTimestampLtz:
      return JavaInstant(value.timestamp_ms(), value.timestamp_nanos());
    case TypeKind::kDecimal: {
      ASSIGN_OR_RETURN(const Int128 unscaled, UnscaledOf(value));
      return DecimalToText(unscaled, plan.type->scale);
    }
    case TypeKind::kChar:
    case TypeKind::kString:
      return std::string(value.bytes());
    default:
      return fmt::format("{}", value.integer());
  }
}

/// The list element's hash. With several columns Hudi writes "name:value,..." and parses it again.
Result<uint32_t> ElementHash(const FieldPlan& plan, const Value& value, bool several) {
  if (value.is_null()) return several ? 0 : JavaHash(kNullPlaceholder);
  if (!Fits(plan, value)) return DoesNotFit(plan, value);
  ASSIGN_OR_RETURN(const std::string text, TextOf(plan, value));
  if (several &&
      (text.find(',') != text.npos || text == kNullPlaceholder || text == kEmptyPlaceholder)) {
    return Fail(ErrorCode::kCorruptRecord, "value cannot be part of a hudi key: value={:.100}",
                text);
  }
  return JavaHash(text);
}

}  // namespace

bool IsHudiKeyType(const DataType& type) {
  return !type.is_nested() && type.kind != TypeKind::kBinary && type.kind != TypeKind::kBytes;
}

Status AppendHudiKey(std::span<const FieldPlan> plans, std::span<const Value> key,
                     std::string& out) {
  uint32_t hash = 1;
  for (size_t i = 0; i < plans.size(); ++i) {
    ASSIGN_OR_RETURN(const uint32_t element, ElementHash(plans[i], key[i], plans.size() > 1));
    hash = hash * 31 + element;
  }
  char bytes[sizeof(hash)];
  StoreBe(bytes, hash);
  out.append(bytes, sizeof(bytes));
  return {};
}

}  // namespace weir
