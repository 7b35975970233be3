#include "lake/literal.h"

#include <boost/algorithm/hex.hpp>

#include "base/matchers.h"
#include "lake/pyiceberg_vectors_for_test.h"
#include "lake/transform.h"

namespace weir::iceberg {
namespace {

using testing::Optional;

std::string Bytes(std::string_view hex) {
  std::string out;
  boost::algorithm::unhex(hex, std::back_inserter(out));
  return out;
}

Type TypeOf(const boost::json::object& vector) {
  return *PrimitiveFromText(vector.at("type").as_string());
}

/// A value by its JSON text, as appendix D writes it.
Literal Value(std::string_view type, std::string_view text) {
  auto out = LiteralFromJson(*PrimitiveFromText(type), boost::json::parse(text));
  EXPECT_THAT(out, IsOk()) << type << ' ' << text;
  return out.ok() ? *out : Literal::Bool(false);
}

// Source: Iceberg table specification, appendix B, the column "Test value".
TEST(BucketHash, IsThatOfTheSpecification) {
  const std::tuple<const char*, const char*, int32_t> vectors[] = {
      {"int", "34", 2017239379},
      {"long", "34", 2017239379},
      {"decimal(9,2)", "\"14.20\"", -500754589},
      {"date", "\"2017-11-16\"", -653330422},
      {"time", "\"22:31:08\"", -662762989},
      {"timestamp", "\"2017-11-16T22:31:08\"", -2047944441},
      {"timestamp", "\"2017-11-16T22:31:08.000001\"", -1207196810},
      {"timestamptz", "\"2017-11-16T22:31:08+00:00\"", -2047944441},
      {"timestamptz", "\"2017-11-16T22:31:08.000001+00:00\"", -1207196810},
      {"timestamp_ns", "\"2017-11-16T22:31:08\"", -2047944441},
      {"timestamp_ns", "\"2017-11-16T22:31:08.000001001\"", -1207196810},
      {"timestamptz_ns", "\"2017-11-16T22:31:08.000001001+00:00\"", -1207196810},
      {"string", "\"iceberg\"", 1210000089},
      {"uuid", "\"f79c3e09-677c-4bbd-a479-3f349cb785e7\"", 1488055340},
      {"fixed[4]", "\"00010203\"", -188683207},
      {"binary", "\"00010203\"", -188683207},
  };
  for (const auto& [type, text, hash] : vectors) {
    EXPECT_THAT(BucketHash(Value(type, text)), HasValue(hash)) << type << ' ' << text;
  }
}

TEST(Literals, HaveTheBytesAndTheJsonOfPyiceberg) {
  for (const boost::json::value& item : PyicebergVectors("single_values")) {
    const auto& vector = item.as_object();
    const std::string bytes = Bytes(vector.at("hex").as_string());
    const auto from_json = LiteralFromJson(TypeOf(vector), vector.at("json"));
    ASSERT_THAT(from_json, IsOk()) << item;
    EXPECT_EQ(ToBinary(*from_json), bytes) << item;
    EXPECT_THAT(LiteralFromBinary(TypeOf(vector), bytes), HasValue(*from_json)) << item;
    EXPECT_THAT(LiteralFromJson(TypeOf(vector), ToJson(*from_json)), HasValue(*from_json)) << item;
  }
}

// Source: Iceberg table specification, appendix D, the column "Example" of JSON values.
TEST(Literals, AreWrittenInTheJsonOfTheSpecification) {
  const std::pair<const char*, const char*> vectors[] = {
      {"boolean", "true"},
      {"int", "34"},
      {"decimal(9,2)", "\"14.20\""},
      {"date", "\"2017-11-16\""},
      {"time", "\"22:31:08.123456\""},
      {"timestamp", "\"2017-11-16T22:31:08.123456\""},
      {"timestamptz", "\"2017-11-16T22:31:08.123456+00:00\""},
      {"timestamp_ns", "\"2017-11-16T22:31:08.123456789\""},
      {"timestamptz_ns", "\"2017-11-16T22:31:08.123456789+00:00\""},
      {"string", "\"iceberg\""},
      {"uuid", "\"f79c3e09-677c-4bbd-a479-3f349cb785e7\""},
      {"fixed[4]", "\"000102ff\""},
      {"binary", "\"000102ff\""},
  };
  for (const auto& [type, text] : vectors) {
    EXPECT_EQ(ToJson(Value(type, text)), boost::json::parse(text)) << type;
  }
}

TEST(Literals, OfAnotherTypeAreRefused) {
  const std::pair<const char*, const char*> vectors[] = {
      {"int", "2147483648"},
      {"int", "\"1\""},
      {"int", "1.5"},
      {"boolean", "1"},
      {"long", "1e3"},
      {"decimal(3,2)", "\"14.20\""},
      {"decimal(5,2)", "\"1.005\""},
      {"decimal(5,2)", "\"1E-3\""},
      {"date", "\"2017-13-01\""},
      {"date", "\"\""},
      {"time", "\"24:00:00\""},
      {"timestamp", "\"2017-11-16T22:31:08+00:00\""},
      {"uuid", "\"f79c3e09\""},
      {"fixed[4]", "\"0001\""},
      {"binary", "\"0\""},
      {"string", "null"},
      {"unknown", "1"},
  };
  for (const auto& [type, text] : vectors) {
    EXPECT_THAT(LiteralFromJson(*PrimitiveFromText(type), boost::json::parse(text)),
                IsError(ErrorCode::kInvalidTable))
        << type << ' ' << text;
  }
  EXPECT_THAT(LiteralFromBinary(Type::Of(TypeId::kInt), "123"), IsError(ErrorCode::kInvalidTable));
  EXPECT_THAT(LiteralFromBinary(Type::Fixed(4), "123"), IsError(ErrorCode::kInvalidTable));
  EXPECT_THAT(LiteralFromBinary(Type::Decimal(38, 0), std::string(17, '\1')),
              IsError(ErrorCode::kInvalidTable));
}

TEST(Literals, WrittenBeforeAPromotionAreRead) {
  EXPECT_THAT(LiteralFromBinary(Type::Of(TypeId::kLong), ToBinary(Literal::Int(-5))),
              HasValue(Literal::Long(-5)));
  EXPECT_THAT(LiteralFromBinary(Type::Of(TypeId::kDouble), ToBinary(Literal::Float(1.5))),
              HasValue(Literal::Double(1.5)));
}

/// Writers disagree on numbers with a fraction, and PyIceberg writes uuids in base64 where Java does not.
bool HasOnePathText(const Type& type) {
  return type.id != TypeId::kFloat && type.id != TypeId::kDouble && type.id != TypeId::kUuid &&
         type != Type::Decimal(38, 10);
}

TEST(Transforms, GiveWhatPyicebergGives) {
  for (const boost::json::value& item : PyicebergVectors("transforms")) {
    const auto& vector = item.as_object();
    const auto transform = TransformFromText(vector.at("transform").as_string());
    ASSERT_THAT(transform, IsOk());
    const auto value = LiteralFromJson(TypeOf(vector), vector.at("value"));
    ASSERT_THAT(value, IsOk()) << item;
    const auto result = transform->Apply(*value);
    ASSERT_THAT(result, IsOk()) << item;
    if (vector.at("result").is_null()) {
      EXPECT_EQ(*result, std::nullopt) << item;
    } else {
      const Type type = *transform->ResultType(TypeOf(vector));
      const auto expected = LiteralFromJson(type, vector.at("result"));
      ASSERT_THAT(expected, IsOk()) << item;
      EXPECT_THAT(*result, Optional(*expected)) << item;
    }
    if (HasOnePathText(TypeOf(vector))) {
      EXPECT_EQ(transform->ToPathText(*result), vector.at("path").as_string()) << item;
    }
  }
}

// Source: Iceberg's Java library, where numbers near the lower end wrap around.
TEST(Transforms, TruncateWrapsAroundAtTheLowestNumber) {
  EXPECT_THAT(Transform::Truncate(10).Apply(Literal::Int(INT32_MIN)),
              HasValue(Optional(Literal::Int(INT32_MAX - 1))));
  EXPECT_THAT(Transform::Truncate(10).Apply(Literal::Long(INT64_MIN)),
              HasValue(Optional(Literal::Long(INT64_MAX - 1))));
}

TEST(Transforms, HaveNamesThatAreReadBack) {
  for (const char* text : {"identity", "bucket[16]", "truncate[4]", "year", "month", "day", "hour",
                           "void", "zorder[3]"}) {
    const auto transform = TransformFromText(text);
    ASSERT_THAT(transform, IsOk());
    EXPECT_EQ(transform->ToString(), text);
  }
  for (const char* text : {"", "bucket[0]", "bucket[-1]", "bucket[99999999999]", "truncate[0]"}) {
    EXPECT_THAT(TransformFromText(text), IsError(ErrorCode::kInvalidTable)) << text;
  }
}

}  // namespace
}  // namespace weir::iceberg
