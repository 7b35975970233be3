#include "sql/parser.h"
#include "sql/duck_sql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/duck_sql.h"
#include "sql/system_time.h"
#include "sql/token.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

template <class T>
T As(std::string_view sql) {
  auto statement = ParseStatement(sql);
  if (!statement.ok()) {
    ADD_FAILURE() << sql << ": " << statement.error().message;
    return {};
  }
  if (!std::holds_alternative<T>(*statement)) {
    ADD_FAILURE() << sql << ": another kind of statement, index " << statement->index();
    return {};
  }
  return std::get<T>(*statement);
}

std::string ErrorOf(std::string_view sql) {
  const auto statement = ParseStatement(sql);
  return statement.ok() ? "parsed" : statement.error().message;
}

TEST(Parser, ReadsTheWholeOfCreateTable) {
  const auto table = As<CreateTable>(R"(
      CREATE TABLE IF NOT EXISTS cat.`my db`.t ( -- comment
        id BIGINT NOT NULL COMMENT 'the ''key''',
        `d``t` STRING,
        price DECIMAL(10, 2),
        nested ROW<a INT, b ARRAY<STRING>> COMMENT 'deep',
        tags MAP<STRING, TIMESTAMP_LTZ(3)>,
        CONSTRAINT pk PRIMARY KEY (id, `d``t`) NOT ENFORCED
      ) COMMENT 'a table'
      DISTRIBUTED BY HASH(id) INTO 7 BUCKETS
      PARTITIONED BY (`d``t`)
      WITH ('table.merge-engine' = 'first_row', 'k' = 'v'))");
  EXPECT_THAT(table.name.parts, ElementsAre("cat", "my db", "t"));
  EXPECT_EQ(table.if_not_exists, Clause::kPresent);
  ASSERT_EQ(table.columns.size(), 5u);
  EXPECT_EQ(table.columns[0].type.ToString(), "BIGINT NOT NULL");
  EXPECT_EQ(table.columns[0].comment, "the 'key'");
  EXPECT_EQ(table.columns[1].name, "d`t");
  EXPECT_EQ(table.columns[2].type, DataType::Decimal(10, 2));
  EXPECT_EQ(table.columns[3].type.fields()[1].type.element(), DataType::Of(TypeKind::kString));
  EXPECT_EQ(table.columns[4].type.value(), DataType::Temporal(TypeKind::kTimestampLtz, 3));
  EXPECT_THAT(table.primary_key, ElementsAre("id", "d`t"));
  EXPECT_THAT(table.partition_keys, ElementsAre("d`t"));
  EXPECT_THAT(table.bucket_keys, ElementsAre("id"));
  EXPECT_EQ(table.bucket_count, 7);
  EXPECT_EQ(table.comment, "a table");
  EXPECT_THAT(table.options, ElementsAre(Pair("k", "v"), Pair("table.merge-engine", "first_row")));
}

TEST(Parser, TakesAnInlinePrimaryKeyAndNoOptions) {
  const auto table =
      As<CreateTable>("create table t (id int primary key not enforced, v varchar(20))");
  EXPECT_THAT(table.primary_key, ElementsAre("id"));
  EXPECT_EQ(table.columns[1].type, DataType::Of(TypeKind::kString));
}

