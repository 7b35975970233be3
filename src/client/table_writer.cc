#include "client/table_writer.h"

#include <algorithm>

#include "proto/fluss_api.pb.h"

namespace weir {
namespace {

constexpr int32_t kAcksAll = -1;
constexpr int32_t kWriteTimeoutMs = 30'000;

RowFormat EncodedFormat(const TableInfo& table) {
  if (table.has_primary_key()) return table.config.kv_format;
  return table.config.log_format == LogFormat::kIndexed ? RowFormat::kIndexed
                                                        : RowFormat::kCompacted;
}

/// The error of a produce or put reply, if any of its buckets has one.
template <class Response>
Status CheckBuckets(const SharedBytes& body) {
  Response response;
  if (!response.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return Fail(ErrorCode::kCorruptMessage, "the server sent a reply that does not parse");
  }
  for (const auto& bucket : response.buckets_resp()) {
    if (bucket.error_code() != 0) {
      return Fail(static_cast<ErrorCode>(bucket.error_code()), "{}: bucket={}",
                  bucket.error_message(), bucket.bucket_id());
    }
  }
  return {};
}

}  // namespace

/// The batch under construction for one bucket; exactly one of the three builders is there.
struct TableWriter::Bucket {
  TableBucket id;
  std::unique_ptr<ArrowBatchWriter> arrow;
  std::unique_ptr<RowLogBatchWriter> rows;
  std::unique_ptr<KvBatchBuilder> kv;
  int32_t next_sequence = 0;

