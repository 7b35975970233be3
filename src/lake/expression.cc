#include "lake/expression.h"

#include <boost/json.hpp>
#include <charconv>
#include <limits>

#include "lake/literal_text.h"
#include "lake/schema.h"

namespace weir::iceberg {
namespace {

namespace json = boost::json;

constexpr int kDepthMax = 64;
constexpr size_t kValuesMax = 100'000;

constexpr std::pair<std::string_view, ExpressionOp> kNames[] = {
    {"true", ExpressionOp::kTrue},
    {"false", ExpressionOp::kFalse},
    {"and", ExpressionOp::kAnd},
    {"or", ExpressionOp::kOr},
    {"not", ExpressionOp::kNot},
    {"is-null", ExpressionOp::kIsNull},
    {"not-null", ExpressionOp::kNotNull},
    {"is-nan", ExpressionOp::kIsNan},
    {"not-nan", ExpressionOp::kNotNan},
    {"lt", ExpressionOp::kLt},
    {"lt-eq", ExpressionOp::kLtEq},
    {"gt", ExpressionOp::kGt},
    {"gt-eq", ExpressionOp::kGtEq},
    {"eq", ExpressionOp::kEq},
    {"not-eq", ExpressionOp::kNotEq},
    {"in", ExpressionOp::kIn},
    {"not-in", ExpressionOp::kNotIn},
    {"starts-with", ExpressionOp::kStartsWith},
    {"not-starts-with", ExpressionOp::kNotStartsWith},
};

Failure BadFilter(std::string_view what) {
  return Fail(ErrorCode::kInvalidTable, "filter is not valid: {}", what);
}

bool IsUnary(ExpressionOp op) {
  return op == ExpressionOp::kIsNull || op == ExpressionOp::kNotNull ||
         op == ExpressionOp::kIsNan || op == ExpressionOp::kNotNan;
}
bool IsSet(ExpressionOp op) { return op == ExpressionOp::kIn || op == ExpressionOp::kNotIn; }
bool IsBranch(ExpressionOp op) {
  return op == ExpressionOp::kAnd || op == ExpressionOp::kOr || op == ExpressionOp::kNot;
}
bool IsConstant(ExpressionOp op) {
  return op == ExpressionOp::kTrue || op == ExpressionOp::kFalse || op == ExpressionOp::kUnknown;
}

ExpressionOp Negate(ExpressionOp op) {
  constexpr std::pair<ExpressionOp, ExpressionOp> kPairs[] = {
      {ExpressionOp::kTrue, ExpressionOp::kFalse},
      {ExpressionOp::kAnd, ExpressionOp::kOr},
      {ExpressionOp::kIsNull, ExpressionOp::kNotNull},
      {ExpressionOp::kIsNan, ExpressionOp::kNotNan},
      {ExpressionOp::kLt, ExpressionOp::kGtEq},
      {ExpressionOp::kGt, ExpressionOp::kLtEq},
      {ExpressionOp::kEq, ExpressionOp::kNotEq},
      {ExpressionOp::kIn, ExpressionOp::kNotIn},
      {ExpressionOp::kStartsWith, ExpressionOp::kNotStartsWith},
  };
  for (const auto& [a, b] : kPairs) {
    if (op == a) return b;
    if (op == b) return a;
  }
  return op;
}

const Field* FindColumn(const Schema& schema, std::string_view name, bool case_sensitive) {
  return case_sensitive ? schema.FindField(name) : schema.FindFieldIgnoringCase(name);
}

Result<ExpressionOp> OpFromName(std::string_view name) {
  for (const auto& [text, op] : kNames) {
    if (text == name) return op;
  }
  return BadFilter(fmt::format("unknown kind: {}", name));
}

bool IsWhole(TypeId id) { return id == TypeId::kInt || id == TypeId::kLong; }

bool IsNumeric(TypeId id) {
  return IsWhole(id) || id == TypeId::kFloat || id == TypeId::kDouble || id == TypeId::kDecimal;
}

bool IsZoned(TypeId id) { return id == TypeId::kTimestamptz || id == TypeId::kTimestamptzNs; }

class JsonParser {
 public:
  JsonParser(const Schema& schema, bool case_sensitive)
      : schema_(schema), case_sensitive_(case_sensitive) {}

  Result<Expression> Parse(const json::value& value, int depth) const {
    if (depth > kDepthMax) return BadFilter("nested too deep");
    if (value.is_bool()) return value.get_bool() ? Expression::True() : Expression::False();
    if (!value.is_object()) return BadFilter("an expression is no object");
    const json::object& object = value.get_object();
    const json::value* type = object.if_contains("type");
    if (type == nullptr || !type->is_string()) return BadFilter("an expression has no type");
    ASSIGN_OR_RETURN(const ExpressionOp op, OpFromName(type->get_string()));
    if (IsConstant(op)) return Expression{.op = op};
    if (IsBranch(op)) return Branch(op, object, depth);
    return Leaf(op, object);
  }