TEST(Parser, ReadsAlterTable) {
  const auto set = As<AlterTable>("ALTER TABLE db.t SET ('table.log.ttl' = '1 d')");
  EXPECT_THAT(std::get<SetOptions>(set.action).options, ElementsAre(Pair("table.log.ttl", "1 d")));
  const auto reset = As<AlterTable>("ALTER TABLE t RESET ('a', 'b')");
  EXPECT_THAT(std::get<ResetOptions>(reset.action).keys, ElementsAre("a", "b"));
  const auto add = As<AlterTable>("ALTER TABLE t ADD (x INT COMMENT 'c', y STRING LAST)");
  EXPECT_EQ(std::get<AddColumns>(add.action).columns.size(), 2u);
  EXPECT_EQ(
      std::get<AddColumns>(As<AlterTable>("ALTER TABLE t ADD COLUMN z INT").action).columns[0].name,
      "z");
  const auto partition =
      As<AlterTable>("ALTER TABLE t ADD IF NOT EXISTS PARTITION (dt = '2026-01-01', n = 3)");
  EXPECT_THAT(std::get<AddPartitions>(partition.action).partitions,
              ElementsAre(ElementsAre(Pair("dt", "2026-01-01"), Pair("n", "3"))));
  const auto drop = As<AlterTable>("ALTER TABLE t DROP IF EXISTS PARTITION (dt = 'a')");
  EXPECT_EQ(std::get<DropPartitions>(drop.action).if_exists, Clause::kPresent);
}

TEST(Parser, KeepsExpressionsOfDmlInDuckDbsWords) {
  const auto update =
      As<Update>("UPDATE db.t AS x SET `a` = f(b, ','), c = (SELECT 1, 2) WHERE x.`k` = 'WHERE'");
  EXPECT_EQ(update.alias, "x");
  EXPECT_THAT(update.assignments, ElementsAre(Pair("a", "f(b, ',')"), Pair("c", "(SELECT 1, 2)")));
  EXPECT_EQ(update.where, "x.\"k\" = 'WHERE'");
  EXPECT_EQ(As<Delete>("DELETE FROM t").where, "");
  EXPECT_EQ(As<Delete>("delete from t where id in (1, 2)").where, "id in (1, 2)");
  const auto insert = As<Insert>("INSERT INTO t PARTITION (p = 'x') (a, `b`) SELECT * FROM `u`");
  EXPECT_THAT(insert.columns, ElementsAre("a", "b"));
  EXPECT_THAT(insert.partition, ElementsAre(Pair("p", "x")));
  EXPECT_EQ(insert.query, "SELECT * FROM \"u\"");
  EXPECT_EQ(As<Insert>("INSERT INTO t VALUES (1), (2)").query, "VALUES (1), (2)");
  EXPECT_TRUE(As<Insert>("INSERT INTO t (SELECT 1)").columns.empty());
}

TEST(Parser, LetsLookupJoinsReadThePresent) {
  const std::string sql =
      "SELECT 1 FROM a JOIN b /*+ OPTIONS('x'='y') */ FOR SYSTEM_TIME AS OF a.ptime AS c ON 1=1";
  const std::string duck = As<Query>(sql).text;
  EXPECT_EQ(duck.size(), sql.size());
  EXPECT_EQ(duck.find("SYSTEM_TIME"), std::string::npos);
  EXPECT_THAT(duck, HasSubstr("AS c ON 1=1"));
}

TEST(Parser, ReadsShowUseDescribe) {
  EXPECT_EQ(As<Show>("SHOW TABLES FROM db LIKE 'a%'").like, "a%");
  EXPECT_EQ(As<Show>("SHOW CREATE TABLE a.b").name.object(), "b");
  EXPECT_EQ(As<Show>("SHOW PARTITIONS t").what, Show::What::kPartitions);
  EXPECT_EQ(As<Describe>("DESC db.t").name.object(), "t");
  EXPECT_EQ(As<UseDatabase>("USE `silver`").name, "silver");
  As<NoEffect>("USE CATALOG fluss_iceberg");
  As<NoEffect>("SET 'execution.runtime-mode' = 'batch'");
  As<NoEffect>("CREATE CATALOG c WITH ('type' = 'fluss')");
}

