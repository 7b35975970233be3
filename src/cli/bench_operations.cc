#include "cli/bench_operations.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <unordered_map>

#include "cli/progress_bar.h"
#include "cli/server_process.h"
#include "client/log_scanner.h"
#include "client/table_writer.h"
#include "proto/fluss_api.pb.h"
#include "record/log_batch.h"

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int64_t kProducedBytesMax = 6 * GiB;  // a fast server could fill the disk
constexpr int32_t kFetchBytes = 8 * MiB;
constexpr int kKeysPerBatch = 128;
constexpr int kEndToEndRowsPerSecond = 1000;

double Seconds(Clock::duration d) { return std::chrono::duration<double>(d).count(); }

/// Clock, latencies and the server's CPU time of one operation.
class Measurement {
 public:
  Measurement(std::string op, const BenchOptions& options)
      : pid_(static_cast<pid_t>(options.server_pid)),
        bar_(op, static_cast<int64_t>(options.seconds * 1000)) {
    result_.op = std::move(op);
    cpu_started_ = CpuSecondsOf(pid_);
    started_ = Clock::now();
    deadline_ = started_ + std::chrono::duration_cast<Clock::duration>(
                               std::chrono::duration<double>(options.seconds));
  }

  bool TimeIsUp() {
    const auto now = Clock::now();
    bar_.Update(static_cast<int64_t>(Seconds(now - started_) * 1000));
    return now >= deadline_;
  }

  void Add(Clock::duration latency, int64_t rows, int64_t bytes) {
    latencies_us_.push_back(static_cast<float>(Seconds(latency) * 1e6));
    ++result_.requests;
    result_.rows += rows;
    result_.bytes += bytes;
  }

  int64_t bytes() const { return result_.bytes; }

  BenchResult Finish() {
    result_.seconds = Seconds(Clock::now() - started_);
    if (pid_ > 0) result_.server_cpu_seconds = CpuSecondsOf(pid_) - cpu_started_;
    std::sort(latencies_us_.begin(), latencies_us_.end());
    if (!latencies_us_.empty()) {
      result_.p50_us = latencies_us_[latencies_us_.size() / 2];
      result_.p99_us = latencies_us_[latencies_us_.size() * 99 / 100];
    }
    return std::move(result_);
  }

 private:
  BenchResult result_;
  const pid_t pid_;
  double cpu_started_ = 0;
  Clock::time_point started_;
  Clock::time_point deadline_;
  std::vector<float> latencies_us_;
  ProgressBar bar_;
};

/// Keeps `window` requests under way on one connection and calls back for every answer.
class Pipeline {
 public:
  Pipeline(ClientConnection& connection, int32_t window)
      : connection_(connection), window_(window) {}

  /// done  gets the reply's body and how long it took
  template <class Done>
  Status Send(ApiKey api, const google::protobuf::MessageLite& request, int64_t tag,
              const Done& done) {
    while (static_cast<int32_t>(sent_.size()) >= window_) RETURN_IF_ERROR(Receive(done));
    ASSIGN_OR_RETURN(const int32_t id, connection_.Send(api, request));
    sent_[id] = {Clock::now(), tag};
    return {};
  }

  template <class Done>
  Status Drain(const Done& done) {
    while (!sent_.empty()) RETURN_IF_ERROR(Receive(done));
    return {};
  }

 private:
  struct Sent {
    Clock::time_point at;
    int64_t tag;
  };

  template <class Done>
  Status Receive(const Done& done) {
    ASSIGN_OR_RETURN(const ClientReply reply, connection_.Receive());
    RETURN_IF_ERROR(reply.status);
    const auto sent = sent_.extract(reply.request_id);
    if (sent.empty()) return Fail(ErrorCode::kCorruptMessage, "an answer nobody asked for");
    return done(reply.body, Clock::now() - sent.mapped().at, sent.mapped().tag);
  }

  ClientConnection& connection_;
  const int32_t window_;
  std::unordered_map<int32_t, Sent> sent_;
};

