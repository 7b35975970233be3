#include "record/data_type.h"

#include <gtest/gtest.h>

#include "base/matchers.h"

namespace weir {
namespace {

// Texts as fluss-client 1.0.0 prints them.
constexpr const char* kTexts[] = {
    "BOOLEAN",
    "TINYINT NOT NULL",
    "SMALLINT",
    "INT",
    "BIGINT NOT NULL",
    "FLOAT",
    "DOUBLE",
    "CHAR(4)",
    "STRING",
    "BINARY(3)",
    "BYTES",
    "DECIMAL(10, 2)",
    "DATE",
    "TIME(3)",
    "TIMESTAMP(9)",
    "TIMESTAMP_LTZ(6)",
    "ARRAY<INT NOT NULL>",
    "MAP<STRING NOT NULL, BIGINT>",
    "ROW<`x` INT, `y` STRING NOT NULL 'it''s'> NOT NULL",
    "ARRAY<MAP<INT NOT NULL, ROW<`a``b` ARRAY<BYTES>>>>",
    "ROW<>",
};

TEST(DataType, PrintsAndParsesTheSameText) {
  for (const char* text : kTexts) {
    const auto type = DataType::Parse(text);
    ASSERT_THAT(type, IsOk()) << text;
    EXPECT_EQ(type->ToString(), text);
  }
}

TEST(DataType, ParsesTheSpellingsOfFlinkDdl) {
  const std::pair<const char*, const char*> rows[] = {
      {"int", "INT"},
      {"INTEGER", "INT"},
      {"varchar(20)", "STRING"},
      {"VARCHAR", "STRING"},
      {"VARBINARY(8)", "BYTES"},
      {"decimal", "DECIMAL(10, 0)"},
      {"NUMERIC(5)", "DECIMAL(5, 0)"},
      {"double precision", "DOUBLE"},
      {"CHAR", "CHAR(1)"},
      {"TIME", "TIME(0)"},
      {"TIMESTAMP", "TIMESTAMP(6)"},
      {"TIMESTAMP(3) WITHOUT TIME ZONE", "TIMESTAMP(3)"},
      {"TIMESTAMP(3) WITH LOCAL TIME ZONE NOT NULL", "TIMESTAMP_LTZ(3) NOT NULL"},
      {"TIMESTAMP_LTZ", "TIMESTAMP_LTZ(6)"},
      {"INT NULL", "INT"},
      {"INT NOT NULL ARRAY", "ARRAY<INT NOT NULL>"},
      {"map< string , int >", "MAP<STRING NOT NULL, INT>"},
      {"ROW(id INT, name STRING 'who')", "ROW<`id` INT, `name` STRING 'who'>"},
      {"ROW<date DATE>", "ROW<`date` DATE>"},
  };
  for (const auto& [text, printed] : rows) {
    const auto type = DataType::Parse(text);
    ASSERT_THAT(type, IsOk()) << text;
    EXPECT_EQ(type->ToString(), printed);
  }
}

TEST(DataType, RefusesWhatIsNoType) {
  for (const char* text :
       {"", "FOO", "INT INT", "DECIMAL(39, 0)", "DECIMAL(5, 6)", "CHAR(0)", "TIMESTAMP(10)",
        "ARRAY<", "ARRAY<INT", "MAP<INT>", "ROW<a>", "ROW<`a INT>", "DECIMAL(5,",
        "DECIMAL(99999999999)", "TIMESTAMP WITH TIME ZONE", "INT NOT", "ROW<a INT 'x>"}) {
    EXPECT_THAT(DataType::Parse(text), IsError(ErrorCode::kInvalidTable)) << text;
  }
}

TEST(DataType, RefusesBottomlessNesting) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "ARRAY<";
  EXPECT_THAT(DataType::Parse(deep), IsError(ErrorCode::kInvalidTable));
  std::string suffixes = "INT";
  for (int i = 0; i < 100'000; ++i) suffixes += " ARRAY";
  EXPECT_THAT(DataType::Parse(suffixes), IsError(ErrorCode::kInvalidTable));
}

TEST(DataType, ParsePrefixLeavesTheRest) {
  std::string_view sql = "DECIMAL(5, 2) NOT NULL COMMENT 'x', b INT";
  const auto type = DataType::ParsePrefix(sql);
  ASSERT_THAT(type, IsOk());
  EXPECT_EQ(type->ToString(), "DECIMAL(5, 2) NOT NULL");
  EXPECT_EQ(sql, "COMMENT 'x', b INT");
}

TEST(DataType, EqualityCountsNamesAndNullability) {
  const auto type = [](const char* text) { return DataType::Parse(text).value(); };
  EXPECT_TRUE(type("ROW<a INT>") == type("ROW<`a` INT>"));
  EXPECT_FALSE(type("ROW<a INT>") == type("ROW<b INT>"));
  EXPECT_FALSE(type("ROW<a INT>") == type("ROW<a INT NOT NULL>"));
  EXPECT_FALSE(type("DECIMAL(5, 2)") == type("DECIMAL(5, 3)"));
}

}  // namespace
}  // namespace weir