TEST(Parser, SaysWhatItExpectedAndWhere) {
  EXPECT_EQ(ErrorOf("CREATE TABLE t (a INT,\n  b)"),
            "expected a data type, but found ) at line 2, column 4");
  EXPECT_EQ(ErrorOf("CREATE TABLE t (a INTT)"),
            "INTT is not a data type of Weir at line 1, column 19 (did you mean INT?)");
  EXPECT_EQ(
      ErrorOf("SELCT 1"),
      "not a statement of Weir: it begins with SELCT at line 1, column 1 (did you mean SELECT?)");
  EXPECT_THAT(ErrorOf("SHOW TABELS"), HasSubstr("did you mean TABLES?"));
  EXPECT_THAT(ErrorOf("CREATE TABLE t (a INT) WITH (bucket.num = 4)"), HasSubstr("in quotes"));
  EXPECT_THAT(ErrorOf("DROP TABLE t t"), HasSubstr("expected the end of the statement"));
  EXPECT_THAT(ErrorOf("SELECT 'abc"),
              HasSubstr("a string is not closed: starts at line 1, column 8"));
  EXPECT_THAT(ErrorOf("CREATE TABLE t ("),
              HasSubstr("but the statement ends at line 1, column 17"));
  EXPECT_THAT(ErrorOf("INSERT INTO t VALEUS (1)"), HasSubstr("did you mean VALUES?"));
  EXPECT_THAT(ErrorOf("COPY t TO 'x'"), HasSubstr("not a statement of Weir"));
}

TEST(Parser, NamesWhatIsNotThereYet) {
  for (const auto* sql :
       {"CREATE MATERIALIZED TABLE a.b FRESHNESS = INTERVAL '10' SECOND AS SELECT 1",
        "CREATE VIEW v AS SELECT 1", "INSERT OVERWRITE t SELECT 1", "ALTER TABLE t RENAME TO u",
        "CREATE TABLE t (a INT) AS SELECT 1"}) {
    EXPECT_THAT(ErrorOf(sql), HasSubstr("not supported yet; ")) << sql;
  }
}

TEST(Script, SplitsOutsideQuotesAndComments) {
  const std::string script = "SELECT ';' ; -- a;b\n/* ; */;;\n INSERT INTO t VALUES ('x;');";
  const auto parts = SplitScript(script);
  ASSERT_TRUE(parts.ok());
  ASSERT_EQ(parts->size(), 2u);
  EXPECT_EQ((*parts)[0].text, "SELECT ';'");
  EXPECT_EQ((*parts)[1].text, "INSERT INTO t VALUES ('x;')");
  EXPECT_EQ(script.substr((*parts)[1].at, 6), "INSERT");
}

TEST(Script, KnowsWhenAStatementGoesOn) {
  EXPECT_TRUE(EndsInsideStatement("SELECT 1"));
  EXPECT_TRUE(EndsInsideStatement("SELECT ';"));
  EXPECT_FALSE(EndsInsideStatement("SELECT 1; -- done"));
  EXPECT_FALSE(EndsInsideStatement("  "));
}

TEST(Token, HidesNothingThatDuckDbWouldSee) {
  // Each text would run f() in DuckDB; a tokenizer that quotes or comments differently would miss
  // it.
  for (const std::string text : {"E'\\'' || f() || ''", "/* /* */ ' */ f() --'", "-- ' \r f() --'",
                                 "\xC2\xA0 f\xC2\xA0()", "$a$ ' $a$ f() --'", "'a''' f() --'"}) {
    const auto tokens = Tokenize(text);
    ASSERT_TRUE(tokens.ok()) << text;
    EXPECT_TRUE(std::ranges::any_of(*tokens, [](const Token& token) { return token.Is("F"); }))
        << text;
  }
}

TEST(Token, RefusesZeroBytesWhereverTheyAre) {
  // DuckDB reads its text to the first of them: UPDATE … WHERE id = 2 \0 AND … would lose a condition.
  for (std::string sql : {"SELECT 1 @ AND 2", "SELECT '@'", "SELECT `@`", "SELECT 1 -- @",
                          "SELECT /*@*/ 1", "SELECT 1;@"}) {
    sql[sql.find('@')] = '\0';
    const auto tokens = Tokenize(sql);
    ASSERT_FALSE(tokens.ok()) << sql;
    EXPECT_EQ(tokens.code(), ErrorCode::kSqlSyntax);
    EXPECT_THAT(ErrorOf(sql), HasSubstr("a zero byte at line 1, column "));
    EXPECT_FALSE(SplitScript(sql).ok());
  }
}

