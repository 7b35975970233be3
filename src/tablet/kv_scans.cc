#include "tablet/kv_scans.h"

#include <algorithm>
#include <random>
#include <unordered_set>
#include <utility>
#include <vector>

#include "record/value_batch.h"
#include "tablet/log_tablet.h"

namespace weir {
namespace {

constexpr int64_t kPageBytesMax = 10 * MiB;
// A slow scan beside fast updates keeps old rows alive: beyond this the oldest scan has to go.
constexpr int64_t kPinnedBytesMax = 64 * MiB;

std::string NewScannerId() {
  static thread_local std::mt19937_64 random{(uint64_t{std::random_device{}()} << 32) |
                                             std::random_device{}()};
  return fmt::format("{:016x}{:016x}", random(), random());
}

}  // namespace

class KvScans::Scan {
 public:
  Scan(KvState& state, std::shared_ptr<KvEngine> engine, std::optional<int64_t> limit)
      : log_offset(state.log.end_offset()),
        state_(state),
        pin_(state.index.Pin()),
        engine_(std::move(engine)),
        stored_(engine_ == nullptr ? nullptr : engine_->NewCursor()),
        left_(limit.value_or(std::numeric_limits<int64_t>::max())) {
    state_.index.CollectUnwritten(unwritten_);
    if (stored_ != nullptr) stored_->Seek({});
    ++state_.environment.open_scans;
    SkipToLive();
  }
  ~Scan() {
    --state_.environment.open_scans;
    state_.index.Unpin(pin_);
  }

  bool has_more() const {
    return left_ > 0 && (at_ < unwritten_.size() || (stored_ != nullptr && stored_->valid()));
  }
  Status status() const { return stored_ == nullptr ? Status() : stored_->status(); }

  /// The value of the next row; only if has_more().
  BytesView value() const {
    return at_ < unwritten_.size() ? unwritten_[at_]->value() : stored_->value();
  }
  void Next() {
    --left_;
    if (at_ < unwritten_.size()) {
      ++at_;
    } else {
      stored_->Next();
    }
    SkipToLive();
  }

  const Offset log_offset;
  int32_t sequence = 0;
  int64_t used_ms = 0;

 private:
  // Step over deleted rows, and over stored rows of which an unwritten one was newer.
  void SkipToLive() {
    while (at_ < unwritten_.size() && unwritten_[at_]->deleted()) ++at_;
    if (at_ < unwritten_.size() || stored_ == nullptr) return;
    if (hidden_.empty() && !unwritten_.empty()) {
      hidden_.reserve(unwritten_.size());
      for (const HotRow* row : unwritten_) hidden_.insert(row->key());
    }
    while (stored_->valid() && hidden_.contains(stored_->key())) stored_->Next();
  }

  KvState& state_;
  const HotIndex::PinId pin_;
  const std::shared_ptr<KvEngine> engine_;
  const std::unique_ptr<KvCursor> stored_;
  int64_t left_;
  std::vector<const HotRow*> unwritten_;
  size_t at_ = 0;
  std::unordered_set<BytesView> hidden_;
};

KvScans::KvScans(KvState& state) : state_(state) {}
KvScans::~KvScans() = default;

Result<ScanPage> KvScans::Open(const KvScanOptions& options) {
  if (options.bytes_max <= 0)
    return Fail(ErrorCode::kInvalidScanRequest, "a scan needs a page size above 0");
  if (options.limit && *options.limit <= 0)
    return Fail(ErrorCode::kInvalidScanRequest, "a limit must be above 0");
  Expire(state_.environment.clock.NowMs());
  const KvOptions& bounds = state_.environment.options;
  if (scans_.size() >= static_cast<size_t>(bounds.scans_per_bucket_max) ||
      state_.environment.open_scans >= bounds.scans_max) {
    return Fail(ErrorCode::kTooManyScanners, "too many scans are open: bucket={} server={}",
                scans_.size(), state_.environment.open_scans.load());
  }
  std::shared_ptr<KvEngine> engine;
  if (state_.stored) {
    ASSIGN_OR_RETURN(engine, state_.store.Engine());
  }
  auto scan = std::make_unique<Scan>(state_, std::move(engine), options.limit);
  ASSIGN_OR_RETURN(ScanPage page, NextPage(*scan, options.bytes_max));
  if (page.has_more) {
    page.scanner_id = NewScannerId();
    scans_.emplace(page.scanner_id, std::move(scan));
  }
  return page;
}

Result<ScanPage> KvScans::Continue(BytesView scanner_id, int32_t sequence, int64_t bytes_max) {
  const auto found = scans_.find(scanner_id);
  if (found == scans_.end())
    return Fail(ErrorCode::kUnknownScannerId, "no such scan: scanner_id={}", scanner_id);
  Scan& scan = *found->second;
  if (state_.environment.clock.NowMs() - scan.used_ms >
      state_.environment.options.scan_ttl.count()) {
    scans_.erase(found);
    return Fail(ErrorCode::kScannerExpired, "the scan was idle for too long: scanner_id={}",
                scanner_id);
  }
  if (bytes_max <= 0 || sequence != scan.sequence + 1) {
    return Fail(ErrorCode::kInvalidScanRequest,
                "unexpected call: sequence={} expected={} bytes_max={}", sequence,
                scan.sequence + 1, bytes_max);
  }
  scan.sequence = sequence;
  ASSIGN_OR_RETURN(ScanPage page, NextPage(scan, bytes_max));
  if (page.has_more) {
    page.scanner_id = found->first;
  } else {
    scans_.erase(found);
  }
  return page;
}

Result<ScanPage> KvScans::NextPage(Scan& scan, int64_t bytes_max) {
  const auto bytes = static_cast<size_t>(std::min(bytes_max, kPageBytesMax));
  ValueBatchBuilder builder;
  while (scan.has_more() && (builder.record_count() == 0 || builder.size() < bytes)) {
    builder.Append(scan.value());
    scan.Next();
  }
  RETURN_IF_ERROR(scan.status());
  scan.used_ms = state_.environment.clock.NowMs();
  return ScanPage{.records = builder.record_count() == 0 ? std::string() : builder.Finish(),
                  .has_more = scan.has_more(),
                  .log_offset = scan.log_offset,
                  .readable_at = scan.log_offset};
}

void KvScans::Close(BytesView scanner_id) {
  const auto found = scans_.find(scanner_id);
  if (found != scans_.end()) scans_.erase(found);
}

void KvScans::Expire(int64_t now_ms) {
  std::erase_if(scans_, [&](const auto& entry) {
    return now_ms - entry.second->used_ms > state_.environment.options.scan_ttl.count();
  });
  while (!scans_.empty() && state_.index.pinned_bytes() > kPinnedBytesMax) {
    scans_.erase(std::ranges::min_element(
        scans_, {}, [](const auto& entry) { return entry.second->log_offset; }));
  }
}

}  // namespace weir
