// Numbers to watch. A metric is a struct member with a unit in its name and a help text; GET
// /metrics and docs/generated/metrics.md walk the structs.
//
//   struct LogMetrics : MetricGroup {
//     using MetricGroup::MetricGroup;
//     Counter append_bytes{*this, "log_append_bytes_total", "Bytes appended to bucket logs, as
//     stored."}; Histogram flush_seconds{*this, "log_flush_seconds", "Time one fsync of a segment
//     took."};
//   };
//   LogMetrics metrics(registry);                              // or (registry, {{"api", "PutKv"}})
//   metrics.append_bytes.Add(batch.size());
//
// Names end in their unit: _total (counters), _bytes, _seconds, _ratio, or a plain plural for a
// number of things. Every name is printed with the prefix weir_. Adding is a relaxed add to a cell
// of the thread's own cache line.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

class MetricGroup;
using MetricLabels = std::vector<std::pair<std::string, std::string>>;

/// Cells of one metric; each thread adds to its own.
inline constexpr int kMetricStripes = 8;
int MetricStripe();

class Metric {
 public:
  enum class Kind { kCounter, kGauge, kHistogram };

  Metric(MetricGroup& group, Kind kind, std::string_view name, std::string_view help);
  Metric(const Metric&) = delete;
  Metric& operator=(const Metric&) = delete;
  virtual ~Metric() = default;

  Kind kind() const { return kind_; }
  std::string_view name() const { return name_; }
  std::string_view help() const { return help_; }

  /// Append the sample lines in Prometheus text format; `labels` is `a="b",c="d"` or empty.
  virtual void Print(std::string_view labels, std::string& out) const = 0;

 protected:
  /// First thing in every destructor: nobody prints this metric from here on.
  void Leave();

 private:
  MetricGroup& group_;
  const Kind kind_;
  const std::string_view name_;  // a literal
  const std::string_view help_;
};

/// Counts up. Thread-safe.
class Counter final : public Metric {
 public:
  Counter(MetricGroup& group, std::string_view name, std::string_view help)
      : Metric(group, Kind::kCounter, name, help) {}
  ~Counter() override { Leave(); }

  void Add(int64_t n = 1) {
    cells_[static_cast<size_t>(MetricStripe())].value.fetch_add(n, std::memory_order_relaxed);
  }
  int64_t Value() const;
  void Print(std::string_view labels, std::string& out) const override;

 private:
  struct alignas(64) Cell {
    std::atomic<int64_t> value{0};
  };
  std::array<Cell, kMetricStripes> cells_;
};

/// Goes up and down. Thread-safe.
class Gauge final : public Metric {
 public:
  Gauge(MetricGroup& group, std::string_view name, std::string_view help)
      : Metric(group, Kind::kGauge, name, help) {}
  ~Gauge() override { Leave(); }

  void Set(int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void Add(int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
  int64_t Value() const { return value_.load(std::memory_order_relaxed); }
  void Print(std::string_view labels, std::string& out) const override;

 private:
  std::atomic<int64_t> value_{0};
};

/// A gauge that is asked for its value when somebody looks. `read` runs on the scraping thread.
class ProbeGauge final : public Metric {
 public:
  ProbeGauge(MetricGroup& group, std::string_view name, std::string_view help,
             std::function<double()> read)
      : Metric(group, Kind::kGauge, name, help), read_(std::move(read)) {}
  ~ProbeGauge() override { Leave(); }
  void Print(std::string_view labels, std::string& out) const override;

 private:
  std::function<double()> read_;
};

/// A distribution of times in seconds: bounds are powers of two from 8 µs to 64 s, above that +Inf.
/// Thread-safe.
class Histogram final : public Metric {
 public:
  static constexpr int kBuckets = 24;

  Histogram(MetricGroup& group, std::string_view name, std::string_view help)
      : Metric(group, Kind::kHistogram, name, help) {}
  ~Histogram() override { Leave(); }

  void ObserveUs(int64_t microseconds);
  int64_t Count() const;
  void Print(std::string_view labels, std::string& out) const override;

 private:
  struct alignas(64) Cell {
    std::array<std::atomic<int64_t>, kBuckets + 1> counts{};
    std::atomic<int64_t> sum_us{0};
  };
  std::array<Cell, kMetricStripes> cells_;
};

/// All groups of one server. Thread-safe.
class MetricRegistry {
 public:
  /// Prometheus text format, version 0.0.4; one HELP and TYPE per name, names sorted.
  std::string PrometheusText() const;
  /// A Markdown table of name, kind and meaning, for docs/generated/metrics.md.
  std::string ToMarkdown() const;

 private:
  friend class Metric;
  friend class MetricGroup;
  mutable std::mutex mutex_;
  std::vector<const MetricGroup*> groups_;
};

/// The base of a struct of metrics; registered while it lives. Groups with the same names and
/// different labels are one metric with several series.
class MetricGroup {
 public:
  explicit MetricGroup(MetricRegistry& registry, MetricLabels labels = {});
  ~MetricGroup();
  MetricGroup(const MetricGroup&) = delete;
  MetricGroup& operator=(const MetricGroup&) = delete;

 private:
  friend class Metric;
  friend class MetricRegistry;
  MetricRegistry& registry_;
  std::string labels_;
  std::vector<const Metric*> metrics_;
};

}  // namespace weir