 private:
  static Result<const json::value*> Require(const json::object& object, std::string_view key) {
    const json::value* found = object.if_contains(key);
    if (found == nullptr) return BadFilter(fmt::format("a member is missing: {}", key));
    return found;
  }

  Result<Expression> Branch(ExpressionOp op, const json::object& object, int depth) const {
    Expression out{.op = op};
    const auto add = [&](std::string_view key) -> Status {
      ASSIGN_OR_RETURN(const json::value* inner, Require(object, key));
      ASSIGN_OR_RETURN(Expression child, Parse(*inner, depth + 1));
      out.children.push_back(std::move(child));
      return {};
    };
    if (op == ExpressionOp::kNot) {
      RETURN_IF_ERROR(add("child"));
      return out;
    }
    RETURN_IF_ERROR(add("left"));
    RETURN_IF_ERROR(add("right"));
    return out;
  }

  Result<Expression> Leaf(ExpressionOp op, const json::object& object) const {
    ASSIGN_OR_RETURN(const json::value* term, Require(object, "term"));
    if (term->is_object()) {  // a transform of a column, or a reference written out
      const json::value* inner = term->get_object().if_contains("term");
      const bool reference = term->get_object().contains("type") && inner != nullptr &&
                             term->get_object().at("type") == "reference";
      if (!reference) return Expression{.op = ExpressionOp::kUnknown};
      term = inner;
    }
    if (!term->is_string()) return BadFilter("a term is no column");
    Expression out{.op = op, .column = std::string(term->get_string())};
    const Field* field = FindColumn(schema_, out.column, case_sensitive_);
    if (field == nullptr) return BadFilter(fmt::format("unknown column: {}", out.column));
    if (IsUnary(op)) return out;
    ASSIGN_OR_RETURN(const json::value* values, Require(object, IsSet(op) ? "values" : "value"));
    if (!IsSet(op)) {
      RETURN_IF_ERROR(AddValue(*field, *values, out));
      return out;
    }
    if (!values->is_array() || values->get_array().size() > kValuesMax) {
      return BadFilter("the values are no array or too many");
    }
    for (const json::value& value : values->get_array()) {
      RETURN_IF_ERROR(AddValue(*field, value, out));
    }
    return out;
  }

  static Status AddValue(const Field& field, const json::value& value, Expression& out) {
    if (field.type.is_nested()) return BadFilter(fmt::format("column is nested: {}", out.column));
    Result<Literal> literal = LiteralFromJson(field.type, value);
    if (!literal.ok() && IsNumeric(field.type.id)) literal = NumberFromJson(value);
    // PyIceberg leaves out the zone of a moment that it has turned to UTC.
    if (!literal.ok() && IsZoned(field.type.id) && value.is_string())
      literal =
          LiteralFromJson(field.type, json::value(std::string(value.get_string()) + "+00:00"));
    if (!literal.ok()) return Forward(std::move(literal));
    out.values.push_back(*std::move(literal));
    return {};
  }

  /// Clients send the number that was written, whatever numeric type the column has ("amount > 10"
  /// of a decimal): binding makes it one of the column's, or a comparison that skips nothing.
  static Result<Literal> NumberFromJson(const json::value& value) {
    if (value.is_int64()) return Literal::Long(value.get_int64());
    if (value.is_number()) return Literal::Double(value.to_number<double>());
    double number = 0;
    const std::string_view text = value.is_string() ? value.get_string() : std::string_view();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (!text.empty() && error == std::errc() && end == text.data() + text.size())
      return Literal::Double(number);
    return BadFilter(fmt::format("not a number: {:.200}", json::serialize(value)));
  }

