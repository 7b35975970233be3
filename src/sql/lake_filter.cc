#include "sql/lake_filter.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "sql/lake_columns.h"
#include "sql/literal_value.h"
#include "sql/token.h"

namespace weir {
namespace {

using iceberg::TypeId;

/// "-12.5" with two digits behind the point: -1250. Nothing when it has more, or is too long.
std::optional<iceberg::Int128> UnscaledOf(std::string_view text, int32_t scale) {
  const bool minus = text.starts_with('-');
  if (minus) text.remove_prefix(1);
  const size_t point = std::min(text.find('.'), text.size());
  std::string digits(text.substr(0, point));
  std::string_view behind = text.substr(std::min(point + 1, text.size()));
  while (behind.ends_with('0')) behind.remove_suffix(1);
  if (behind.size() > static_cast<size_t>(scale) || digits.size() + static_cast<size_t>(scale) > 38)
    return {};
  digits += behind;
  digits.append(static_cast<size_t>(scale) - behind.size(), '0');
  iceberg::Int128 value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return {};
    value = value * 10 + (c - '0');
  }
  return minus ? -value : value;
}

std::optional<double> DoubleOf(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

std::optional<iceberg::Literal> LiteralOf(const Literal& literal, const iceberg::Type& type) {
  const bool number =
      literal.kind == Literal::Kind::kInteger || literal.kind == Literal::Kind::kDecimal;
  if (type.id == TypeId::kDecimal) {
    const auto unscaled = number ? UnscaledOf(literal.text, type.scale) : std::nullopt;
    if (!unscaled) return {};
    return iceberg::Literal(type, *unscaled);
  }
  if (type.id == TypeId::kDouble) {
    const auto value = number ? DoubleOf(literal.text) : std::nullopt;
    if (!value) return {};
    return iceberg::Literal::Double(*value);
  }
  const auto column = DataTypeOf(type);
  const auto value = column.ok() ? ValueOf(literal, *column) : std::nullopt;
  if (!value) return {};
  switch (type.id) {
    case TypeId::kBoolean:
      return iceberg::Literal::Bool(value->boolean());
    case TypeId::kInt:
      return iceberg::Literal::Int(static_cast<int32_t>(value->integer()));
    case TypeId::kLong:
      return iceberg::Literal::Long(value->integer());
    case TypeId::kDate:
      return iceberg::Literal::Date(static_cast<int32_t>(value->integer()));
    case TypeId::kString:
      return iceberg::Literal::String(std::string(value->bytes()));
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return iceberg::Literal::Temporal(
          type.id, value->timestamp_ms() * 1000 + value->timestamp_nanos() / 1000);
    default:
      return {};
  }
}

std::optional<iceberg::ExpressionOp> OpOf(Condition::Op op) {
  switch (op) {
    case Condition::Op::kIn:
      return iceberg::ExpressionOp::kIn;
    case Condition::Op::kLess:
      return iceberg::ExpressionOp::kLt;
    case Condition::Op::kLessOrEqual:
      return iceberg::ExpressionOp::kLtEq;
    case Condition::Op::kGreater:
      return iceberg::ExpressionOp::kGt;
    case Condition::Op::kGreaterOrEqual:
      return iceberg::ExpressionOp::kGtEq;
  }
  return {};
}

std::optional<iceberg::Expression> ConditionOf(const Condition& condition,
                                               const iceberg::Schema& schema) {
  const iceberg::Field* field = nullptr;
  for (const iceberg::Field& one : schema.fields()) {
    if (Upper(one.name) != Upper(condition.column)) continue;
    if (field != nullptr) return {};
    field = &one;
  }
  if (field == nullptr || field->name.find('.') != std::string::npos) return {};
  const auto op = OpOf(condition.op);
  // DuckDB has NaN above all numbers, bounds leave it out.
  const bool upwards = op == iceberg::ExpressionOp::kGt || op == iceberg::ExpressionOp::kGtEq;
  if (!op || (upwards && field->type.id == TypeId::kDouble)) return {};
  std::vector<iceberg::Literal> values;
  for (const Literal& literal : condition.values) {
    auto value = LiteralOf(literal, field->type);
    if (!value) return {};
    values.push_back(*std::move(value));
  }
  if (*op != iceberg::ExpressionOp::kIn)
    return iceberg::Expression::Compare(*op, field->name, std::move(values.front()));
  if (values.size() == 1)
    return iceberg::Expression::Compare(iceberg::ExpressionOp::kEq, field->name,
                                        std::move(values.front()));
  return iceberg::Expression::In(*op, field->name, std::move(values));
}

}  // namespace

iceberg::Expression LakeFilter(const Conditions& conditions, const iceberg::Schema& schema) {
  std::vector<iceberg::Expression> all;
  for (const Condition& condition : conditions) {
    if (auto one = ConditionOf(condition, schema)) all.push_back(*std::move(one));
  }
  if (all.empty()) return iceberg::Expression::True();
  if (all.size() == 1) return std::move(all.front());
  return iceberg::Expression::And(std::move(all));
}

}  // namespace weir
