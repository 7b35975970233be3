#include "client/log_scanner.h"

#include "proto/fluss_api.pb.h"
#include "record/row_log_batch.h"

namespace weir {
namespace {

/// The columns at `positions` as a schema of their own; all of them when there are none.
Result<Schema> Select(const Schema& schema, const std::vector<int>& positions) {
  if (positions.empty()) return schema;
  Schema::Parts parts;
  for (const int position : positions)
    parts.columns.push_back(schema.column(static_cast<size_t>(position)));
  parts.highest_field_id = schema.highest_field_id();
  return Schema::Make(std::move(parts));
}

}  // namespace

/// Turns the batches of one schema into rows of the scan's columns.
class LogScanner::Decoder {
 public:
  static Result<std::unique_ptr<Decoder>> Make(const TableInfo& table, const Schema& written,
                                               const std::vector<int>& columns) {
    auto decoder = std::make_unique<Decoder>();
    if (table.config.log_format == LogFormat::kArrow) {
      // A projected batch has all columns asked for, whatever schema it was written with.
      ASSIGN_OR_RETURN(const Schema schema,
                       Select(columns.empty() ? written : table.schema(), columns));
      ASSIGN_OR_RETURN(decoder->arrow_, ArrowBatchReader::Create(schema));
    } else {
      const bool indexed = table.config.log_format == LogFormat::kIndexed;
      decoder->rows_.emplace(indexed ? RowFormat::kIndexed : RowFormat::kCompacted,
                             written.types());
      decoder->values_.resize(written.size());
    }
    decoder->columns_ = columns.empty() ? table.schema().size() : columns.size();
    return decoder;
  }

  Status Each(const LogBatchView& batch,
              const std::function<Status(int32_t, ChangeType, std::span<const Value>)>& take) {
    if (batch.empty()) return {};
    return arrow_ ? EachArrowRow(batch, take) : EachEncodedRow(batch, take);
  }

 private:
  Status EachArrowRow(
      const LogBatchView& batch,
      const std::function<Status(int32_t, ChangeType, std::span<const Value>)>& take) {
    RETURN_IF_ERROR(arrow_->Open(batch));
    for (int32_t row = 0; row < arrow_->row_count(); ++row) {
      ASSIGN_OR_RETURN(const auto values, arrow_->Row(row));
      RETURN_IF_ERROR(take(row, arrow_->change(row), Widen(values)));
    }
    return {};
  }

  Status EachEncodedRow(
      const LogBatchView& batch,
      const std::function<Status(int32_t, ChangeType, std::span<const Value>)>& take) {
    RowLogRecords records(batch);
    for (int32_t row = 0;; ++row) {
      ASSIGN_OR_RETURN(const auto record, records.Next());
      if (!record) return {};
      RETURN_IF_ERROR(rows_->Decode(record->row, values_));
      RETURN_IF_ERROR(take(row, record->change, Widen(values_)));
    }
  }

  /// Columns added after the row was written read as null.
  std::span<const Value> Widen(std::span<const Value> values) {
    if (values.size() >= columns_) return values;
    wide_.assign(values.begin(), values.end());
    wide_.resize(columns_);
    return wide_;
  }