  const Schema& schema_;
  const bool case_sensitive_;
};

/// A constant as the column's type, if it can be without loss.
std::optional<Literal> Convert(const Literal& literal, const Type& to) {
  const Type& from = literal.type();
  if (from == to) return literal;
  if (auto promoted = Promote(literal, to)) return promoted;
  if (IsWhole(from.id)) {
    const int64_t number = literal.AsInt64();
    if (to.id == TypeId::kInt && number == static_cast<int32_t>(number)) {
      return Literal::Int(static_cast<int32_t>(number));
    }
    constexpr int64_t kExactDouble = int64_t{1} << 53;
    if (to.id == TypeId::kDouble && number <= kExactDouble && number >= -kExactDouble) {
      return Literal::Double(static_cast<double>(number));
    }
    if (to.id == TypeId::kDecimal && to.scale <= 18) {
      Int128 unscaled = number;
      for (int32_t i = 0; i < to.scale; ++i) unscaled *= 10;
      return Literal(to, unscaled);
    }
  }
  if (from.id == TypeId::kDouble && to.id == TypeId::kFloat) {
    const double number = literal.AsDouble();
    if (static_cast<double>(static_cast<float>(number)) == number) {
      return Literal::Float(static_cast<float>(number));
    }
  }
  if (from.id == TypeId::kDouble && to.id == TypeId::kDecimal) {
    // The shortest text of the double is what somebody wrote.
    return DecimalLiteral(fmt::format("{}", literal.AsDouble()), to);
  }
  if (from.id == TypeId::kDecimal && to.id == TypeId::kDecimal && from.scale <= to.scale) {
    Int128 unscaled = literal.get<Int128>();
    for (int32_t i = from.scale; i < to.scale; ++i) {
      if (__builtin_mul_overflow(unscaled, Int128{10}, &unscaled)) return std::nullopt;
    }
    return Literal(to, unscaled);
  }
  const bool blobs = (from.id == TypeId::kBinary || from.id == TypeId::kFixed) &&
                     (to.id == TypeId::kBinary || to.id == TypeId::kFixed);
  if (blobs) return Literal(to, literal.get<std::string>());
  return std::nullopt;
}

class Binder {
 public:
  Binder(const Schema& schema, bool case_sensitive)
      : schema_(schema), case_sensitive_(case_sensitive) {}

  Result<Expression> Run(const Expression& in, bool negated, int depth) const {
    if (depth > 2 * kDepthMax) return BadFilter("nested too deep");
    if (in.op == ExpressionOp::kNot) {
      if (in.children.size() != 1) return BadFilter("a negation has one child");
      return Run(in.children.front(), !negated, depth + 1);
    }
    Expression out{.op = negated ? Negate(in.op) : in.op};
    if (IsConstant(in.op)) return out;
    if (IsBranch(in.op)) {
      for (const Expression& child : in.children) {
        ASSIGN_OR_RETURN(Expression bound, Run(child, negated, depth + 1));
        out.children.push_back(std::move(bound));
      }
      return out;
    }
    return Leaf(in, out.op);
  }

 private:
  Result<Expression> Leaf(const Expression& in, ExpressionOp op) const {
    const Field* field = FindColumn(schema_, in.column, case_sensitive_);
    if (field == nullptr) return BadFilter(fmt::format("unknown column: {}", in.column));
    Expression out{.op = op, .column = in.column, .field_id = field->id};
    if (!IsUnary(op) && !IsSet(op) && in.values.size() != 1) {
      return BadFilter("a comparison has one constant");
    }
    const bool prefix = op == ExpressionOp::kStartsWith || op == ExpressionOp::kNotStartsWith;
    if (prefix && field->type.id != TypeId::kString) {
      return BadFilter(fmt::format("column is no string: {}", in.column));
    }
    for (const Literal& value : in.values) {
      auto converted = Convert(value, field->type);
      // What the column's type cannot hold may still compare; nothing is skipped by it.
      if (!converted) return Expression{.op = ExpressionOp::kUnknown};
      out.values.push_back(*std::move(converted));
    }
    return out;
  }

  const Schema& schema_;
  const bool case_sensitive_;
};

}  // namespace

Expression Expression::And(std::vector<Expression> children) {
  if (children.empty()) return True();
  if (children.size() == 1) return std::move(children.front());
  return {.op = ExpressionOp::kAnd, .children = std::move(children)};
}

Expression Expression::Not(Expression child) {
  Expression out{.op = ExpressionOp::kNot};
  out.children.push_back(std::move(child));
  return out;
}

Expression Expression::Compare(ExpressionOp op, std::string column, Literal value) {
  return {.op = op, .column = std::move(column), .values = {std::move(value)}};
}

Expression Expression::In(ExpressionOp op, std::string column, std::vector<Literal> values) {
  return {.op = op, .column = std::move(column), .values = std::move(values)};
}

Result<Expression> ExpressionFromJson(const json::value& json, const Schema& schema,
                                      bool case_sensitive) {
  ASSIGN_OR_RETURN(const Expression parsed, JsonParser(schema, case_sensitive).Parse(json, 0));
  return Bind(parsed, schema, case_sensitive);
}

Result<Expression> Bind(const Expression& expression, const Schema& schema, bool case_sensitive) {
  return Binder(schema, case_sensitive).Run(expression, false, 0);
}

}  // namespace weir::iceberg
