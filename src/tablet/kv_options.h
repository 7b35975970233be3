// What can be set about primary-key tablets, server-wide. Keys of scans are Fluss' own.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "base/bytes.h"
#include "base/options.h"

namespace weir {

struct KvOptions {
  int64_t hot_rows_bytes_max = 512 * MiB;  // memory of all hot indexes together
  int64_t block_cache_bytes = 64 * MiB;    // RocksDB's shared block cache
  int32_t open_engines_max = 512;          // buckets whose cold rows are open on disk
  int64_t write_back_log_bytes =
      128 * MiB;  // write a bucket back when this much of its log is not yet
  std::chrono::milliseconds write_back_age =
      std::chrono::hours(1);  // or this long: retention waits for it
  std::chrono::milliseconds scan_ttl = std::chrono::minutes(10);
  int32_t scans_per_bucket_max = 8;
  int32_t scans_max = 200;
};

inline constexpr std::array kKvOptions = {
    Option<KvOptions>{"kv.hot-rows.memory", &KvOptions::hot_rows_bytes_max, 1 * MiB, 1024 * GiB,
                      kRestart,
                      "Memory for the hot rows of all primary-key tables together; colder rows are "
                      "read from disk."},
    Option<KvOptions>{"kv.block-cache.memory", &KvOptions::block_cache_bytes, 1 * MiB, 1024 * GiB,
                      kRestart,
                      "Memory for blocks of cold rows, shared by all primary-key tables."},
    Option<KvOptions>{"kv.open-engines.max", &KvOptions::open_engines_max, 1, 100'000, kRestart,
                      "Buckets whose cold rows are open on disk at a time, each with about 0.3 MiB "
                      "and six files; fewer where `ulimit -n` is low."},
    Option<KvOptions>{"kv.write-back.log-size", &KvOptions::write_back_log_bytes, 1 * MiB, 64 * GiB,
                      kRestart,
                      "Write changed rows of a bucket to disk when its log has grown by this much; "
                      "a start after a "
                      "crash replays at most about this much log per bucket."},
    Option<KvOptions>{
        "kv.write-back.interval", &KvOptions::write_back_age, std::chrono::seconds(1),
        std::chrono::days(365), kRestart,
        "Write changed rows of a bucket to disk at least this often, so that its log can expire."},
    Option<KvOptions>{
        "kv.scanner.ttl", &KvOptions::scan_ttl, std::chrono::seconds(1), std::chrono::days(1),
        kRestart, "A scan of a primary-key table that nobody continues for this long is closed."},
    Option<KvOptions>{"kv.scanner.max-per-bucket", &KvOptions::scans_per_bucket_max, 1, 10'000,
                      kRestart, "Open scans of one bucket."},
    Option<KvOptions>{"kv.scanner.max-per-server", &KvOptions::scans_max, 1, 1'000'000, kRestart,
                      "Open scans of one server."},
};

}  // namespace weir
