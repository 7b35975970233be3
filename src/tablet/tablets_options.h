// How this server keeps its buckets.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/options.h"
#include "storage/journal_options.h"
#include "storage/log_options.h"

namespace weir {

struct TabletsOptions {
  std::string data_directory = {};
  LogOptions log = {};
  JournalOptions journal = {};
  size_t open_files_max = 0;  // for log files, all shards together; 0: a quarter of `ulimit -n`
  std::chrono::milliseconds sync_interval = std::chrono::seconds(2);
  std::chrono::milliseconds retention_interval = std::chrono::minutes(1);
  std::chrono::milliseconds idle_close = std::chrono::minutes(2);
  int64_t space_reserve_bytes = 64 * MiB;
};

inline constexpr std::array kTabletsOptions = {
    Option<TabletsOptions>{"log.sync.interval", &TabletsOptions::sync_interval,
                           std::chrono::milliseconds(10), std::chrono::minutes(5), kRestart,
                           "Sync segments and release the journal about this often."},
    Option<TabletsOptions>{"log.retention.check-interval", &TabletsOptions::retention_interval,
                           std::chrono::seconds(1), std::chrono::days(1), kRestart,
                           "Look for expired segments this often."},
    Option<TabletsOptions>{"server.bucket.idle-close-time", &TabletsOptions::idle_close,
                           std::chrono::seconds(1), std::chrono::days(1), kRestart,
                           "Close a bucket that nobody used for this long."},
    Option<TabletsOptions>{"server.data-disk.reserve-size", &TabletsOptions::space_reserve_bytes, 0,
                           1024 * GiB, kRestart,
                           "Refuse writes while less than this is free on the data disk."},
};

}  // namespace weir
