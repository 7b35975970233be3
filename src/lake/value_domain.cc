#include "lake/value_domain.h"

#include <algorithm>
#include <string_view>

#include "lake/partition_summary.h"

namespace weir::iceberg {
namespace {

/// As Compare, but the two zeros are one, as in every query language.
std::partial_ordering Order(const Literal& a, const Literal& b) {
  const auto floating = [](const Literal& literal) {
    return literal.type().id == TypeId::kFloat || literal.type().id == TypeId::kDouble;
  };
  if (floating(a) && floating(b) && a.AsDouble() == b.AsDouble()) {
    return std::partial_ordering::equivalent;
  }
  return Compare(a, b);
}

bool IsFloating(const Literal& literal) {
  return literal.type().id == TypeId::kFloat || literal.type().id == TypeId::kDouble;
}

/// Can a value be below (or at) `limit`?
bool MayBeLess(const ValueDomain& domain, const Literal& limit, bool or_equal) {
  if (!domain.lower || IsNan(limit) || IsNan(*domain.lower)) return true;
  const auto order = Order(*domain.lower, limit);
  return order == std::partial_ordering::unordered || order < 0 || (or_equal && order == 0);
}

bool MayBeGreater(const ValueDomain& domain, const Literal& limit, bool or_equal) {
  if (!domain.upper || IsNan(limit) || IsNan(*domain.upper)) return true;
  const auto order = Order(*domain.upper, limit);
  return order == std::partial_ordering::unordered || order > 0 || (or_equal && order == 0);
}

bool MayEqual(const ValueDomain& domain, const Literal& value) {
  return MayBeLess(domain, value, true) && MayBeGreater(domain, value, true);
}

/// Are all values of the domain this one?
bool IsAll(const ValueDomain& domain, const Literal& value) {
  return domain.lower && domain.upper && !IsNan(value) && Order(*domain.lower, value) == 0 &&
         Order(*domain.upper, value) == 0;
}

bool MayStartWith(const ValueDomain& domain, std::string_view prefix) {
  const auto head = [&](const Literal& bound) {
    return std::string_view(bound.get<std::string>()).substr(0, prefix.size());
  };
  if (domain.lower && head(*domain.lower) > prefix) return false;
  return !domain.upper || head(*domain.upper) >= prefix;
}

bool MayNotStartWith(const ValueDomain& domain, std::string_view prefix) {
  if (domain.may_be_null || !domain.lower || !domain.upper) return true;
  return !domain.lower->get<std::string>().starts_with(prefix) ||
         !domain.upper->get<std::string>().starts_with(prefix);
}

bool IsText(const std::optional<Literal>& bound) {
  return !bound || std::holds_alternative<std::string>(bound->value());
}

bool MayHoldPrefix(const Expression& leaf, const ValueDomain& domain) {
  if (!IsText(leaf.values.front()) || !IsText(domain.lower) || !IsText(domain.upper)) return true;
  const auto& prefix = leaf.values.front().get<std::string>();
  return leaf.op == ExpressionOp::kStartsWith ? MayStartWith(domain, prefix)
                                              : MayNotStartWith(domain, prefix);
}

}  // namespace

bool MayHold(const Expression& leaf, const ValueDomain& domain) {
  const auto any_equal = [&] {
    return std::ranges::any_of(leaf.values,
                               [&](const Literal& value) { return MayEqual(domain, value); });
  };
  // Query languages differ on whether NaN is above all numbers, so it satisfies what it might.
  const bool nan = domain.may_be_nan && !leaf.values.empty() && IsFloating(leaf.values.front());
  switch (leaf.op) {
    case ExpressionOp::kIsNull:
      return domain.may_be_null;
    case ExpressionOp::kNotNull:
      return domain.may_be_value || domain.may_be_nan;
    case ExpressionOp::kIsNan:
      return domain.may_be_nan;
    case ExpressionOp::kNotNan:
      return domain.may_be_value || domain.may_be_null;
    case ExpressionOp::kNotEq:
    case ExpressionOp::kNotIn:
      return domain.may_be_null || domain.may_be_nan ||
             (domain.may_be_value && !std::ranges::any_of(leaf.values, [&](const Literal& value) {
                return IsAll(domain, value);
              }));
    case ExpressionOp::kLt:
    case ExpressionOp::kLtEq:
      return domain.may_be_value &&
             MayBeLess(domain, leaf.values.front(), leaf.op == ExpressionOp::kLtEq);
    case ExpressionOp::kGt:
    case ExpressionOp::kGtEq:
      return nan || (domain.may_be_value &&
                     MayBeGreater(domain, leaf.values.front(), leaf.op == ExpressionOp::kGtEq));
    case ExpressionOp::kEq:
    case ExpressionOp::kIn:
      return (nan && std::ranges::any_of(leaf.values, IsNan)) ||
             (domain.may_be_value && any_equal());
    case ExpressionOp::kStartsWith:
      return domain.may_be_value && MayHoldPrefix(leaf, domain);
    case ExpressionOp::kNotStartsWith:
      return domain.may_be_null || (domain.may_be_value && MayHoldPrefix(leaf, domain));
    default:
      return true;
  }
}

bool MayHold(const Expression& bound, const std::function<ValueDomain(int32_t)>& domain_of) {
  const auto holds = [&](const Expression& child) { return MayHold(child, domain_of); };
  switch (bound.op) {
    case ExpressionOp::kFalse:
      return false;
    case ExpressionOp::kTrue:
    case ExpressionOp::kUnknown:
    case ExpressionOp::kNot:
      return true;
    case ExpressionOp::kAnd:
      return std::ranges::all_of(bound.children, holds);
    case ExpressionOp::kOr:
      return std::ranges::any_of(bound.children, holds);
    default:
      return MayHold(bound, domain_of(bound.field_id));
  }
}

}  // namespace weir::iceberg
