// KvChangelog: collects the changes of one KV batch and makes the log batch that records them, in
// the table's log format and always with the latest schema. Reusable; owned by a KvTablet, which
// drops it when idle because the column buffers are large.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "record/arrow_batch_writer.h"
#include "record/row_format.h"
#include "record/row_log_batch.h"
#include "tablet/kv_rules.h"

namespace weir {

class KvChangelog {
 public:
  /// `rules` must outlive the changelog.
  static Result<std::unique_ptr<KvChangelog>> Make(const KvRules& rules);

  /// row       decoded, latest schema
  /// stored    the same row in the KV format, when it was encoded with the latest schema; else
  /// empty
  /// Errors    kRecordTooLarge  nobody could read the batch with this row in it
  Status Append(ChangeType change, std::span<const Value> row, BytesView stored = {});

  int32_t row_count() const { return row_count_; }

  /// The finished batch; without rows an empty one, which still takes an offset and the writer's
  /// sequence.
  Result<std::string> Finish(BatchWriter writer);
  void Clear();

 private:
  explicit KvChangelog(const KvRules& rules) : rules_(rules) {}

  const KvRules& rules_;
  std::unique_ptr<ArrowBatchWriter> arrow_;  // log format ARROW
  std::unique_ptr<RowLogBatchWriter> rows_;  // COMPACTED, INDEXED
  std::unique_ptr<RowEncoder> encoder_;      // of rows_
  std::string scratch_;
  int32_t row_count_ = 0;
};

}  // namespace weir