  int64_t row_count() const {
    if (arrow) return arrow->row_count();
    return rows ? rows->row_count() : kv->record_count();
  }
  size_t bytes() const {
    if (arrow) return arrow->bytes_estimate();
    return rows ? rows->bytes_estimate() : kv->size();
  }
};

TableWriter::TableWriter(FlussClient& client, TableRef table, WriterOptions options,
                         RowRouter router)
    : client_(client),
      table_(std::move(table)),
      options_(std::move(options)),
      router_(std::move(router)),
      row_encoder_(EncodedFormat(*table_), table_->schema().types()) {}

TableWriter::~TableWriter() = default;

Result<std::unique_ptr<TableWriter>> TableWriter::Open(FlussClient& client, TableRef table,
                                                       WriterOptions options) {
  ASSIGN_OR_RETURN(RowRouter router, RowRouter::Make(table));
  ASSIGN_OR_RETURN(const int64_t writer_id, client.InitWriter(table->path));
  std::unique_ptr<TableWriter> writer(
      new TableWriter(client, std::move(table), std::move(options), std::move(router)));
  writer->writer_id_ = writer_id;
  return writer;
}

Result<TableWriter::Bucket*> TableWriter::BucketFor(std::span<const Value> row) {
  ASSIGN_OR_RETURN(const TableBucket id, router_.BucketOf(row, sticky_bucket_));
  auto& bucket = buckets_[id];
  if (bucket) return bucket.get();
  bucket = std::make_unique<Bucket>();
  bucket->id = id;
  if (table_->has_primary_key()) {
    bucket->kv = std::make_unique<KvBatchBuilder>(table_->schema_id);
  } else if (table_->config.log_format == LogFormat::kArrow) {
    ASSIGN_OR_RETURN(bucket->arrow, ArrowBatchWriter::Create(table_->schema(), table_->schema_id,
                                                             table_->config.log_compression));
  } else {
    bucket->rows = std::make_unique<RowLogBatchWriter>(table_->schema_id);
  }
  return bucket.get();
}

Status TableWriter::Append(std::span<const Value> row) {
  ASSIGN_OR_RETURN(Bucket* const bucket, BucketFor(row));
  if (bucket->arrow) {
    RETURN_IF_ERROR(bucket->arrow->Append(row, ChangeType::kAppendOnly));
  } else {
    row_.clear();
    RETURN_IF_ERROR(row_encoder_.Encode(row, row_));
    RETURN_IF_ERROR(bucket->rows->Append(row_, ChangeType::kAppendOnly));
  }
  if (bucket->bytes() < options_.batch_bytes) return {};
  return SendBucket(bucket->id, *bucket);
}

Status TableWriter::Upsert(std::span<const Value> row) {
  ASSIGN_OR_RETURN(Bucket* const bucket, BucketFor(row));
  ASSIGN_OR_RETURN(const BytesView key, router_.KeyOf(row));
  row_.clear();
  RETURN_IF_ERROR(row_encoder_.Encode(row, row_));
  bucket->kv->Upsert(key, row_);
  if (bucket->bytes() < options_.batch_bytes) return {};
  return SendBucket(bucket->id, *bucket);
}

Status TableWriter::Delete(std::span<const Value> row) {
  ASSIGN_OR_RETURN(Bucket* const bucket, BucketFor(row));
  ASSIGN_OR_RETURN(const BytesView key, router_.KeyOf(row));
  bucket->kv->Delete(key);
  if (bucket->bytes() < options_.batch_bytes) return {};
  return SendBucket(bucket->id, *bucket);
}

Status TableWriter::SendBucket(const TableBucket& id, Bucket& bucket) {
  const BatchWriter writer{.writer_id = writer_id_, .batch_sequence = bucket.next_sequence++};
  const auto fill = [&](auto& request, auto* slot, std::string records) {
    request.set_acks(kAcksAll);
    request.set_table_id(table_->id.value);
    request.set_timeout_ms(kWriteTimeoutMs);
    if (id.partition) slot->set_partition_id(id.partition->value);
    slot->set_bucket_id(id.bucket);
    slot->set_records(std::move(records));
  };
  while (in_flight_.size() >= options_.in_flight_max) RETURN_IF_ERROR(ReceiveOne());
  ASSIGN_OR_RETURN(ClientConnection* const leader, client_.LeaderOf(*table_, id));
  InFlight sent{.connection = leader, .request_id = 0};
  if (bucket.kv) {
    pb::PutKvRequest request;
    fill(request, request.add_buckets_req(),
         bucket.kv->Finish(writer.writer_id, writer.batch_sequence));
    for (const int column : options_.target_columns) request.add_target_columns(column);
    ASSIGN_OR_RETURN(sent.request_id, leader->Send(ApiKey::kPutKv, request));
  } else {
    std::string records;
    if (bucket.arrow) {
      RETURN_IF_ERROR(bucket.arrow->Finish(writer, records));
    } else {
      bucket.rows->Finish(writer, records);
    }
    pb::ProduceLogRequest request;
    fill(request, request.add_buckets_req(), std::move(records));
    ASSIGN_OR_RETURN(sent.request_id, leader->Send(ApiKey::kProduceLog, request));
    sticky_bucket_ = (sticky_bucket_ + 1) % table_->bucket_count();
  }
  in_flight_.push_back(sent);
  return {};
}

Status TableWriter::ReceiveOne() {
  ClientConnection* const connection = in_flight_.front().connection;
  ASSIGN_OR_RETURN(const ClientReply reply, connection->Receive());
  const auto answered =
      std::find_if(in_flight_.begin(), in_flight_.end(), [&](const InFlight& sent) {
        return sent.connection == connection && sent.request_id == reply.request_id;
      });
  if (answered == in_flight_.end()) {
    return Fail(ErrorCode::kCorruptMessage,
                "the server answered a request that was not sent: id={}", reply.request_id);
  }
  in_flight_.erase(answered);
  RETURN_IF_ERROR(reply.status);
  RETURN_IF_ERROR(table_->has_primary_key() ? CheckBuckets<pb::PutKvResponse>(reply.body)
                                            : CheckBuckets<pb::ProduceLogResponse>(reply.body));
  return {};
}

Status TableWriter::Send() {
  for (const auto& [id, bucket] : buckets_) {
    if (bucket->row_count() > 0) RETURN_IF_ERROR(SendBucket(id, *bucket));
  }
  for (const InFlight& sent : in_flight_) RETURN_IF_ERROR(sent.connection->Flush());
  return {};
}

Status TableWriter::Flush() {
  RETURN_IF_ERROR(Send());
  while (!in_flight_.empty()) RETURN_IF_ERROR(ReceiveOne());
  return {};
}

}  // namespace weir
