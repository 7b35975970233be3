#include "tablet/kv_tablet.h"

#include <utility>
#include <vector>

#include "base/log.h"
#include "record/partition_name.h"
#include "record/value_batch.h"
#include "storage/kv/hot_memory.h"
#include "tablet/kv_replay.h"
#include "tablet/log_tablet.h"

namespace weir {
namespace {

// After this long without a write the changelog's column buffers are given back.
constexpr int64_t kWriterIdleMs = 5'000;
// After this long without any use a tablet whose rows are all on disk gives its memory back, if it
// is scarce.
constexpr int64_t kIndexIdleMs = 30'000;

}  // namespace

KvTablet::KvTablet(LogTablet& log, std::shared_ptr<const KvRules> rules, TableBucket bucket,
                   std::filesystem::path dir, KvEnvironment& environment, PostHome post_home)
    : state_(log, std::move(rules), bucket, std::move(dir), environment),
      writer_(state_),
      reader_(state_),
      scans_(state_),
      write_back_(state_, std::move(post_home)) {}

KvTablet::~KvTablet() = default;

Result<std::unique_ptr<KvTablet>> KvTablet::Open(LogTablet& log,
                                                 std::shared_ptr<const TableInfo> table,
                                                 TableBucket bucket, std::filesystem::path dir,
                                                 KvEnvironment& environment, PostHome post_home) {
  ASSIGN_OR_RETURN(auto rules, environment.RulesOf(table));
  std::unique_ptr<KvTablet> tablet(new KvTablet(log, std::move(rules), bucket, std::move(dir),
                                                environment, std::move(post_home)));
  RETURN_IF_ERROR(tablet->Recover());
  return tablet;
}

// Forget the folder: the log holds everything from its beginning.
Result<KvCheckpoint> KvTablet::Rebuild(std::string_view why) {
  LogWarn("kv", "rebuilding from the whole log: table={} bucket={} because={}",
          state_.rules->table().path.ToString(), state_.bucket.bucket, why);
  RETURN_IF_ERROR(state_.store.SetAside());
  return KvCheckpoint();
}

Result<KvCheckpoint> KvTablet::LoadCheckpoint() {
  const Offset log_start = state_.log.start_offset();
  const Offset log_end = state_.log.end_offset();
  auto checkpoint = state_.store.ReadCheckpoint();
  if (!checkpoint.ok()) {
    return log_start == 0 ? Rebuild(checkpoint.error().message) : checkpoint;
  }
  if (checkpoint->flushed_offset > log_end) {
    // Only a damaged log ends before what was written back from it.
    if (log_start == 0) return Rebuild("the log was cut short");
    LogError("kv",
             "rows outlived their changelog, which was cut: table={} bucket={} rows={} log={}",
             state_.rules->table().path.ToString(), state_.bucket.bucket,
             checkpoint->flushed_offset, log_end);
    checkpoint->flushed_offset = log_end;
  }
  if (checkpoint->flushed_offset < log_start) {
    return Fail(ErrorCode::kLogOffsetOutOfRange,
                "the log begins behind what was written back: table={} bucket={} rows={} log={}",
                state_.rules->table().path.ToString(), state_.bucket.bucket,
                checkpoint->flushed_offset, log_start);
  }
  return checkpoint;
}

Status KvTablet::Recover() {
  ASSIGN_OR_RETURN(const KvCheckpoint checkpoint, LoadCheckpoint());
  state_.stored = state_.store.exists();
  state_.index.set_complete(!state_.stored);
  state_.flushed_offset = checkpoint.flushed_offset;
  state_.row_count = checkpoint.row_count;
  state_.ids.set_block({.first = checkpoint.id_first, .last = checkpoint.id_last});
  state_.log.set_min_retain_offset(state_.flushed_offset);
  used_ms_ = state_.written_ms = state_.environment.clock.NowMs();
  return Replay(state_, [this](Offset next) { return write_back_.RunNow(next); });
}

// Memory is soft up to twice its bound; beyond that a batch must fit into what eviction gave back.
Status KvTablet::CheckPressure(size_t batch_bytes) {
  const HotMemory& memory = *state_.environment.hot_memory;
  if (memory.used() <= 2 * memory.bytes_max()) return {};
  state_.index.MakeRoom();
  if (state_.index.reusable_bytes() >= static_cast<int64_t>(batch_bytes)) return {};
  return Fail(ErrorCode::kStorageBackpressure,
              "changed rows wait to be written back: bytes={} bytes_max={}", memory.used(),
              memory.bytes_max());
}

Result<PutResult> KvTablet::Put(BytesView kv_batch, const PutOptions& options) {
  used_ms_ = state_.environment.clock.NowMs();
  if (write_back_.IsDue(used_ms_)) write_back_.Start({});
  RETURN_IF_ERROR(CheckPressure(kv_batch.size()));
  return writer_.Put(kv_batch, options);
}

// A row read back from disk, or a key that has none, was durable before it left memory.
Offset KvTablet::ReadableAt(const HotRow* row) const {
  return row == nullptr ? 0 : row->offset + 1;
}

Result<Offset> KvTablet::Lookup(std::span<const BytesView> keys, const ValueSink& sink) {
  used_ms_ = state_.environment.clock.NowMs();
  Offset readable_at = 0;
  RETURN_IF_ERROR(reader_.Lookup(keys, [&](size_t i, const HotRow* row) {
    readable_at = std::max(readable_at, ReadableAt(row));
    const BytesView value = row == nullptr ? BytesView() : row->value();
    sink(i, row == nullptr || row->deleted() ? nullptr : &value);
  }));
  return readable_at;
}

Result<Offset> KvTablet::LookupOrInsert(std::span<const BytesView> keys, const ValueSink& sink) {
  const KvRules& rules = *state_.rules;
  std::vector<std::string> partition_values;
  if (state_.bucket.partition) {
    const PartitionInfo* partition = rules.table().FindPartition(*state_.bucket.partition);
    if (partition != nullptr) partition_values = SplitPartitionName(partition->name);
  }
  KvBatchBuilder missing(rules.schema_id());
  std::vector<Value> row(rules.columns());
  std::string encoded;
  Status made;
  RETURN_IF_ERROR(reader_.Lookup(keys, [&](size_t i, const HotRow* found) {
    if (!made.ok() || (found != nullptr && !found->deleted())) return;
    encoded.clear();
    made = rules.RowOfKey(keys[i], partition_values, row);
    if (made.ok()) made = rules.row_encoder().Encode(row, encoded);
    if (made.ok()) missing.Upsert(keys[i], encoded);
  }));
  RETURN_IF_ERROR(made);
  if (missing.record_count() > 0) {
    const auto keys_of_schema = rules.schema().primary_key_positions();
    const std::vector<int32_t> targets(keys_of_schema.begin(), keys_of_schema.end());
    RETURN_IF_ERROR(Put(missing.Finish(), {.target_columns = targets}));
  }
  return Lookup(keys, sink);
}

Result<Offset> KvTablet::PrefixLookup(BytesView prefix,
                                      const std::function<bool(BytesView value)>& sink) {
  used_ms_ = state_.environment.clock.NowMs();
  RETURN_IF_ERROR(reader_.WithPrefix(prefix, sink));
  return state_.log.end_offset();
}

Result<LimitScanResult> KvTablet::LimitScan(int64_t limit, int64_t bytes_max) {
  used_ms_ = state_.environment.clock.NowMs();
  ValueBatchBuilder builder;
  if (limit > 0) {
    RETURN_IF_ERROR(reader_.InOrder({}, [&](BytesView, BytesView value) {
      builder.Append(value);
      return builder.record_count() < limit && std::ssize(builder) <= bytes_max;
    }));
  }
  if (std::ssize(builder) > bytes_max) {
    return Fail(ErrorCode::kRecordTooLarge,
                "the rows of a limit scan are too large for one answer, ask for fewer or scan: "
                "table={} limit={} bytes_max={}",
                state_.rules->table().path.ToString(), limit, bytes_max);
  }
  return LimitScanResult{.records = builder.record_count() == 0 ? std::string() : builder.Finish(),
                         .readable_at = state_.log.end_offset()};
}

Result<ScanPage> KvTablet::OpenScan(const KvScanOptions& options) {
  used_ms_ = state_.environment.clock.NowMs();
  return scans_.Open(options);
}

Result<ScanPage> KvTablet::ContinueScan(BytesView scanner_id, int32_t sequence, int64_t bytes_max) {
  used_ms_ = state_.environment.clock.NowMs();
  return scans_.Continue(scanner_id, sequence, bytes_max);
}

void KvTablet::CloseScan(BytesView scanner_id) { scans_.Close(scanner_id); }

Result<int64_t> KvTablet::RowCount() const {
  if (state_.counts_rows()) return state_.row_count;
  return Fail(ErrorCode::kInvalidTable,
              "rows are not counted with table.changelog.image = wal: table={}",
              state_.rules->table().path.ToString());
}

Status KvTablet::SetTable(std::shared_ptr<const TableInfo> table) {
  ASSIGN_OR_RETURN(state_.rules, state_.environment.RulesOf(table));
  return {};
}

void KvTablet::Tick(int64_t now_ms) {
  scans_.Expire(now_ms);
  if (write_back_.IsDue(now_ms)) write_back_.Start({});
  const int64_t idle_ms = now_ms - used_ms_;
  if (idle_ms >= kWriterIdleMs) writer_.Rest();
  if (write_back_.running() || scans_.open_count() > 0) return;
  const HotMemory& memory = *state_.environment.hot_memory;
  const bool give_back = memory.scarce() || (memory.excess() > 0 && idle_ms >= kIndexIdleMs);
  if (give_back && state_.index.changed_rows() == 0) state_.index.Clear();
  if (idle_ms < kIndexIdleMs) return;
  state_.store.CloseIfUnused();
}

}  // namespace weir
