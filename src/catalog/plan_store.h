// Scan plans that did not fit into one answer. The rest waits here as plan tasks until the client fetches it, cancels,
// or does nothing for a while. Bounded by the number of file scan tasks; the plan touched longest ago goes first, and
// its client plans anew.
//
// Thread: any.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "lake/scan_planner.h"
#include "lake/table_metadata.h"

namespace weir::iceberg {

/// A plan cut into pages.
struct StoredPlan {
  std::string id;
  std::string table_uuid;
  std::shared_ptr<const TableMetadata>
      metadata;  // what the tasks' partitions and bounds are written by
  /// What readers still have to check in each row: the request's filter, as it was sent.
  boost::json::value residual;
  std::vector<std::vector<FileScanTask>> pages;
};

class PlanStore {
 public:
  explicit PlanStore(const Clock& clock) : clock_(clock) {}

  /// Keep a plan. Its first page goes into the first answer; page n is the plan task "<id>/<n>".
  std::shared_ptr<const StoredPlan> Add(StoredPlan plan);
  /// Null when it is not (or no longer) here.
  std::shared_ptr<const StoredPlan> Find(std::string_view id);
  /// Whether there was one.
  bool Remove(std::string_view id);

  static constexpr std::chrono::minutes kLifetime{15};  // since the client last asked
  static constexpr int64_t kTasksMax = 500'000;

 private:
  struct Entry {
    std::shared_ptr<const StoredPlan> plan;
    int64_t tasks = 0;
    int64_t touched_ms = 0;
  };
  void MakeRoom();

  const Clock& clock_;
  std::mutex mutex_;  // guards what follows
  std::map<std::string, Entry, std::less<>> entries_;
  int64_t tasks_ = 0;
};

}  // namespace weir::iceberg
