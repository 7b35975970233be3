// What happens to the journal's live entries at start: they go into their buckets' segments, everything is made
// durable with one call, and the journal is empty again before the first client is served.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "storage/checkpoint.h"
#include "storage/journal.h"
#include "storage/log_options.h"
#include "storage/open_files.h"

namespace weir {

struct ReplayOptions {
  std::string data_directory;
  LogOptions log;
  JournalOptions journal;
  /// Whether a bucket still exists; entries of others are dropped. Empty: all do.
  std::function<bool(const TableBucket&)> exists;
};

/// Open the journal and bring its entries home. `checkpoint` is brought up to date and written when needed.
///
/// Errors   kStorage  the disk refuses
/// Durable  every entry that was live in the journal
Result<std::unique_ptr<Journal>> ReplayJournal(OpenFiles& files, const ReplayOptions& options,
                                               Checkpoint& checkpoint);

/// Where the checkpoint of a data directory is.
std::string CheckpointPath(const std::string& data_directory);

}  // namespace weir
