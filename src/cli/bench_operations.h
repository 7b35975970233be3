// The operations of `weir bench`, each bounded in time and measured at the client and, when the
// server's process id is known, in its CPU time.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/bench_load.h"

namespace weir {

struct BenchResult {
  std::string op;
  double seconds = 0;
  int64_t requests = 0;
  int64_t rows = 0;                // or keys
  int64_t bytes = 0;               // of records, as stored and sent
  double server_cpu_seconds = -1;  // < 0: not known
  double p50_us = 0;               // of requests; of rows for e2e
  double p99_us = 0;

  /// One JSON object.
  std::string ToJson() const;
};

struct BenchOperation {
  std::string_view name;
  std::string_view help;
  Result<BenchResult> (*run)(FlussClient& client, const BenchOptions& options);
};

/// In the order they should run: reads come after what they read has been written.
std::span<const BenchOperation> BenchOperations();

}  // namespace weir