  std::unique_ptr<ArrowBatchReader> arrow_;
  std::optional<RowDecoder> rows_;
  std::vector<Value> values_;
  std::vector<Value> wide_;
  size_t columns_ = 0;
};

LogScanner::LogScanner(FlussClient& client, TableRef table, LogScanOptions options)
    : client_(client), table_(std::move(table)), options_(std::move(options)) {}

LogScanner::~LogScanner() = default;

Result<std::unique_ptr<LogScanner>> LogScanner::Open(FlussClient& client, TableRef table,
                                                     LogScanOptions options) {
  if (!options.columns.empty() && table->config.log_format != LogFormat::kArrow) {
    return Fail(ErrorCode::kInvalidColumnProjection,
                "only ARROW logs can be read by column: table={}", table->path.ToString());
  }
  return std::unique_ptr<LogScanner>(new LogScanner(client, std::move(table), std::move(options)));
}

Result<LogScanner::Decoder*> LogScanner::DecoderOf(SchemaId schema_id) {
  auto& decoder = decoders_[schema_id];
  if (!decoder) {
    ASSIGN_OR_RETURN(const auto schema, client_.FetchSchema(*table_, schema_id));
    ASSIGN_OR_RETURN(decoder, Decoder::Make(*table_, *schema, options_.columns));
  }
  return decoder.get();
}

Result<int64_t> LogScanner::Poll(const std::function<Status(const ScannedRow&)>& take) {
  std::map<ClientConnection*, pb::FetchLogRequest> fetches;
  for (const auto& [bucket, offset] : positions_) {
    ASSIGN_OR_RETURN(ClientConnection* const leader, client_.LeaderOf(*table_, bucket));
    pb::FetchLogRequest& request = fetches[leader];
    if (request.tables_req_size() == 0) {
      request.set_follower_server_id(-1);
      request.set_max_bytes(options_.bytes_max);
      request.set_min_bytes(1);
      request.set_max_wait_ms(static_cast<int32_t>(options_.wait_max.count()));
      auto* wanted = request.add_tables_req();
      wanted->set_table_id(table_->id.value);
      wanted->set_projection_pushdown_enabled(!options_.columns.empty());
      for (const int column : options_.columns) wanted->add_projected_fields(column);
    }
    auto* wanted = request.mutable_tables_req(0)->add_buckets_req();
    if (bucket.partition) wanted->set_partition_id(bucket.partition->value);
    wanted->set_bucket_id(bucket.bucket);
    wanted->set_fetch_offset(offset);
    wanted->set_max_fetch_bytes(options_.bucket_bytes_max);
  }
  int64_t rows = 0;
  for (const auto& [leader, request] : fetches) {
    ASSIGN_OR_RETURN(const auto response,
                     leader->Call<pb::FetchLogResponse>(ApiKey::kFetchLog, request));
    for (const auto& answer : response.tables_resp()) {
      for (const auto& entry : answer.buckets_resp()) {
        if (entry.error_code() != 0) {
          return Fail(static_cast<ErrorCode>(entry.error_code()), "{}: bucket={}",
                      entry.error_message(), entry.bucket_id());
        }
        TableBucket bucket{.table = table_->id, .partition = {}, .bucket = entry.bucket_id()};
        if (entry.has_partition_id()) bucket.partition = PartitionId(entry.partition_id());
        ASSIGN_OR_RETURN(const int64_t taken, TakeRecords(bucket, entry.records(), take));
        rows += taken;
      }
    }
  }
  return rows;
}

Result<int64_t> LogScanner::TakeRecords(const TableBucket& bucket, BytesView records,
                                        const std::function<Status(const ScannedRow&)>& take) {
  const auto subscribed = positions_.find(bucket);
  if (subscribed == positions_.end()) return 0;
  Offset& position = subscribed->second;
  int64_t rows = 0;
  LogBatches batches(records);
  while (true) {
    ASSIGN_OR_RETURN(const auto batch, batches.Next());
    if (!batch) return rows;
    // The checksum is of the batch as it was written; with columns cut out it says nothing.
    if (options_.columns.empty()) RETURN_IF_ERROR(batch->CheckCrc());
    const LogBatchHeader& header = batch->header();
    ASSIGN_OR_RETURN(Decoder* const decoder, DecoderOf(header.schema_id));
    RETURN_IF_ERROR(decoder->Each(
        *batch, [&](int32_t row, ChangeType change, std::span<const Value> values) -> Status {
          const Offset offset = header.base_offset + row;
          if (offset < position) return {};  // the fetch begins at the start of a batch
          RETURN_IF_ERROR(take({.bucket = bucket,
                                .offset = offset,
                                .timestamp_ms = header.commit_timestamp,
                                .change = change,
                                .values = values}));
          position = offset + 1;
          ++rows;
          return {};
        }));
    position = std::max(position, header.next_offset());
  }
}

}  // namespace weir
