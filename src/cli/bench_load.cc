#include "cli/bench_load.h"

#include <algorithm>
#include <random>

#include "client/row_router.h"
#include "record/arrow_batch_writer.h"
#include "record/kv_batch.h"
#include "record/row_format.h"

namespace weir {
namespace {

constexpr int32_t kFixedColumns = 4;
constexpr int32_t kFixedBytes = 28;
constexpr int64_t kFirstTimestampMs = 1'790'000'000'000;

/// Makes the values of one row after the other; the text is cut from a slab of random letters.
class RowMaker {
 public:
  RowMaker(const TableInfo& table, const BenchOptions& options)
      : values_(table.schema().size()),
        text_bytes_(static_cast<size_t>(std::max(
            1, (options.row_bytes - kFixedBytes) / std::max(1, options.columns - kFixedColumns)))) {
    constexpr std::string_view kLetters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    slab_.resize(8 * MiB);
    for (char& c : slab_) c = kLetters[dice_() % kLetters.size()];
  }

  const std::vector<Value>& Make(int64_t key) {
    values_[0] = Value::Int(key);
    values_[1] = Value::Int(static_cast<int32_t>(dice_()));
    values_[2] = Value::Double(static_cast<double>(dice_() >> 11) * 0x1.0p-53);
    values_[3] =
        Value::Timestamp(kFirstTimestampMs + key / 1000, static_cast<int32_t>(key % 1000) * 1000);
    for (size_t i = kFixedColumns; i < values_.size(); ++i) {
      const size_t at = dice_() % (slab_.size() - text_bytes_);
      values_[i] = Value::Bytes(BytesView(slab_).substr(at, text_bytes_));
    }
    return values_;
  }

  int64_t RandomKey(int64_t keys) {
    return static_cast<int64_t>(dice_() % static_cast<uint64_t>(keys));
  }

 private:
  std::mt19937_64 dice_{42};
  std::string slab_;
  std::vector<Value> values_;
  const size_t text_bytes_;
};

}  // namespace

Result<TableRef> CreateBenchTable(FlussClient& client, const std::string& name, bool primary_key,
                                  const BenchOptions& options) {
  Schema::Parts parts;
  parts.columns = {{.name = "c0", .type = DataType::Of(TypeKind::kBigInt)},
                   {.name = "c1", .type = DataType::Of(TypeKind::kInt)},
                   {.name = "c2", .type = DataType::Of(TypeKind::kDouble)},
                   {.name = "c3", .type = DataType::Temporal(TypeKind::kTimestamp, 6)}};
  for (int32_t i = kFixedColumns; i < options.columns; ++i) {
    parts.columns.push_back(
        {.name = fmt::format("c{}", i), .type = DataType::Of(TypeKind::kString)});
  }
  if (primary_key) parts.primary_key = {"c0"};
  ASSIGN_OR_RETURN(Schema schema, Schema::Make(std::move(parts)));
  TableDescriptor descriptor{
      .schema = std::move(schema),
      .comment = {},
      .partition_keys = {},
      .bucket_keys = {},
      .bucket_count = options.buckets,
      .properties = {{"table.log.arrow.compression.type", options.compression}},
      .custom_properties = {}};
  if (primary_key) descriptor.bucket_keys = {"c0"};
  const TablePath path{.database = "bench", .table = name};
  RETURN_IF_ERROR(client.CreateDatabase(path.database, IfThere::kIgnore));
  RETURN_IF_ERROR(client.DropTable(path, IfThere::kIgnore));
  RETURN_IF_ERROR(client.CreateTable(path, descriptor, IfThere::kFail));
  return client.OpenTable(path);
}

Result<std::vector<EncodedBatch>> EncodeLogBatches(const TableInfo& table, int64_t rows,
                                                   const BenchOptions& options) {
  ASSIGN_OR_RETURN(const auto writer, ArrowBatchWriter::Create(table.schema(), table.schema_id,
                                                               table.config.log_compression));
  RowMaker maker(table, options);
  std::vector<EncodedBatch> batches;
  for (int64_t row = 0; row < rows; ++row) {
    RETURN_IF_ERROR(writer->Append(maker.Make(row), ChangeType::kAppendOnly));
    if (writer->bytes_estimate() < static_cast<size_t>(options.batch_bytes) && row + 1 < rows)
      continue;
    EncodedBatch batch{.bucket = static_cast<BucketId>(batches.size()) % options.buckets,
                       .rows = writer->row_count(),
                       .bytes = {}};
    RETURN_IF_ERROR(writer->Finish({}, batch.bytes));
    batches.push_back(std::move(batch));
  }
  return batches;
}

Result<std::vector<EncodedBatch>> EncodeUpserts(const TableRef& table, int64_t rows, int64_t keys,
                                                KeyOrder order, const BenchOptions& options) {
  ASSIGN_OR_RETURN(RowRouter router, RowRouter::Make(table));
  const RowEncoder encoder(table->config.kv_format, table->schema().types());
  RowMaker maker(*table, options);
  std::vector<KvBatchBuilder> builders(static_cast<size_t>(options.buckets),
                                       KvBatchBuilder(table->schema_id));
  std::vector<EncodedBatch> batches;
  const auto finish = [&](BucketId bucket) {
    KvBatchBuilder& builder = builders[static_cast<size_t>(bucket)];
    if (builder.record_count() == 0) return;
    const int64_t count = builder.record_count();
    batches.push_back({.bucket = bucket, .rows = count, .bytes = builder.Finish()});
  };
  std::string encoded;
  for (int64_t row = 0; row < rows; ++row) {
    const auto& values =
        maker.Make(order == KeyOrder::kRandom ? maker.RandomKey(keys) : row % keys);
    ASSIGN_OR_RETURN(const TableBucket bucket, router.BucketOf(values, 0));
    ASSIGN_OR_RETURN(const BytesView key, router.KeyOf(values));
    encoded.clear();
    RETURN_IF_ERROR(encoder.Encode(values, encoded));
    KvBatchBuilder& builder = builders[static_cast<size_t>(bucket.bucket)];
    builder.Upsert(key, encoded);
    if (builder.size() >= static_cast<size_t>(options.batch_bytes)) finish(bucket.bucket);
  }
  for (BucketId bucket = 0; bucket < options.buckets; ++bucket) finish(bucket);
  return batches;
}

Result<BenchKeys> BenchKeys::Make(const TableRef& table) {
  BenchKeys keys;
  ASSIGN_OR_RETURN(RowRouter router, RowRouter::Make(table));
  keys.router_ = std::make_shared<RowRouter>(std::move(router));
  keys.row_.resize(table->schema().size());
  return keys;
}

Result<BucketId> BenchKeys::Encode(int64_t number, std::string& key) {
  row_[0] = Value::Int(number);
  ASSIGN_OR_RETURN(const BytesView encoded, router_->KeyOf(row_));
  key.assign(encoded);
  ASSIGN_OR_RETURN(const TableBucket bucket, router_->BucketOf(row_, 0));
  return bucket.bucket;
}

}  // namespace weir
