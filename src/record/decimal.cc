#include "record/decimal.h"

#include <algorithm>

namespace weir {
namespace {

using Uint128 = unsigned __int128;

constexpr int kDigitsMax = 38;

Int128 PowerOfTen(int exponent) {
  Int128 power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

/// A decimal literal taken apart: digits without leading zeros, and where the point stands.
struct Literal {
  bool negative = false;
  std::string digits;
  int64_t scale = 0;  // value = digits * 10^-scale
};

Result<int64_t> ParseExponent(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (text.empty() || text.size() > 6 || text.find_first_not_of("0123456789") != text.npos) {
    return Fail(ErrorCode::kCorruptRecord, "not a decimal exponent: text={:.50}", text);
  }
  int64_t value = 0;
  for (const char c : text) value = value * 10 + (c - '0');
  return negative ? -value : value;
}

Result<Literal> ParseLiteral(std::string_view text) {
  const auto bad = [&] {
    return Fail(ErrorCode::kCorruptRecord, "not a decimal: text={:.100}", text);
  };
  Literal out;
  std::string_view rest = text;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    out.negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  if (const size_t e = rest.find_first_of("eE"); e != rest.npos) {
    ASSIGN_OR_RETURN(const int64_t exponent, ParseExponent(rest.substr(e + 1)));
    out.scale = -exponent;
    rest = rest.substr(0, e);
  }
  bool point = false;
  bool any = false;
  for (const char c : rest) {
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      any = true;
      out.scale += point;
      if (c != '0' || !out.digits.empty()) out.digits += c;
    } else {
      return bad();
    }
  }
  if (!any) return bad();
  return out;
}

}  // namespace

size_t DecimalToBytes(Int128 unscaled, char* to) {
  char bytes[kDecimalBytesMax];
  for (size_t i = 0; i < kDecimalBytesMax; ++i) {
    bytes[kDecimalBytesMax - 1 - i] = static_cast<char>(static_cast<Uint128>(unscaled) >> (8 * i));
  }
  const char sign = unscaled < 0 ? '\xff' : '\0';
  size_t skip = 0;
  while (skip < kDecimalBytesMax - 1 && bytes[skip] == sign &&
         (bytes[skip + 1] & 0x80) == (sign & 0x80))
    ++skip;
  std::copy(bytes + skip, bytes + kDecimalBytesMax, to);
  return kDecimalBytesMax - skip;
}

Result<Int128> DecimalFromBytes(BytesView bytes) {
  if (bytes.empty() || bytes.size() > kDecimalBytesMax) {
    return Fail(ErrorCode::kCorruptRecord, "decimal must have 1 to 16 bytes: bytes={}",
                bytes.size());
  }
  Uint128 value = (bytes[0] & 0x80) != 0 ? ~Uint128{0} : 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return static_cast<Int128>(value);
}

Result<Int128> UnscaledOf(const Value& value) {
  if (value.kind() == Value::Kind::kInt) return Int128{value.integer()};
  if (value.kind() == Value::Kind::kBytes) return DecimalFromBytes(value.bytes());
  return Fail(ErrorCode::kCorruptRecord, "value is not a decimal: value_kind={}",
              static_cast<int>(value.kind()));
}

std::string DecimalToText(Int128 unscaled, int32_t scale) {
  Uint128 rest = unscaled < 0 ? -static_cast<Uint128>(unscaled) : static_cast<Uint128>(unscaled);
  std::string reversed;
  for (int32_t digit = 0; rest != 0 || digit <= scale; ++digit) {
    if (digit == scale && scale > 0) reversed += '.';
    reversed += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  }
  if (unscaled < 0) reversed += '-';
  std::ranges::reverse(reversed);
  return reversed;
}

Result<Int128> DecimalFromText(std::string_view text, int32_t precision, int32_t scale) {
  ASSIGN_OR_RETURN(const Literal literal, ParseLiteral(text));
  const auto too_large = [&] {
    return Fail(ErrorCode::kCorruptRecord,
                "decimal does not fit its type: text={:.100} type=DECIMAL({}, {})", text, precision,
                scale);
  };
  const int64_t kept =
      std::ssize(literal.digits) + scale - literal.scale;  // digits of the unscaled value
  if (kept < 0 || literal.digits.empty()) return Int128{0};
  if (kept > kDigitsMax) return too_large();
  Int128 value = 0;
  for (int64_t i = 0; i < kept; ++i) {
    value = value * 10 +
            (i < std::ssize(literal.digits) ? literal.digits[static_cast<size_t>(i)] - '0' : 0);
  }
  if (kept < std::ssize(literal.digits) && literal.digits[static_cast<size_t>(kept)] >= '5')
    ++value;
  if (value >= PowerOfTen(precision)) return too_large();
  return literal.negative ? -value : value;
}

}  // namespace weir
