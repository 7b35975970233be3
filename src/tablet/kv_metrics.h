// Numbers about the primary-key tablets of a process.
#pragma once

#include "base/metrics.h"

namespace weir {

struct KvMetrics : MetricGroup {
  using MetricGroup::MetricGroup;
  Counter put_batches{*this, "kv_put_batches_total", "KV batches applied."};
  Counter put_rows{*this, "kv_put_rows_total", "Upserts and deletes in applied KV batches."};
  Counter lookup_keys{*this, "kv_lookup_keys_total", "Keys looked up."};
  Counter stored_reads{*this, "kv_stored_reads_total",
                       "Keys that memory did not know and the disk was asked for."};
  Counter write_backs{*this, "kv_write_backs_total", "Write-back rounds that succeeded."};
  Counter write_back_failures{*this, "kv_write_back_failures_total",
                              "Write-back rounds that failed."};
  Counter write_back_rows{*this, "kv_write_back_rows_total", "Changed rows written back."};
  Histogram write_back_seconds{*this, "kv_write_back_seconds",
                               "Time to write one round back, without waiting for the log."};
};

}  // namespace weir
