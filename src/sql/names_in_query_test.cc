#include "sql/names_in_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/predicate.h"

namespace weir {
namespace {

NamesInQuery Read(std::string_view sql) {
  return {sql, "here", [](const std::string& dotted) {
            return dotted == "a.t" || dotted == "cat.a.t" || dotted == "b.t" || dotted == "a.s";
          }};
}

TEST(NamesInQuery, ColumnsLoseTheDatabaseOfATableThatIsRead) {
  EXPECT_EQ(Read("SELECT a.t.c, cat.a.t.c.field, \"a\".\"t\".* FROM a.t WHERE A.T.c = 1").sql(),
            "SELECT t.c, t.c.field, \"t\".* FROM a.t WHERE T.c = 1");
  EXPECT_EQ(Read("SELECT here.t.c FROM t").sql(), "SELECT t.c FROM t");
}

TEST(NamesInQuery, OtherNamesStay) {
  for (const char* sql : {"SELECT a.s.c FROM a.t", "SELECT x.y.z FROM a.t AS x",
                          "SELECT 'a.t.c' FROM a.t", "SELECT a.t FROM a.t"})
    EXPECT_EQ(Read(sql).sql(), sql);
}

TEST(NamesInQuery, TwoTablesOfOneNameGetNamesOfTheirOwn) {
  const NamesInQuery names = Read("SELECT a.t.c, b.t.* FROM a.t, b.t");
  EXPECT_EQ(names.sql(), "SELECT \"a.t\".c, \"b.t\".* FROM a.\"a.t\", b.\"b.t\"");
  EXPECT_EQ(names.Written("t"), "t");
  EXPECT_EQ(names.Written("a.t"), "a.t");
}

TEST(NamesInQuery, RemembersWhatTheLastPartStoodFor) {
  const NamesInQuery names = Read("SELECT * FROM a.t JOIN a.missing USING (c)");
  EXPECT_EQ(names.Written("t"), "a.t");
  ASSERT_NE(names.Missing("missing"), nullptr);
  EXPECT_EQ(*names.Missing("missing"), "a.missing");
  EXPECT_EQ(names.Missing("t"), nullptr);
  EXPECT_EQ(Read("SELECT s.* FROM s").Missing("s"), nullptr);
  EXPECT_EQ(Read("SELECT x.s FROM s AS x").Missing("s"), nullptr);
}

TEST(NamesInQuery, ATableThatIsNotThereIsNotTheOneThatStandsAlone) {
  for (const char* sql :
       {"SELECT * FROM t JOIN nowhere.t USING (c)", "SELECT (SELECT 1 FROM nowhere.t) FROM t",
        "WITH t AS (SELECT 1) FROM nowhere.t, t"}) {
    const NamesInQuery names = Read(sql);
    EXPECT_THAT(names.sql(), testing::HasSubstr("nowhere.\"nowhere.t\"")) << sql;
    ASSERT_NE(names.Missing("nowhere.t"), nullptr) << sql;
    EXPECT_EQ(names.Missing("t"), nullptr) << sql;
  }
  for (const char* sql :
       {"SELECT EXTRACT(YEAR FROM e.t) FROM e, t", "SELECT c IS DISTINCT FROM e.t FROM e, t",
        "SELECT * FROM information_schema.tables, tables", "SELECT e.t FROM e, t"})
    EXPECT_EQ(Read(sql).sql(), sql);
}

TEST(NamesInQuery, ConditionsOnFullNamesReachTheScan) {
  const QueryShape shape(Read("SELECT * FROM a.t WHERE a.t.id = 3").sql());
  ASSERT_EQ(shape.Of("a.t").size(), 1u);
  EXPECT_EQ(shape.Of("a.t")[0].column, "id");
}

}  // namespace
}  // namespace weir
