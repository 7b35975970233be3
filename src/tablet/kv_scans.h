// KvScans: the open SCAN_KV sessions of a bucket. A scan sees the state of the moment it was
// opened: it pins the unwritten rows in the index and holds a cursor over the store, which keep
// both as they were. Rows come unwritten ones first, then the store's; there is no order. Source:
// rpc rules of Fluss 1.0 (TabletService.scanKv, ScannerManager)
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "tablet/kv_state.h"

namespace weir {

struct KvScanOptions {
  int64_t bytes_max = 0;              // > 0; soft: a page holds at least one row; capped at 10 MiB
  std::optional<int64_t> limit = {};  // rows of the whole scan
};

struct ScanPage {
  std::string scanner_id;  // empty when nothing follows
  std::string records;     // a value batch (record/value_batch.h); empty without rows
  bool has_more = false;
  Offset log_offset = 0;  // the scan is the state of the changelog before this offset
  Offset readable_at = 0;
};

class KvScans {
 public:
  explicit KvScans(KvState& state);
  ~KvScans();

  /// See KvTablet.
  Result<ScanPage> Open(const KvScanOptions& options);
  Result<ScanPage> Continue(BytesView scanner_id, int32_t sequence, int64_t bytes_max);
  void Close(BytesView scanner_id);

  /// Forget scans nobody called for too long, and the oldest ones when what they pin takes too much
  /// memory.
  void Expire(int64_t now_ms);

  size_t open_count() const { return scans_.size(); }

 private:
  class Scan;

  Result<ScanPage> NextPage(Scan& scan, int64_t bytes_max);

  KvState& state_;
  std::map<std::string, std::unique_ptr<Scan>, std::less<>> scans_;
};

}  // namespace weir
