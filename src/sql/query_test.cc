#include "sql/query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "sql/cell_text.h"
#include "sql/duckdb_types.h"
#include "sql/engine.h"
#include "sql/rows_scan.h"
#include "sql/union_scan.h"

namespace weir {
namespace {

using ::testing::HasSubstr;

/// `numbers` with columns n (0..9999 in parts of 1000) and text.
class Numbers : public TableScan {
 public:
  std::span<const ScanColumn> columns() const override { return columns_; }
  int64_t rows_estimate() const override { return 10'000; }
  size_t part_count() const override { return 10; }
  Result<std::unique_ptr<ScanPart>> Open(size_t part, std::span<const int> projection) override {
    columns_read_ = std::max(columns_read_, projection.size());
    return std::make_unique<Part>(static_cast<int64_t>(part) * 1000, projection);
  }
  size_t columns_read_ = 0;

 private:
  class Part : public ScanPart {
   public:
    Part(int64_t first, std::span<const int> projection)
        : next_(first), end_(first + 1000), projection_(projection.begin(), projection.end()) {}
    Result<bool> Next(duckdb_data_chunk out) override {
      if (next_ == end_) return false;
      for (idx_t row = 0; row < 100; ++row, ++next_) {
        const std::string text = "number " + std::to_string(next_);
        for (size_t i = 0; i < projection_.size(); ++i) {
          if (projection_[i] == kNoColumn) continue;
          const duckdb_vector vector = Duck().data_chunk_get_vector(out, i);
          const bool number = projection_[i] == 0;
          RETURN_IF_ERROR(WriteValue(vector, row,
                                     DataType::Of(number ? TypeKind::kBigInt : TypeKind::kString),
                                     number ? Value::Int(next_) : Value::Bytes(text)));
        }
      }
      Duck().data_chunk_set_size(out, 100);
      return true;
    }

   private:
    int64_t next_;
    const int64_t end_;
    const std::vector<int> projection_;
  };
  const std::vector<ScanColumn> columns_ = {{"n", DataType::Of(TypeKind::kBigInt)},
                                            {"text", DataType::Of(TypeKind::kString)}};
};

/// Rows without end, until a thread that is not the one that made the table reads a few chunks: it
/// fails, and so does everybody after it.
class FailsOnAnotherThread : public TableScan {
 public:
  std::span<const ScanColumn> columns() const override { return columns_; }
  int64_t rows_estimate() const override { return 1'000'000; }
  size_t part_count() const override { return 1; }
  Result<std::unique_ptr<ScanPart>> Open(size_t, std::span<const int>) override {
    return std::make_unique<Part>(*this);
  }

 private:
  class Part : public ScanPart {
   public:
    explicit Part(FailsOnAnotherThread& table) : table_(table) {}
    Result<bool> Next(duckdb_data_chunk out) override {
      if (std::this_thread::get_id() != table_.maker_ && ++table_.read_by_others_ > 5)
        table_.failed_ = true;
      if (table_.failed_) return Fail(ErrorCode::kSqlFailed, "the disk is gone");
      Duck().data_chunk_set_size(out, kChunkRows);
      return true;
    }

   private:
    FailsOnAnotherThread& table_;
  };
  const std::vector<ScanColumn> columns_ = {{"n", DataType::Of(TypeKind::kBigInt)}};
  const std::thread::id maker_ = std::this_thread::get_id();
  std::atomic<int> read_by_others_ = 0;
  std::atomic<bool> failed_ = false;
};

class QueryTest : public ::testing::Test, public TableResolver {
 protected:
  QueryTest()
      : instance_(*DuckInstance::Open({.memory_bytes_max = 128 * MiB, .threads = 2})),
        connection_(*instance_->Connect()) {}

  Result<std::shared_ptr<TableScan>> Resolve(const std::string& name) override {
    if (name == "numbers") return numbers_;
    if (name == "twice") return MakeUnionScan({numbers_, numbers_});
    if (name == "failing") return failing_;
    if (name == "none") return MakeRowsScan({{"a", DataType::Of(TypeKind::kInt)}}, {});
    if (name == "rows")
      return MakeRowsScan(
          {{"n", DataType::Of(TypeKind::kBigInt)}, {"s", DataType::Of(TypeKind::kString)}},
          {{int64_t{1}, "one"}, {std::monostate(), "null"}});
    return std::shared_ptr<TableScan>();
  }

  /// Rows as text, cells split by '|', rows by ';'; or the error.
  std::string Run(const std::string& sql) {
    auto query = DuckQuery::Start(connection_.get(), sql, *this, interrupted_);
    if (!query.ok()) return query.error().message;
    std::vector<CellWriter> cells;
    for (const ResultColumn& column : (*query)->columns()) cells.emplace_back(column.type.get());
    std::string out;
    while (true) {
      auto chunk = (*query)->Next();
      if (!chunk.ok()) return chunk.error().message;
      if (!*chunk) return out;
      for (idx_t row = 0; row < Duck().data_chunk_get_size(chunk->get()); ++row) {
        if (!out.empty()) out += ';';
        for (size_t i = 0; i < cells.size(); ++i) {
          if (i > 0) out += '|';
          cells[i].AppendJson(out, Duck().data_chunk_get_vector(chunk->get(), i), row);
        }
      }
    }
  }

