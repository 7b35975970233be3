#include "lake/partition_projection.h"

#include <limits>

namespace weir::iceberg {
namespace {

bool IsTemporal(TransformKind kind) {
  return kind == TransformKind::kYear || kind == TransformKind::kMonth ||
         kind == TransformKind::kDay || kind == TransformKind::kHour;
}

/// The value next to `value` for types that have one: x < 5 is x <= 4.
Literal Step(const Literal& value, int64_t by) {
  if (const auto* narrow = std::get_if<int32_t>(&value.value())) {
    const int64_t next = *narrow + by;
    if (next == static_cast<int32_t>(next)) return {value.type(), static_cast<int32_t>(next)};
  }
  if (const auto* wide = std::get_if<int64_t>(&value.value())) {
    int64_t next = 0;
    if (!__builtin_add_overflow(*wide, by, &next)) return {value.type(), next};
  }
  return value;
}

/// Early writers rounded times before 1970 up instead of down: what should be -1 may stand as 0.
std::optional<Literal> RoundedUp(const Transform& transform, const Literal& value) {
  if (!IsTemporal(transform.kind) || value.AsInt64() >= 0) return std::nullopt;
  return Step(value, 1);
}

class Projection {
 public:
  Projection(const Expression& leaf, const Transform& transform, int32_t position)
      : leaf_(leaf), transform_(transform), position_(position) {}

  Expression Run() const {
    switch (transform_.kind) {
      case TransformKind::kIdentity:
        return Leaf(leaf_.op, leaf_.values);
      case TransformKind::kVoid:
      case TransformKind::kUnknown:
        return Expression::True();
      default:
        break;
    }
    switch (leaf_.op) {
      case ExpressionOp::kIsNull:
      case ExpressionOp::kNotNull:
        return Leaf(leaf_.op, {});
      case ExpressionOp::kEq:
      case ExpressionOp::kIn:
        return OneOf();
      case ExpressionOp::kLt:
        return Limit(ExpressionOp::kLtEq, Step(leaf_.values.front(), -1));
      case ExpressionOp::kLtEq:
        return Limit(ExpressionOp::kLtEq, leaf_.values.front());
      case ExpressionOp::kGt:
        return Limit(ExpressionOp::kGtEq, Step(leaf_.values.front(), 1));
      case ExpressionOp::kGtEq:
        return Limit(ExpressionOp::kGtEq, leaf_.values.front());
      case ExpressionOp::kStartsWith:
        if (transform_.kind != TransformKind::kTruncate) return Expression::True();
        return Limit(ExpressionOp::kStartsWith, leaf_.values.front());
      default:
        return Expression::True();
    }
  }

 private:
  Expression Leaf(ExpressionOp op, std::vector<Literal> values) const {
    return {.op = op, .field_id = position_, .values = std::move(values)};
  }

  std::optional<Literal> Apply(const Literal& value) const {
    const auto applied = transform_.Apply(value);
    return applied.ok() ? *applied : std::nullopt;
  }

  Expression OneOf() const {
    std::vector<Literal> values;
    for (const Literal& value : leaf_.values) {
      const auto applied = Apply(value);
      if (!applied) return Expression::True();
      values.push_back(*applied);
      if (const auto rounded = RoundedUp(transform_, *applied)) values.push_back(*rounded);
    }
    return Leaf(ExpressionOp::kIn, std::move(values));
  }

  Expression Limit(ExpressionOp op, const Literal& value) const {
    const auto applied = transform_.preserves_order() ? Apply(value) : std::nullopt;
    if (!applied) return Expression::True();
    const auto rounded = op == ExpressionOp::kLtEq ? RoundedUp(transform_, *applied) : std::nullopt;
    return Leaf(op, {rounded.value_or(*applied)});
  }

  const Expression& leaf_;
  const Transform& transform_;
  const int32_t position_;
};

}  // namespace

Expression ProjectOnPartition(const Expression& bound, const PartitionSpec& spec) {
  switch (bound.op) {
    case ExpressionOp::kTrue:
    case ExpressionOp::kFalse:
    case ExpressionOp::kUnknown:
    case ExpressionOp::kNot:
      return {.op = bound.op};
    case ExpressionOp::kAnd:
    case ExpressionOp::kOr: {
      Expression out{.op = bound.op};
      for (const Expression& child : bound.children) {
        out.children.push_back(ProjectOnPartition(child, spec));
      }
      return out;
    }
    default:
      break;
  }
  std::vector<Expression> projected;
  for (size_t i = 0; i < spec.fields.size(); ++i) {
    const PartitionField& field = spec.fields[i];
    if (field.source_ids.size() != 1 || field.source_id() != bound.field_id) continue;
    projected.push_back(Projection(bound, field.transform, static_cast<int32_t>(i)).Run());
  }
  return Expression::And(std::move(projected));
}

}  // namespace weir::iceberg
