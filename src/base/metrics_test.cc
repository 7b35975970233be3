#include "base/metrics.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace weir {
namespace {

struct SampleMetrics : MetricGroup {
  using MetricGroup::MetricGroup;
  Counter requests{*this, "sample_requests_total", "Requests answered."};
  Gauge open{*this, "sample_open_connections", "Connections open now."};
  Histogram wait{*this, "sample_wait_seconds", "Time in the queue."};
};

TEST(Metrics, PrintsPrometheusTextWithOneHeaderPerName) {
  MetricRegistry registry;
  SampleMetrics put(registry, {{"api", "PutKv"}});
  SampleMetrics get(registry, {{"api", "Get\"x"}});
  put.requests.Add(3);
  get.requests.Add();
  put.open.Set(7);
  put.wait.ObserveUs(100);
  const std::string text = registry.PrometheusText();
  EXPECT_NE(text.find("# HELP weir_sample_requests_total Requests answered.\n"
                      "# TYPE weir_sample_requests_total counter\n"
                      "weir_sample_requests_total{api=\"PutKv\"} 3\n"
                      "weir_sample_requests_total{api=\"Get\\\"x\"} 1\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("weir_sample_open_connections{api=\"PutKv\"} 7\n"), std::string::npos);
  EXPECT_NE(text.find("weir_sample_wait_seconds_bucket{api=\"PutKv\",le=\"0.000128\"} 1\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("weir_sample_wait_seconds_bucket{api=\"PutKv\",le=\"6.4e-05\"} 0\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("weir_sample_wait_seconds_sum{api=\"PutKv\"} 0.0001\n"), std::string::npos)
      << text;
}

TEST(Metrics, HistogramBoundsIncludeTheirOwnValue) {
  MetricRegistry registry;
  SampleMetrics metrics(registry);
  for (const int64_t us :
       {int64_t{-5}, int64_t{0}, int64_t{8}, int64_t{9}, int64_t{16}, int64_t{1} << 40})
    metrics.wait.ObserveUs(us);
  const std::string text = registry.PrometheusText();
  EXPECT_NE(text.find("le=\"8e-06\"} 3\n"), std::string::npos) << text;
  EXPECT_NE(text.find("le=\"1.6e-05\"} 5\n"), std::string::npos) << text;
  EXPECT_NE(text.find("le=\"+Inf\"} 6\n"), std::string::npos) << text;
  EXPECT_EQ(metrics.wait.Count(), 6);
}

TEST(Metrics, CountsFromManyThreadsAndForgetsAGroupThatIsGone) {
  MetricRegistry registry;
  auto metrics = std::make_unique<SampleMetrics>(registry);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10000; ++i) metrics->requests.Add();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(metrics->requests.Value(), 40000);
  EXPECT_NE(
      registry.ToMarkdown().find("| `weir_sample_requests_total` | counter | Requests answered. |"),
      std::string::npos);
  metrics.reset();
  EXPECT_EQ(registry.PrometheusText(), "");
}

}  // namespace
}  // namespace weir
