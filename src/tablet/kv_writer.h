// KvWriter: the write path of a KV tablet. For every record: find the old row, merge, log the
// change, put the new row into the index; then append the batch to the log, and keep the changes or
// undo them all. Source: server rules of Fluss 1.0 (KvTablet.putAsLeader and below, 545c5539)
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "record/arrow_rounding.h"
#include "record/kv_batch.h"
#include "tablet/kv_changelog.h"
#include "tablet/kv_state.h"
#include "tablet/row_merger.h"

namespace weir {

struct PutResult {
  Offset end_offset =
      0;  // next offset of the changelog after this batch; acknowledged once the HW is there
  bool duplicate = false;
};

class KvWriter {
 public:
  explicit KvWriter(KvState& state) : state_(state) {}

  /// See KvTablet::Put.
  Result<PutResult> Put(BytesView kv_batch, const PutOptions& options);

  /// Give the buffers of the last batches back.
  void Rest();

 private:
  Status UseRules();
  Result<const RowMerger*> MergerFor(const PutOptions& options);
  Status ApplyAll(const KvBatchView& batch, const RowMerger& merger);
  Status Upsert(BytesView key, uint64_t hash, SchemaId schema_id, BytesView row,
                const RowMerger& merger);
  Status Delete(BytesView key, uint64_t hash, const RowMerger& merger);
  Status CheckKey(BytesView key, Row row);
  Status CheckRoundedKey(BytesView key, Row row);
  Status Insert(BytesView key, uint64_t hash, SchemaId schema_id, BytesView encoded, Row row);
  Status Update(BytesView key, uint64_t hash, Row old, SchemaId schema_id, BytesView encoded,
                Row row);
  Status Encode(Row row);
  Status StoreRow(BytesView key, uint64_t hash, SchemaId schema_id, BytesView encoded);
  Offset LastOffset() const;

  KvState& state_;
  std::shared_ptr<const KvRules> rules_;  // what the members below were made for
  std::unique_ptr<KvChangelog> changelog_;
  std::optional<ArrowRounding> rounding_;  // log format ARROW: the state keeps what the log keeps
  std::vector<Value> written_;
  std::vector<Value> old_;
  std::vector<Value> merged_;
  std::string key_buffer_;
  std::string row_buffer_;
  Offset base_offset_ = 0;
  int64_t row_count_ = 0;     // of the state with this batch
  size_t changed_bytes_ = 0;  // of rows that this batch put into the index

  struct CachedMerger {
    std::vector<int32_t> targets;
    MergeMode mode;
    RowMerger merger;
  };
  std::optional<CachedMerger> cached_merger_;
};

}  // namespace weir