template <class Response>
Status CheckAnswer(const SharedBytes& body) {
  Response response;
  if (!response.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return Fail(ErrorCode::kCorruptMessage, "the answer does not parse");
  }
  for (const auto& bucket : response.buckets_resp()) {
    if (bucket.error_code() != 0) {
      return Fail(static_cast<ErrorCode>(bucket.error_code()), "{}", bucket.error_message());
    }
  }
  return {};
}

/// Send encoded batches, over and over when `repeat`, until they or the time are used up.
template <class Request, class Response>
Status SendBatches(FlussClient& client, const TableInfo& table, ApiKey api,
                   const std::vector<EncodedBatch>& batches, bool repeat, int32_t window,
                   Measurement& measurement) {
  ASSIGN_OR_RETURN(ClientConnection* const leader, client.LeaderOf(table, {table.id, {}, 0}));
  Pipeline pipeline(*leader, window);
  const auto done = [&](const SharedBytes& body, Clock::duration latency, int64_t tag) -> Status {
    RETURN_IF_ERROR(CheckAnswer<Response>(body));
    const EncodedBatch& batch = batches[static_cast<size_t>(tag)];
    measurement.Add(latency, batch.rows, static_cast<int64_t>(batch.bytes.size()));
    return {};
  };
  Request request;
  request.set_acks(-1);
  request.set_table_id(table.id.value);
  request.set_timeout_ms(30'000);
  auto* slot = request.add_buckets_req();
  for (size_t at = 0; at < batches.size(); at = repeat && at + 1 == batches.size() ? 0 : at + 1) {
    slot->set_bucket_id(batches[at].bucket);
    slot->set_records(batches[at].bytes);
    RETURN_IF_ERROR(pipeline.Send(api, request, static_cast<int64_t>(at), done));
    if (measurement.TimeIsUp() || measurement.bytes() > kProducedBytesMax) break;
  }
  return pipeline.Drain(done);
}

// ---- log tables

Result<BenchResult> Produce(FlussClient& client, const BenchOptions& options) {
  ASSIGN_OR_RETURN(const TableRef table, CreateBenchTable(client, "produced", false, options));
  ASSIGN_OR_RETURN(const auto batches,
                   EncodeLogBatches(*table, std::min<int64_t>(options.rows, 300'000), options));
  Measurement measurement("produce", options);
  RETURN_IF_ERROR((SendBatches<pb::ProduceLogRequest, pb::ProduceLogResponse>(
      client, *table, ApiKey::kProduceLog, batches, true, options.window, measurement)));
  BenchResult result = measurement.Finish();
  RETURN_IF_ERROR(client.DropTable(table->path, IfThere::kIgnore));
  return result;
}

/// A log table with options.rows rows, written once per run of the program.
Result<TableRef> FilledLog(FlussClient& client, const BenchOptions& options) {
  const TablePath path{.database = "bench", .table = "log"};
  if (auto there = client.OpenTable(path); there.ok()) return there;
  ASSIGN_OR_RETURN(const TableRef table, CreateBenchTable(client, path.table, false, options));
  ASSIGN_OR_RETURN(const auto batches, EncodeLogBatches(*table, options.rows, options));
  BenchOptions untimed = options;
  untimed.seconds = 600;
  Measurement measurement("filling", untimed);
  RETURN_IF_ERROR((SendBatches<pb::ProduceLogRequest, pb::ProduceLogResponse>(
      client, *table, ApiKey::kProduceLog, batches, false, options.window, measurement)));
  return table;
}

pb::FetchLogRequest FetchRequest(const TableInfo& table, const std::vector<int>& columns,
                                 const std::vector<Offset>& positions) {
  pb::FetchLogRequest request;
  request.set_follower_server_id(-1);
  request.set_max_bytes(kFetchBytes);
  request.set_min_bytes(1);
  request.set_max_wait_ms(500);
  auto* wanted = request.add_tables_req();
  wanted->set_table_id(table.id.value);
  wanted->set_projection_pushdown_enabled(!columns.empty());
  for (const int column : columns) wanted->add_projected_fields(column);
  for (size_t bucket = 0; bucket < positions.size(); ++bucket) {
    auto* entry = wanted->add_buckets_req();
    entry->set_bucket_id(static_cast<int32_t>(bucket));
    entry->set_fetch_offset(positions[bucket]);
    entry->set_max_fetch_bytes(kFetchBytes);
  }
  return request;
}

/// Read the whole log, again and again.
Result<BenchResult> FetchColumns(FlussClient& client, const BenchOptions& options, std::string op,
                                 const std::vector<int>& columns) {
  ASSIGN_OR_RETURN(const TableRef table, FilledLog(client, options));
  ASSIGN_OR_RETURN(const auto ends,
                   client.ListOffsets(*table, {}, {.kind = OffsetQuery::Kind::kLatest}));
  ASSIGN_OR_RETURN(ClientConnection* const leader, client.LeaderOf(*table, {table->id, {}, 0}));
  std::vector<Offset> positions(ends.size(), 0);
  Measurement measurement(std::move(op), options);
  while (!measurement.TimeIsUp()) {
    const auto started = Clock::now();
    ASSIGN_OR_RETURN(const auto response,
                     leader->Call<pb::FetchLogResponse>(ApiKey::kFetchLog,
                                                        FetchRequest(*table, columns, positions)));
    int64_t rows = 0;
    int64_t bytes = 0;
    for (const auto& entry : response.tables_resp(0).buckets_resp()) {
      if (entry.error_code() != 0)
        return Fail(static_cast<ErrorCode>(entry.error_code()), "{}", entry.error_message());
      Offset& position = positions[static_cast<size_t>(entry.bucket_id())];
      LogBatches batches(entry.records());
      while (true) {
        ASSIGN_OR_RETURN(const auto batch, batches.Next());
        if (!batch) break;
        rows += batch->record_count();
        position = batch->header().next_offset();
      }
      bytes += static_cast<int64_t>(entry.records().size());
    }
    measurement.Add(Clock::now() - started, rows, bytes);
    if (positions == ends) positions.assign(ends.size(), 0);
  }
  return measurement.Finish();
}

Result<BenchResult> Fetch(FlussClient& client, const BenchOptions& options) {
  return FetchColumns(client, options, "fetch", {});
}

Result<BenchResult> FetchProjected(FlussClient& client, const BenchOptions& options) {
  return FetchColumns(client, options, "fetch-projected", {std::min(4, options.columns - 1)});
}

// ---- primary-key tables

Result<BenchResult> Upsert(FlussClient& client, const BenchOptions& options) {
  ASSIGN_OR_RETURN(const TableRef table, CreateBenchTable(client, "keyed", true, options));
  ASSIGN_OR_RETURN(const auto batches,
                   EncodeUpserts(table, options.rows, options.rows, KeyOrder::kAscending, options));
  BenchOptions untimed = options;
  untimed.seconds = 600;  // the later operations need every key
  Measurement measurement("upsert", untimed);
  RETURN_IF_ERROR((SendBatches<pb::PutKvRequest, pb::PutKvResponse>(
      client, *table, ApiKey::kPutKv, batches, false, options.window, measurement)));
  return measurement.Finish();
}

Result<TableRef> FilledKeyed(FlussClient& client, const BenchOptions& options) {
  const TablePath path{.database = "bench", .table = "keyed"};
  if (auto there = client.OpenTable(path); there.ok()) return there;
  RETURN_IF_ERROR(Upsert(client, options));
  return client.OpenTable(path);
}

Result<BenchResult> Update(FlussClient& client, const BenchOptions& options) {
  ASSIGN_OR_RETURN(const TableRef table, FilledKeyed(client, options));
  ASSIGN_OR_RETURN(const auto batches,
                   EncodeUpserts(table, std::min<int64_t>(options.rows, 300'000), options.rows,
                                 KeyOrder::kRandom, options));
  Measurement measurement("update", options);
  RETURN_IF_ERROR((SendBatches<pb::PutKvRequest, pb::PutKvResponse>(
      client, *table, ApiKey::kPutKv, batches, true, options.window, measurement)));
  return measurement.Finish();
}

/// keys  per request;  window  requests under way
Result<BenchResult> LookupKeys(FlussClient& client, const BenchOptions& options, std::string op,
                               int keys, int32_t window) {
  ASSIGN_OR_RETURN(const TableRef table, FilledKeyed(client, options));
  ASSIGN_OR_RETURN(BenchKeys encoder, BenchKeys::Make(table));
  ASSIGN_OR_RETURN(ClientConnection* const leader, client.LeaderOf(*table, {table->id, {}, 0}));
  std::mt19937_64 dice(7);
  int64_t missing = 0;
  Measurement measurement(std::move(op), options);
  Pipeline pipeline(*leader, window);
  const auto done = [&](const SharedBytes& body, Clock::duration latency, int64_t) -> Status {
    pb::LookupResponse response;
    if (!response.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
      return Fail(ErrorCode::kCorruptMessage, "the answer does not parse");
    }
    for (const auto& bucket : response.buckets_resp()) {
      if (bucket.error_code() != 0) {
        return Fail(static_cast<ErrorCode>(bucket.error_code()), "{}", bucket.error_message());
      }
      for (const auto& value : bucket.values()) missing += !value.has_values();
    }
    measurement.Add(latency, keys, static_cast<int64_t>(body.size()));
    return {};
  };
  std::string key;
  while (!measurement.TimeIsUp()) {
    pb::LookupRequest request;
    request.set_table_id(table->id.value);
    std::vector<pb::PbLookupReqForBucket*> slots(static_cast<size_t>(options.buckets));
    for (int i = 0; i < keys; ++i) {
      ASSIGN_OR_RETURN(
          const BucketId bucket,
          encoder.Encode(static_cast<int64_t>(dice() % static_cast<uint64_t>(options.rows)), key));
      auto*& slot = slots[static_cast<size_t>(bucket)];
      if (slot == nullptr) {
        slot = request.add_buckets_req();
        slot->set_bucket_id(bucket);
      }
      slot->add_keys(key);
    }
    RETURN_IF_ERROR(pipeline.Send(ApiKey::kLookup, request, 0, done));
  }
  RETURN_IF_ERROR(pipeline.Drain(done));
  if (missing > 0)
    return Fail(ErrorCode::kUnknownServerError, "{} keys that were written are missing", missing);
  return measurement.Finish();
}

Result<BenchResult> Lookup(FlussClient& client, const BenchOptions& options) {
  return LookupKeys(client, options, "lookup", 1, 1);
}

Result<BenchResult> LookupPipelined(FlussClient& client, const BenchOptions& options) {
  return LookupKeys(client, options, "lookup-pipelined", 1, 64);
}

Result<BenchResult> LookupBatch(FlussClient& client, const BenchOptions& options) {
  return LookupKeys(client, options, "lookup-128", kKeysPerBatch, options.window);
}

// ---- latency

/// One connection appends a row every millisecond, another has a fetch parked: how long until a row
/// is read.
Result<BenchResult> EndToEnd(FlussClient& client, const BenchOptions& options) {
  BenchOptions one_bucket = options;
  one_bucket.buckets = 1;
  ASSIGN_OR_RETURN(const TableRef table, CreateBenchTable(client, "latency", false, one_bucket));
  ASSIGN_OR_RETURN(ClientConnection* const writer, client.LeaderOf(*table, {table->id, {}, 0}));
  ASSIGN_OR_RETURN(const auto rows, EncodeLogBatches(*table, 1, one_bucket));
  ASSIGN_OR_RETURN(const auto reader_client, FlussClient::Connect(options.server, {}));
  ASSIGN_OR_RETURN(ClientConnection* const reader,
                   reader_client->LeaderOf(*table, {table->id, {}, 0}));
  pb::ProduceLogRequest request;
  request.set_acks(-1);
  request.set_table_id(table->id.value);
  request.set_timeout_ms(30'000);
  auto* slot = request.add_buckets_req();
  slot->set_bucket_id(0);
  slot->set_records(rows.front().bytes);
  Measurement measurement("e2e", options);
  Offset position = 0;
  for (auto due = Clock::now(); !measurement.TimeIsUp();
       due += std::chrono::microseconds(1'000'000 / kEndToEndRowsPerSecond)) {
    RETURN_IF_ERROR(reader->Send(ApiKey::kFetchLog, FetchRequest(*table, {}, {position})));
    RETURN_IF_ERROR(reader->Flush());
    while (Clock::now() < due) {
    }
    const auto sent = Clock::now();
    RETURN_IF_ERROR(writer->Send(ApiKey::kProduceLog, request));
    RETURN_IF_ERROR(writer->Flush());
    ASSIGN_OR_RETURN(const ClientReply reply, reader->Receive());
    const auto latency = Clock::now() - sent;
    RETURN_IF_ERROR(reply.status);
    pb::FetchLogResponse response;
    if (!response.ParseFromArray(reply.body.data(), static_cast<int>(reply.body.size()))) {
      return Fail(ErrorCode::kCorruptMessage, "the answer does not parse");
    }
    ASSIGN_OR_RETURN(const ClientReply acknowledged, writer->Receive());
    RETURN_IF_ERROR(acknowledged.status);
    const auto& records = response.tables_resp(0).buckets_resp(0).records();
    if (records.empty()) continue;  // woken without data
    ASSIGN_OR_RETURN(const auto batch, LogBatchView::Parse(records));
    position = batch.header().next_offset();
    measurement.Add(latency, 1, static_cast<int64_t>(records.size()));
  }
  BenchResult result = measurement.Finish();
  RETURN_IF_ERROR(client.DropTable(table->path, IfThere::kIgnore));
  return result;
}

constexpr std::array kOperations{
    BenchOperation{"produce", "append encoded batches", &Produce},
    BenchOperation{"fetch", "read all columns of a log", &Fetch},
    BenchOperation{"fetch-projected", "read one column of a log", &FetchProjected},
    BenchOperation{"upsert", "write new keys", &Upsert},
    BenchOperation{"update", "overwrite random keys", &Update},
    BenchOperation{"lookup", "look up one key at a time", &Lookup},
    BenchOperation{"lookup-pipelined", "look up one key per request, 64 requests under way",
                   &LookupPipelined},
    BenchOperation{"lookup-128", "look up 128 keys per request", &LookupBatch},
    BenchOperation{"e2e", "append a row and read it with a parked fetch", &EndToEnd},
};

}  // namespace

std::string BenchResult::ToJson() const {
  std::string json = fmt::format(
      R"({{"op":"{}","seconds":{:.3f},"requests":{},"rows":{},"bytes":{},"rows_per_s":{:.0f},"mb_per_s":{:.1f},)"
      R"("p50_us":{:.1f},"p99_us":{:.1f})",
      op, seconds, requests, rows, bytes, static_cast<double>(rows) / seconds,
      static_cast<double>(bytes) / 1e6 / seconds, p50_us, p99_us);
  if (server_cpu_seconds >= 0) {
    json += fmt::format(
        R"(,"server_cpu_s":{:.2f},"server_cpu_s_per_million_rows":{:.3f},"server_cpu_s_per_gb":{:.3f})",
        server_cpu_seconds,
        server_cpu_seconds * 1e6 / static_cast<double>(std::max<int64_t>(1, rows)),
        server_cpu_seconds * 1e9 / static_cast<double>(std::max<int64_t>(1, bytes)));
  }
  return json + "}";
}

std::span<const BenchOperation> BenchOperations() { return kOperations; }

}  // namespace weir
