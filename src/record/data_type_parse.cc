// The SQL syntax of types. Java: org.apache.fluss.types.DataTypeParser; Flink DDL's VARCHAR and
// VARBINARY are accepted on top.

#include <algorithm>
#include <cctype>
#include <charconv>

#include "record/data_type.h"

namespace weir {
namespace {

bool IsWordByte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80) != 0;
}

std::string Upper(std::string_view word) {
  std::string out(word);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

/// Recursive descent straight over the characters; at_ never passes the end.
class TypeParser {
 public:
  explicit TypeParser(std::string_view text) : text_(text) {}

  Result<DataType> Type(int depth) {
    if (depth > kTypeDepthMax) return Bad("a type nested less deep");
    ASSIGN_OR_RETURN(DataType type, TypeByName(depth));
    type.nullable = Nullability();
    while (Keyword("ARRAY")) {
      type = DataType::Array(std::move(type));
      type.nullable = Nullability();
      if (++depth > kTypeDepthMax) return Bad("a type nested less deep");
    }
    return type;
  }

  std::string_view rest() {
    SkipSpace();
    return text_.substr(at_);
  }
  Failure Bad(std::string_view expected) const {
    return Fail(ErrorCode::kInvalidTable, "not a data type, expected {}: at={} text={:.200}",
                expected, at_, text_);
  }

 private:
  void SkipSpace() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool Symbol(char c) {
    SkipSpace();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::string_view PeekWord() {
    SkipSpace();
    size_t end = at_;
    while (end < text_.size() && IsWordByte(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }
  bool Keyword(std::string_view keyword) {
    const std::string_view word = PeekWord();
    if (Upper(word) != keyword) return false;
    at_ += word.size();
    return true;
  }
  /// All of the words, or none.
  bool Keywords(std::initializer_list<std::string_view> keywords) {
    const size_t start = at_;
    for (const auto keyword : keywords) {
      if (!Keyword(keyword)) {
        at_ = start;
        return false;
      }
    }
    return true;
  }

  bool Nullability() {
    if (Keywords({"NOT", "NULL"})) return false;
    Keyword("NULL");
    return true;
  }

  Result<int32_t> Integer() {
    const std::string_view word = PeekWord();
    int32_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size()) return Bad("a number");
    at_ += word.size();
    return value;
  }
  Result<int32_t> OptionalParameter(int32_t otherwise) {
    if (!Symbol('(')) return otherwise;
    ASSIGN_OR_RETURN(const int32_t value, Integer());
    if (!Symbol(')')) return Bad("')'");
    return value;
  }

  /// Text between quotes, which are doubled inside; at_ stands on the first quote.
  Result<std::string> QuotedText(char quote) {
    std::string out;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] != quote) {
        out += text_[at_];
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == quote) {
        out += quote;
        ++at_;
      } else {
        ++at_;
        return out;
      }
    }
    return Bad("a closing quote");
  }
  Result<std::string> FieldName() {
    SkipSpace();
    if (at_ < text_.size() && text_[at_] == '`') return QuotedText('`');
    const std::string_view word = PeekWord();
    if (word.empty()) return Bad("a field name");
    at_ += word.size();
    return std::string(word);
  }

  Result<DataType> TypeByName(int depth) {
    const std::string name = Upper(PeekWord());
    if (name.empty()) return Bad("a type name");
    at_ += name.size();
    if (name == "ARRAY" || name == "MAP" || name == "ROW") return NestedType(name, depth);
    if (name == "TIME" || name == "TIMESTAMP" || name == "TIMESTAMP_LTZ") return TemporalType(name);
    if (name == "DECIMAL" || name == "DEC" || name == "NUMERIC") return DecimalType();
    return PlainType(name);
  }

  Result<DataType> PlainType(const std::string& name) {
    if (name == "BOOLEAN") return DataType::Of(TypeKind::kBoolean);
    if (name == "TINYINT") return DataType::Of(TypeKind::kTinyInt);
    if (name == "SMALLINT") return DataType::Of(TypeKind::kSmallInt);
    if (name == "INT" || name == "INTEGER") return DataType::Of(TypeKind::kInt);
    if (name == "BIGINT") return DataType::Of(TypeKind::kBigInt);
    if (name == "FLOAT") return DataType::Of(TypeKind::kFloat);
    if (name == "DATE") return DataType::Of(TypeKind::kDate);
    if (name == "STRING") return DataType::Of(TypeKind::kString);
    if (name == "BYTES") return DataType::Of(TypeKind::kBytes);
    if (name == "DOUBLE") {
      Keyword("PRECISION");
      return DataType::Of(TypeKind::kDouble);
    }
    if (name == "CHAR" || name == "BINARY" || name == "VARCHAR" || name == "VARBINARY") {
      ASSIGN_OR_RETURN(const int32_t length, OptionalParameter(1));
      if (name == "CHAR") return DataType::Char(length);
      if (name == "BINARY") return DataType::Binary(length);
      return DataType::Of(name == "VARCHAR" ? TypeKind::kString : TypeKind::kBytes);
    }
    at_ -= name.size();
    return Bad("a type name");
  }

  Result<DataType> DecimalType() {
    int32_t precision = 10;
    int32_t scale = 0;
    if (Symbol('(')) {
      ASSIGN_OR_RETURN(precision, Integer());
      if (Symbol(',')) {
        ASSIGN_OR_RETURN(scale, Integer());
      }
      if (!Symbol(')')) return Bad("')'");
    }
    return DataType::Decimal(precision, scale);
  }

  Result<DataType> TemporalType(const std::string& name) {
    ASSIGN_OR_RETURN(const int32_t precision, OptionalParameter(name == "TIME" ? 0 : 6));
    if (name == "TIMESTAMP_LTZ") return DataType::Temporal(TypeKind::kTimestampLtz, precision);
    Keywords({"WITHOUT", "TIME", "ZONE"});
    if (name == "TIME") return DataType::Temporal(TypeKind::kTime, precision);
    if (Keywords({"WITH", "LOCAL", "TIME", "ZONE"}))
      return DataType::Temporal(TypeKind::kTimestampLtz, precision);
    return DataType::Temporal(TypeKind::kTimestamp, precision);
  }

  Result<DataType> NestedType(const std::string& name, int depth) {
    const bool parenthesis = name == "ROW" && Symbol('(');
    if (!parenthesis && !Symbol('<')) return Bad("'<'");
    const char close = parenthesis ? ')' : '>';
    if (name == "ROW") {
      ASSIGN_OR_RETURN(std::vector<Field> fields, Fields(close, depth + 1));
      return DataType::Row(std::move(fields));
    }
    ASSIGN_OR_RETURN(DataType first, Type(depth + 1));
    if (name == "ARRAY") {
      if (!Symbol(close)) return Bad("'>'");
      return DataType::Array(std::move(first));
    }
    if (!Symbol(',')) return Bad("','");
    ASSIGN_OR_RETURN(DataType value, Type(depth + 1));
    if (!Symbol(close)) return Bad("'>'");
    return DataType::Map(first, std::move(value));
  }

  Result<std::vector<Field>> Fields(char close, int depth) {
    std::vector<Field> fields;
    while (!Symbol(close)) {
      if (!fields.empty() && !Symbol(',')) return Bad("','");
      Field field;
      ASSIGN_OR_RETURN(field.name, FieldName());
      ASSIGN_OR_RETURN(field.type, Type(depth));
      SkipSpace();
      if (at_ < text_.size() && text_[at_] == '\'') {
        ASSIGN_OR_RETURN(field.comment, QuotedText('\''));
      }
      fields.push_back(std::move(field));
    }
    return fields;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Result<DataType> DataType::ParsePrefix(std::string_view& sql) {
  TypeParser parser(sql);
  ASSIGN_OR_RETURN(DataType type, parser.Type(0));
  RETURN_IF_ERROR(CheckType(type));
  sql = parser.rest();
  return type;
}

Result<DataType> DataType::Parse(std::string_view sql) {
  std::string_view rest = sql;
  ASSIGN_OR_RETURN(DataType type, ParsePrefix(rest));
  if (!rest.empty()) {
    return Fail(ErrorCode::kInvalidTable, "not a data type, text behind it: rest={:.200}", rest);
  }
  return type;
}

}  // namespace weir
