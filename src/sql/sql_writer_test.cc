#include "sql/sql_writer.h"

#include <gtest/gtest.h>

#include "io/faulty_file_system.h"
#include "record/log_batch.h"

namespace weir {
namespace {

/// Takes log batches, and fails as told.
class Buckets : public SqlBuckets {
 public:
  Result<std::vector<LogRange>> Ranges(std::span<const TableBucket>) override { return Never(); }
  Result<std::vector<Offset>> OffsetsAt(std::span<const TableBucket>, int64_t) override {
    return Never();
  }
  Result<SharedBytes> ReadLog(const TableBucket&, Offset, int64_t) override { return Never(); }
  Result<std::vector<BucketScan>> OpenScans(std::span<const TableBucket>, int64_t) override {
    return Never();
  }
  Result<BucketScan> ContinueScan(const TableBucket&, std::string_view, int32_t, int64_t) override {
    return Never();
  }
  void CloseScan(const TableBucket&, std::string_view) override {}
  Result<std::vector<std::optional<std::string>>> Lookup(const TableBucket&,
                                                         std::span<const std::string>) override {
    return Never();
  }
  Status Put(std::vector<BucketWrite>, std::vector<int32_t>) override { return Never(); }

  Status Append(std::vector<BucketWrite> writes) override {
    for (const BucketWrite& write : writes) sent.push_back(write);
    if (failures.empty()) return {};
    const ErrorCode code = failures.front();
    failures.erase(failures.begin());
    return Fail(code, "as told");
  }

  LogBatchHeader Header(size_t index) const {
    return LogBatchHeader::Parse(sent.at(index).batch.view()).value();
  }

  std::vector<BucketWrite> sent;
  std::vector<ErrorCode> failures;

 private:
  static Failure Never() { return Fail(ErrorCode::kUnknownServerError, "not part of this test"); }
};

class SqlWriterTest : public ::testing::Test {
 protected:
  SqlWriterTest() : catalog_(*Catalog::Open(files_, "/meta", {})), writers_(*catalog_) {
    Schema::Parts parts;
    parts.columns.push_back({.name = "id", .type = DataType::Of(TypeKind::kInt)});
    table_ = *catalog_->CreateTable({"fluss", "t"},
                                    {.schema = *Schema::Make(std::move(parts)), .bucket_count = 1},
                                    IfExists::kFail);
  }

  Status Insert(int64_t id) {
    ASSIGN_OR_RETURN(const auto writer,
                     SqlWriter::Make(table_, {}, {*catalog_, buckets_, writers_}));
    const Value row = Value::Int(id);
    RETURN_IF_ERROR(writer->Write(std::span(&row, 1)));
    return writer->Finish();
  }

  FaultyFileSystem files_;
  std::unique_ptr<Catalog> catalog_;
  Buckets buckets_;
  SqlWriterIds writers_;
  TableRef table_;
};

TEST_F(SqlWriterTest, SendsTheSameBatchAgainWhenItsFateIsUnknown) {
  buckets_.failures = {ErrorCode::kRequestTimeOut, ErrorCode::kStorageBackpressure};
  ASSERT_TRUE(Insert(1).ok());
  ASSERT_EQ(buckets_.sent.size(), 3u);
  EXPECT_EQ(buckets_.sent[0].batch.view(), buckets_.sent[1].batch.view());
  EXPECT_EQ(buckets_.sent[0].batch.view(), buckets_.sent[2].batch.view());
  EXPECT_TRUE(buckets_.Header(0).idempotent());
  EXPECT_EQ(buckets_.Header(0).batch_sequence, 0);
}

TEST_F(SqlWriterTest, StatementsShareAWriterIdOneAfterAnother) {
  ASSERT_TRUE(Insert(1).ok());
  ASSERT_TRUE(Insert(2).ok());
  EXPECT_EQ(buckets_.Header(0).writer_id, buckets_.Header(1).writer_id);
  EXPECT_EQ(buckets_.Header(1).batch_sequence, 1);
}

TEST_F(SqlWriterTest, AnIdWhoseSequenceIsUncertainIsNotUsedAgain) {
  buckets_.failures = {ErrorCode::kLogStorage};
  EXPECT_EQ(Insert(1).code(), ErrorCode::kLogStorage);
  EXPECT_EQ(buckets_.sent.size(), 1u);  // it would fail again
  ASSERT_TRUE(Insert(2).ok());
  EXPECT_NE(buckets_.Header(0).writer_id, buckets_.Header(1).writer_id);
  EXPECT_EQ(buckets_.Header(1).batch_sequence, 0);
}

}  // namespace
}  // namespace weir
