#include "base/metrics.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <map>

namespace weir {

namespace {

constexpr std::string_view kPrefix = "weir_";
constexpr int kFirstBoundLog2Us = 3;  // 8 µs

std::string_view TypeName(Metric::Kind kind) {
  switch (kind) {
    case Metric::Kind::kCounter:
      return "counter";
    case Metric::Kind::kGauge:
      return "gauge";
    case Metric::Kind::kHistogram:
      return "histogram";
  }
  return "untyped";
}

void PrintSample(std::string_view name, std::string_view suffix, std::string_view labels,
                 std::string_view value, std::string& out) {
  out.append(kPrefix).append(name).append(suffix);
  if (!labels.empty()) out.append("{").append(labels).append("}");
  out.append(" ").append(value).append("\n");
}

std::string EscapedLabel(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out.push_back('\\');
    if (c == '\n') {
      out.append("\\n");
    } else {
      out.push_back(c);
    }
  }
  return out;
}

}  // namespace

int MetricStripe() {
  static std::atomic<int> next{0};
  thread_local const int stripe = next.fetch_add(1, std::memory_order_relaxed) % kMetricStripes;
  return stripe;
}

Metric::Metric(MetricGroup& group, Kind kind, std::string_view name, std::string_view help)
    : group_(group), kind_(kind), name_(name), help_(help) {
  const std::lock_guard lock(group.registry_.mutex_);
  group.metrics_.push_back(this);
}

void Metric::Leave() {
  const std::lock_guard lock(group_.registry_.mutex_);
  std::erase(group_.metrics_, this);
}

int64_t Counter::Value() const {
  int64_t sum = 0;
  for (const Cell& cell : cells_) sum += cell.value.load(std::memory_order_relaxed);
  return sum;
}

void Counter::Print(std::string_view labels, std::string& out) const {
  PrintSample(name(), "", labels, std::to_string(Value()), out);
}

void Gauge::Print(std::string_view labels, std::string& out) const {
  PrintSample(name(), "", labels, std::to_string(Value()), out);
}

void ProbeGauge::Print(std::string_view labels, std::string& out) const {
  PrintSample(name(), "", labels, fmt::format("{}", read_()), out);
}

void Histogram::ObserveUs(int64_t microseconds) {
  const auto us = static_cast<uint64_t>(std::max<int64_t>(microseconds, 1));
  // The first bound that is not below the value: ceil(log2).
  const int bucket =
      std::clamp(static_cast<int>(std::bit_width(us - 1)) - kFirstBoundLog2Us, 0, kBuckets);
  Cell& cell = cells_[static_cast<size_t>(MetricStripe())];
  cell.counts[static_cast<size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  cell.sum_us.fetch_add(static_cast<int64_t>(us), std::memory_order_relaxed);
}

int64_t Histogram::Count() const {
  int64_t sum = 0;
  for (const Cell& cell : cells_) {
    for (const auto& count : cell.counts) sum += count.load(std::memory_order_relaxed);
  }
  return sum;
}

void Histogram::Print(std::string_view labels, std::string& out) const {
  const std::string_view comma = labels.empty() ? "" : ",";
  int64_t cumulative = 0;
  int64_t sum_us = 0;
  for (const Cell& cell : cells_) sum_us += cell.sum_us.load(std::memory_order_relaxed);
  for (size_t i = 0; i <= kBuckets; ++i) {
    for (const Cell& cell : cells_) cumulative += cell.counts[i].load(std::memory_order_relaxed);
    const std::string bound =
        i == kBuckets
            ? "+Inf"
            : fmt::format("{}", static_cast<double>(int64_t{1} << (i + kFirstBoundLog2Us)) / 1e6);
    PrintSample(name(), "_bucket", fmt::format("{}{}le=\"{}\"", labels, comma, bound),
                std::to_string(cumulative), out);
  }
  PrintSample(name(), "_sum", labels, fmt::format("{}", static_cast<double>(sum_us) / 1e6), out);
  PrintSample(name(), "_count", labels, std::to_string(cumulative), out);
}

MetricGroup::MetricGroup(MetricRegistry& registry, MetricLabels labels) : registry_(registry) {
  for (const auto& [key, value] : labels) {
    labels_ += fmt::format("{}{}=\"{}\"", labels_.empty() ? "" : ",", key, EscapedLabel(value));
  }
  const std::lock_guard lock(registry_.mutex_);
  registry_.groups_.push_back(this);
}

MetricGroup::~MetricGroup() {
  const std::lock_guard lock(registry_.mutex_);
  std::erase(registry_.groups_, this);
}

std::string MetricRegistry::PrometheusText() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string_view, std::vector<std::pair<const Metric*, std::string_view>>> series;
  for (const MetricGroup* group : groups_) {
    for (const Metric* metric : group->metrics_)
      series[metric->name()].emplace_back(metric, group->labels_);
  }
  std::string out;
  for (const auto& [name, metrics] : series) {
    const Metric& first = *metrics.front().first;
    out += fmt::format("# HELP {}{} {}\n# TYPE {}{} {}\n", kPrefix, name, first.help(), kPrefix,
                       name, TypeName(first.kind()));
    for (const auto& [metric, labels] : metrics) metric->Print(labels, out);
  }
  return out;
}

std::string MetricRegistry::ToMarkdown() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string_view, const Metric*> by_name;
  for (const MetricGroup* group : groups_) {
    for (const Metric* metric : group->metrics_) by_name.emplace(metric->name(), metric);
  }
  std::string out = "| metric | kind | meaning |\n|---|---|---|\n";
  for (const auto& [name, metric] : by_name) {
    out += fmt::format("| `{}{}` | {} | {} |\n", kPrefix, name, TypeName(metric->kind()),
                       metric->help());
  }
  return out;
}

}  // namespace weir