TEST(ToDuckSql, NamesTheTimeOfATableBehindItsName) {
  EXPECT_EQ(*ToDuckSql("SELECT t.x FROM db.t FOR SYSTEM_TIME AS OF TIMESTAMP '1970-01-01 "
                       "00:00:01.5' WHERE x = 1"),
            "SELECT t.x FROM db.\"t$asof@1500\" AS \"t\" WHERE x = 1");
  EXPECT_EQ(*ToDuckSql("SELECT * FROM `t` FOR SYSTEM_TIME AS OF '1970-01-01' AS old, u"),
            "SELECT * FROM \"t$asof@0\" AS old, u");
  // Of a look-up join it means the present, and places stay.
  EXPECT_EQ(*ToDuckSql("a JOIN t FOR SYSTEM_TIME AS OF a.p AS b"),
            "a JOIN t" + std::string(27, ' ') + "AS b");
  EXPECT_EQ(ToDuckSql("SELECT * FROM t FOR SYSTEM_TIME AS OF TIMESTAMP 'soon'").code(),
            ErrorCode::kSqlSyntax);
}

std::vector<std::string> TimesIn(std::string_view sql) {
  std::vector<std::string> out;
  const auto ranges = ComputedSystemTimes(sql);
  if (!ranges.ok()) return {ranges.error().message};
  for (const TextRange& range : *ranges)
    out.emplace_back(sql.substr(range.begin, range.end - range.begin));
  return out;
}

TEST(ComputedSystemTimes, AreExpressionsOnly) {
  EXPECT_THAT(TimesIn("FROM t FOR SYSTEM_TIME AS OF o.p AS b JOIN u FOR SYSTEM_TIME AS OF "
                      "PROCTIME(), v FOR SYSTEM_TIME AS OF TIMESTAMP '2026-01-01', w FOR "
                      "SYSTEM_TIME AS OF '2026-01-01' w"),
              ElementsAre());
  EXPECT_THAT(TimesIn("FROM t FOR SYSTEM_TIME AS OF CURRENT_TIMESTAMP - INTERVAL '1' HOUR old"),
              ElementsAre("CURRENT_TIMESTAMP - INTERVAL '1' HOUR"));
  EXPECT_THAT(TimesIn("(SELECT * FROM t FOR SYSTEM_TIME AS OF CAST('x' AS TIMESTAMP)) JOIN t FOR "
                      "SYSTEM_TIME AS OF TIMESTAMP '2026-01-01' + INTERVAL 1 DAY * 2 WHERE a"),
              ElementsAre("CAST('x' AS TIMESTAMP)", "TIMESTAMP '2026-01-01' + INTERVAL 1 DAY * 2"));
  EXPECT_THAT(TimesIn("FROM t FOR SYSTEM_TIME AS OF '2026-01-01'::TIMESTAMP(3) AS x"),
              ElementsAre("'2026-01-01'::TIMESTAMP(3)"));
  EXPECT_THAT(
      TimesIn("FROM t FOR SYSTEM_TIME AS OF (now() AT TIME ZONE 'UTC') - INTERVAL (2) days"),
      ElementsAre("(now() AT TIME ZONE 'UTC') - INTERVAL (2) days"));
  EXPECT_THAT(TimesIn("FROM t FOR SYSTEM_TIME AS OF WHERE"), ElementsAre());
  EXPECT_THAT(TimesIn("FROM t FOR SYSTEM_TIME AS OF )"), ElementsAre(HasSubstr("expected a time")));
}

}  // namespace
}  // namespace weir
