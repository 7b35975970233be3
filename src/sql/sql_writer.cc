#include "sql/sql_writer.h"

#include <algorithm>
#include <atomic>

#include "record/arrow_batch_writer.h"
#include "record/kv_batch.h"
#include "record/partition_name.h"
#include "record/row_format.h"
#include "record/row_log_batch.h"

namespace weir {
namespace {

constexpr int64_t kFlushBytes = 4 * MiB;

constexpr int kSendAgainMax = 3;

/// Whether a failure may be over by now. Buckets that took their batch know it by its sequence.
bool MayBeSentAgain(ErrorCode code) {
  return code == ErrorCode::kRequestTimeOut || code == ErrorCode::kStorageBackpressure;
}

/// Where the next statement starts to spread rows without a bucket key.
std::atomic<uint32_t> next_bucket = 0;

}  // namespace

class SqlWriter::Batch {
 public:
  virtual ~Batch() = default;
  /// Returns about how many bytes the batch grew.
  virtual Result<size_t> Write(std::span<const Value> row) = 0;
  virtual Result<size_t> Delete(std::span<const Value> row) = 0;
  virtual Result<std::string> Finish(BatchWriter writer) = 0;
};

class SqlWriter::KvBatch : public Batch {
 public:
  KvBatch(const TableInfo& table, const TableRouter& router)
      : router_(router),
        encoder_(table.config.kv_format, table.schema().types()),
        builder_(table.schema_id) {}

  Result<size_t> Write(std::span<const Value> row) override {
    RETURN_IF_ERROR(Key(row));
    bytes_.clear();
    RETURN_IF_ERROR(encoder_.Encode(row, bytes_));
    builder_.Upsert(key_, bytes_);
    return key_.size() + bytes_.size();
  }
  Result<size_t> Delete(std::span<const Value> row) override {
    RETURN_IF_ERROR(Key(row));
    builder_.Delete(key_);
    return key_.size();
  }
  Result<std::string> Finish(BatchWriter writer) override {
    return builder_.Finish(writer.writer_id, writer.batch_sequence);
  }

 private:
  Status Key(std::span<const Value> row) {
    key_.clear();
    return router_.AppendKey(row, key_);
  }

  const TableRouter& router_;
  const RowEncoder encoder_;
  KvBatchBuilder builder_;
  std::string key_;
  std::string bytes_;
};

class SqlWriter::ArrowBatch : public Batch {
 public:
  explicit ArrowBatch(std::unique_ptr<ArrowBatchWriter> writer) : writer_(std::move(writer)) {}

  Result<size_t> Write(std::span<const Value> row) override {
    const size_t before = writer_->bytes_estimate();
    RETURN_IF_ERROR(writer_->Append(row, ChangeType::kAppendOnly));
    return writer_->bytes_estimate() - before;
  }
  Result<size_t> Delete(std::span<const Value>) override {
    return Fail(ErrorCode::kNonPrimaryKeyTable, "rows of a log table cannot be deleted");
  }
  Result<std::string> Finish(BatchWriter writer) override {
    std::string out;
    RETURN_IF_ERROR(writer_->Finish(writer, out));
    return out;
  }

 private:
  const std::unique_ptr<ArrowBatchWriter> writer_;
};

class SqlWriter::RowBatch : public Batch {
 public:
  RowBatch(const TableInfo& table, RowFormat format)
      : encoder_(format, table.schema().types()), writer_(table.schema_id) {}

  Result<size_t> Write(std::span<const Value> row) override {
    bytes_.clear();
    RETURN_IF_ERROR(encoder_.Encode(row, bytes_));
    RETURN_IF_ERROR(writer_.Append(bytes_, ChangeType::kAppendOnly));
    return bytes_.size();
  }
  Result<size_t> Delete(std::span<const Value>) override {
    return Fail(ErrorCode::kNonPrimaryKeyTable, "rows of a log table cannot be deleted");
  }
  Result<std::string> Finish(BatchWriter writer) override {
    std::string out;
    writer_.Finish(writer, out);
    return out;
  }

