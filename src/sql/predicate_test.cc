#include "sql/predicate.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

/// "id=1,2;qty>=3" for what the query demands of `table`.
std::string DemandedOf(std::string_view table, std::string_view sql) {
  static constexpr const char* kOperators[] = {"=", "<", "<=", ">", ">="};
  std::string out;
  const QueryShape shape(sql);
  for (const Condition& condition : shape.Of(table)) {
    if (!out.empty()) out += ';';
    out += condition.column + kOperators[static_cast<int>(condition.op)];
    for (size_t i = 0; i < condition.values.size(); ++i)
      out += (i == 0 ? "" : ",") + condition.values[i].text;
  }
  return out;
}

TEST(QueryShape, FindsConditionsJoinedWithAnd) {
  const std::pair<const char*, const char*> kCases[] = {
      {"SELECT * FROM db.t WHERE id = 1", "id=1"},
      {"SELECT * FROM db.t AS x WHERE x.id = -7 AND note = 'a''b' AND f(note) = 3",
       "id=-7;note=a'b"},
      {"SELECT * FROM db.t WHERE id IN (1, 2) AND (qty >= 3) AND note IS NULL", "id=1,2;qty>=3"},
      {"SELECT * FROM db.t WHERE qty BETWEEN 2 AND 5 AND id = 1 ORDER BY id LIMIT 3",
       "qty>=2;qty<=5;id=1"},
      {"SELECT * FROM db.t x JOIN u ON x.a = u.a WHERE x.id = 4 AND other = 5", "id=4"},
      {"SELECT * FROM u, db.t WHERE t.id = 4", "id=4"},
      {"SELECT day FROM db.t WHERE day = DATE '2026-01-01' AND ok = TRUE GROUP BY day",
       "day=2026-01-01;ok=TRUE"},
      {"SELECT * FROM db.t WHERE price < 1.50 AND at >= TIMESTAMP '2026-01-02 03:04:05'",
       "price<1.50;at>=2026-01-02 03:04:05"},
      {"EXPLAIN SELECT * FROM db.t WHERE id = 1", "id=1"},
  };
  for (const auto& [sql, demanded] : kCases) EXPECT_EQ(DemandedOf("db.t", sql), demanded) << sql;
}

TEST(QueryShape, DemandsNothingWhereItCouldBeWrong) {
  for (const char* sql : {
           "SELECT * FROM db.t WHERE id = 1 OR id = 2",
           "SELECT * FROM db.t WHERE NOT id = 1",
           "SELECT * FROM db.t AS x(b, id) WHERE id = 1",
           "SELECT * FROM (SELECT a AS id FROM db.t) WHERE id = 1",
           "WITH c AS (SELECT * FROM db.t) SELECT * FROM c WHERE id = 1",
           "SELECT * FROM db.t WHERE id = 1 UNION ALL SELECT * FROM u",
           "SELECT * FROM db.t a JOIN db.t b ON a.id = b.x WHERE a.id = 1",
           "SELECT * FROM db.t WHERE id = 1 AND x IN (SELECT y FROM db.t)",
           "SELECT * FROM db.t a ASOF JOIN u ON a.x >= u.x WHERE a.id = 1",
           "SELECT * FROM db.t JOIN u ON true WHERE id = 1",
           "SELECT * FROM db.t WHERE id = 1 COLLATE NOCASE",
           "SELECT * FROM db.t WHERE id = 1 + 1",
           "SELECT * FROM db.t WHERE id = 1.5e3",
           "SELECT * FROM db.t WHERE at = TIME '00:00:00'",
           "SELECT * FROM db.t WHERE CASE WHEN id = 1 THEN true ELSE true END",
           "SELECT * FROM db.t WHERE id = other",
           "SELECT * FROM x: db.t WHERE id = 1",
           "SELECT (SELECT 1 FROM u WHERE id = 1) FROM db.t",
       }) {
    EXPECT_EQ(DemandedOf("db.t", sql), "") << sql;
  }
}

TEST(QueryShape, KnowsWhatIsReadOnce) {
  EXPECT_TRUE(QueryShape("SELECT * FROM db.t JOIN u ON t.a = u.a").ReadsOnce("t"));
  EXPECT_FALSE(QueryShape("SELECT * FROM db.t JOIN t b ON 1 = 1").ReadsOnce("t"));
  EXPECT_FALSE(QueryShape("WITH x AS (SELECT * FROM db.t) SELECT * FROM x, x y").ReadsOnce("t"));
}

}  // namespace
}  // namespace weir