  /// What ends a query, its rows left alone by a reader that is slower than DuckDB.
  std::string Drain(const std::string& sql) {
    auto query = DuckQuery::Start(connection_.get(), sql, *this, interrupted_);
    if (!query.ok()) return query.error().message;
    while (true) {
      auto chunk = (*query)->Next();
      if (!chunk.ok()) return chunk.error().message;
      if (!*chunk) return "";
      for (int i = 0; i < 1000; ++i) std::this_thread::yield();
    }
  }

  std::shared_ptr<Numbers> numbers_ = std::make_shared<Numbers>();
  std::shared_ptr<TableScan> failing_ = std::make_shared<FailsOnAnotherThread>();
  std::atomic<bool> interrupted_ = false;
  std::unique_ptr<DuckInstance> instance_;
  DuckConnection connection_;
};

TEST_F(QueryTest, ReadsATableInPartsAndOnlyTheColumnsItNeeds) {
  EXPECT_EQ(Run("SELECT count(*) FROM numbers"), "10000");
  EXPECT_EQ(Run("SELECT sum(n) FROM numbers WHERE n >= 5000"), "37497500");
  EXPECT_EQ(numbers_->columns_read_, 1u);
  EXPECT_EQ(Run("SELECT text FROM numbers WHERE n = 7"), "\"number 7\"");
  EXPECT_EQ(Run("SELECT count(*) FROM numbers a JOIN db.numbers b ON a.n = b.n + 1"), "9999");
}

TEST_F(QueryTest, ReadsAllPartsOfAUnionAndRowsInMemory) {
  EXPECT_EQ(Run("SELECT count(*), count(DISTINCT n), sum(n) FROM twice"), "20000|10000|99990000");
  EXPECT_EQ(Run("SELECT count(*) FROM none"), "0");
  EXPECT_EQ(Run("SELECT s, n FROM rows ORDER BY s"), "\"null\"|null;\"one\"|1");
}

TEST_F(QueryTest, WritesEveryKindOfValueAsJson) {
  EXPECT_EQ(Run("SELECT 1::TINYINT, 2::UBIGINT, -170141183460469231731687303715884105727::HUGEINT, "
                "1.50::DECIMAL(4,2)"),
            "1|2|-170141183460469231731687303715884105727|1.50");
  EXPECT_EQ(Run("SELECT 'infinity'::DOUBLE, 1e300, 100::FLOAT, TIME '01:02:03.5', INTERVAL '-1 "
                "month 3 days'"),
            "\"Infinity\"|1e+300|100.0|\"01:02:03.5\"|\"-1 month 3 days\"");
  EXPECT_EQ(Run("SELECT '\\x00a'::BLOB, '101'::BIT, 'a'::ENUM('b', 'a'), "
                "'12345678-9abc-def0-1234-56789abcdef0'::UUID"),
            "\"\\\\x00a\"|\"101\"|\"a\"|\"12345678-9abc-def0-1234-56789abcdef0\"");
  EXPECT_EQ(Run("SELECT [1, 2]::INT[2], MAP {1: 'x'}, union_value(k := 5), DATE '0044-03-15 (BC)'"),
            "[1,2]|[[1,\"x\"]]|5|\"0044-03-15 (BC)\"");
}

TEST_F(QueryTest, ReachesNeitherFilesNorSettings) {
  // By name at first; what is not on the list is stopped by DuckDB's own configuration.
  for (const char* sql :
       {"SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM glob('/*')",
        "FROM arrow_scan(1, 2, 3)", "SELECT * FROM ENABLE_LOGGING()",
        "SELECT * FROM query('SELECT 1')", "SELECT * FROM json_execute_serialized_sql('x')"}) {
    EXPECT_THAT(Run(sql), HasSubstr("not open to queries")) << sql;
  }
  for (const char* sql :
       {"COPY (SELECT 1) TO '/tmp/weir_must_not_exist.csv'", "ATTACH '/tmp/weir_must_not_exist.db'",
        "LOAD httpfs", "INSTALL httpfs", "SET memory_limit = '1TB'", "CREATE TABLE x (a INT)",
        "SET enable_external_access = true", "SELECT 1; SELECT 2", "SELECT ?",
        "CALL pragma_version()"}) {
    const auto query = DuckQuery::Start(connection_.get(), sql, *this, interrupted_);
    EXPECT_FALSE(query.ok()) << sql;
  }
  EXPECT_THAT(Run("SELECT * FROM '/etc/passwd'"), HasSubstr("does not exist"));
  EXPECT_EQ(Run("SELECT current_setting('enable_external_access')"), "false");
  EXPECT_EQ(Run("SELECT current_setting('lock_configuration')"), "true");
  EXPECT_EQ(Run("SELECT current_setting('TimeZone')"), "\"UTC\"");
}

TEST_F(QueryTest, SaysWhyARowFailedWhicheverThreadReadIt) {
  for (int i = 0; i < 20; ++i) {
    failing_ = std::make_shared<FailsOnAnotherThread>();
    EXPECT_THAT(Drain("SELECT * FROM failing"), HasSubstr("the disk is gone"));
  }
  EXPECT_THAT(Run("SELECT CAST('INTERRUPT' AS INT)"), HasSubstr("Could not convert"));
}

TEST_F(QueryTest, FailsWithinItsMemoryAndGoesOn) {
  EXPECT_THAT(Run("SELECT i, count(*) FROM range(1000000000) t(i) GROUP BY i"), HasSubstr("emory"));
  EXPECT_EQ(Run("SELECT 1"), "1");
}

}  // namespace
}  // namespace weir