 private:
  const RowEncoder encoder_;
  RowLogBatchWriter writer_;
  std::string bytes_;
};

Result<std::unique_ptr<SqlWriter>> SqlWriter::Make(TableRef table,
                                                   std::vector<int32_t> target_columns,
                                                   const SqlParts& parts) {
  ASSIGN_OR_RETURN(TableRouter router, TableRouter::Make(*table));
  ASSIGN_OR_RETURN(auto writer, parts.writers.Take());
  return std::unique_ptr<SqlWriter>(new SqlWriter(std::move(table), std::move(target_columns),
                                                  std::move(router), parts, std::move(writer)));
}

SqlWriter::SqlWriter(TableRef table, std::vector<int32_t> target_columns, TableRouter router,
                     const SqlParts& parts, std::unique_ptr<SqlWriterId> writer)
    : table_(std::move(table)),
      target_columns_(std::move(target_columns)),
      written_(table_->schema().size(), target_columns_.empty()),
      router_(std::move(router)),
      parts_(parts),
      writer_(std::move(writer)),
      any_bucket_(
          static_cast<BucketId>(next_bucket++ % static_cast<uint32_t>(table_->bucket_count()))) {
  for (const int32_t column : target_columns_) written_[static_cast<size_t>(column)] = true;
}

SqlWriter::~SqlWriter() { parts_.writers.Return(std::move(writer_)); }

Status SqlWriter::CheckNulls(std::span<const Value> row) const {
  for (size_t i = 0; i < row.size(); ++i) {
    const Column& column = table_->schema().column(i);
    if (!row[i].is_null() || !written_[i]) continue;
    const bool partition = std::ranges::find(table_->descriptor.partition_keys, column.name) !=
                           table_->descriptor.partition_keys.end();
    if (column.type.nullable && !partition) continue;
    return Fail(ErrorCode::kSqlFailed, "column {} {}, and row {} has NULL for it; {}", column.name,
                partition ? "says the partition" : "is NOT NULL", rows_ + 1,
                rows_sent_ == 0 ? "nothing was written"
                                : fmt::format("the {} rows before it were written", rows_sent_));
  }
  return {};
}

Status SqlWriter::Write(std::span<const Value> row) {
  RETURN_IF_ERROR(CheckNulls(row));
  ASSIGN_OR_RETURN(Batch* const batch, BatchOf(row));
  ASSIGN_OR_RETURN(const size_t bytes, batch->Write(row));
  return Written(bytes);
}

Status SqlWriter::Delete(std::span<const Value> row) {
  ASSIGN_OR_RETURN(Batch* const batch, BatchOf(row));
  ASSIGN_OR_RETURN(const size_t bytes, batch->Delete(row));
  return Written(bytes);
}

Status SqlWriter::Finish() { return Flush(); }

Status SqlWriter::Written(size_t bytes) {
  ++rows_;
  pending_bytes_ += static_cast<int64_t>(bytes);
  return pending_bytes_ < kFlushBytes ? Status() : Flush();
}

Result<SqlWriter::Batch*> SqlWriter::BatchOf(std::span<const Value> row) {
  TableBucket bucket{.table = table_->id, .partition = std::nullopt, .bucket = any_bucket_};
  ASSIGN_OR_RETURN(bucket.partition, PartitionOf(row));
  if (router_.has_bucket_key()) {
    ASSIGN_OR_RETURN(bucket.bucket, router_.BucketOf(row));
  }
  auto& batch = batches_[bucket];
  if (batch == nullptr) {
    ASSIGN_OR_RETURN(batch, NewBatch());
  }
  return batch.get();
}

Result<std::unique_ptr<SqlWriter::Batch>> SqlWriter::NewBatch() const {
  if (table_->has_primary_key()) return std::make_unique<KvBatch>(*table_, router_);
  switch (table_->config.log_format) {
    case LogFormat::kIndexed:
      return std::make_unique<RowBatch>(*table_, RowFormat::kIndexed);
    case LogFormat::kCompacted:
      return std::make_unique<RowBatch>(*table_, RowFormat::kCompacted);
    case LogFormat::kArrow:
      break;
  }
  ASSIGN_OR_RETURN(auto writer, ArrowBatchWriter::Create(table_->schema(), table_->schema_id,
                                                         table_->config.log_compression));
  return std::make_unique<ArrowBatch>(std::move(writer));
}

Result<std::optional<PartitionId>> SqlWriter::PartitionOf(std::span<const Value> row) {
  if (!table_->is_partitioned()) return std::optional<PartitionId>();
  ASSIGN_OR_RETURN(const std::string name, router_.PartitionNameOf(row));
  if (const auto found = table_->partitions.find(name); found != table_->partitions.end())
    return std::optional(found->second.id);
  // As the clients do by default: a row of a new partition creates it.
  PartitionSpec spec;
  const std::vector<std::string> values = SplitPartitionName(name);
  for (size_t i = 0; i < values.size(); ++i)
    spec.emplace_back(table_->descriptor.partition_keys[i], values[i]);
  ASSIGN_OR_RETURN(const PartitionInfo created,
                   parts_.catalog.CreatePartition(table_->path, spec, IfExists::kIgnore));
  ASSIGN_OR_RETURN(table_, parts_.catalog.GetTable(table_->id));
  return std::optional(created.id);
}

Status SqlWriter::Flush() {
  std::vector<BucketWrite> writes;
  for (auto& [bucket, batch] : batches_) {
    ASSIGN_OR_RETURN(std::string bytes, batch->Finish(writer_->Next(bucket)));
    writes.push_back({bucket, SharedBytes::Of(std::move(bytes))});
  }
  batches_.clear();
  pending_bytes_ = 0;
  rows_sent_ = rows_;
  any_bucket_ = (any_bucket_ + 1) % table_->bucket_count();
  if (writes.empty()) return {};
  Status sent = Send(writes);
  for (int again = 0; !sent.ok() && MayBeSentAgain(sent.code()) && again < kSendAgainMax; ++again)
    sent = Send(writes);
  if (!sent.ok()) writer_->Spoil();
  return sent;
}

Status SqlWriter::Send(const std::vector<BucketWrite>& writes) {
  if (table_->has_primary_key()) return parts_.buckets.Put(writes, target_columns_);
  return parts_.buckets.Append(writes);
}

}  // namespace weir
