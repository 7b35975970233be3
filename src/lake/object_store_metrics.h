// What the lake asks of a disk or an object store, and about what that costs.
#pragma once

#include <memory>
#include <shared_mutex>
#include <string>

#include "base/metrics.h"

namespace weir::iceberg {

struct OperationMetrics : MetricGroup {
  OperationMetrics(MetricRegistry& registry, const std::string& store, std::string operation)
      : MetricGroup(registry, {{"store", store}, {"operation", std::move(operation)}}) {}

  Counter requests{*this, "lake_object_store_requests_total",
                   "Calls of the lake to its store, by store and operation."};
  Counter errors{*this, "lake_object_store_errors_total",
                 "Calls of the lake to its store that failed, after their retries."};
  Counter bytes{*this, "lake_object_store_bytes_total",
                "Bytes the lake read from or wrote to its store."};
  Histogram seconds{*this, "lake_object_store_seconds",
                    "Time one call of the lake to its store took, retries included."};
};

/// Thread-safe.
struct ObjectStoreMetrics : MetricGroup {
  /// Prices are for a million requests.
  ObjectStoreMetrics(MetricRegistry& registry, const std::string& store, double write_price,
                     double read_price)
      : MetricGroup(registry, {{"store", store}}),
        read(registry, store, "read"),
        write(registry, store, "write"),
        remove(registry, store, "delete"),
        list(registry, store, "list"),
        stat(registry, store, "stat"),
        cost(*this, "lake_object_store_estimated_cost_ratio",
             "What the requests so far cost in the currency of lake.object-store.*-price.",
             [this, write_price, read_price] {
               return (write_price *
                           static_cast<double>(write.requests.Value() + list.requests.Value()) +
                       read_price *
                           static_cast<double>(read.requests.Value() + stat.requests.Value())) /
                      1e6;
             }) {}

  OperationMetrics read;
  OperationMetrics write;
  OperationMetrics remove;
  OperationMetrics list;
  OperationMetrics stat;
  Counter retries{*this, "lake_object_store_retries_total",
                  "Requests to the lake's store that were tried again."};
  ProbeGauge cost;
};

/// The metrics of a FileIo for those who may outlive it: Arrow's threads still hold files and clients when their reader
/// is long gone. Thread-safe.
class LiveMetrics {
 public:
  explicit LiveMetrics(ObjectStoreMetrics* metrics) : metrics_(metrics) {}

  /// Call `use` with the metrics, if they are still there.
  template <class F>
  void With(F&& use) {
    const std::shared_lock lock(mutex_);
    if (metrics_ != nullptr) use(*metrics_);
  }
  /// After this nobody touches the metrics any more.
  void Close() {
    const std::unique_lock lock(mutex_);
    metrics_ = nullptr;
  }

 private:
  std::shared_mutex mutex_;
  ObjectStoreMetrics* metrics_;
};

}  // namespace weir::iceberg
