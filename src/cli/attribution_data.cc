#include "cli/attribution_data.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"

namespace weir {
namespace {

constexpr int64_t kSecond = 1000;
constexpr int64_t kHour = 3600 * kSecond;
constexpr int64_t kDay = 24 * kHour;
constexpr int64_t kFirstDay = 1'788'220'800'000;  // 2026-09-01 00:00 UTC
constexpr int64_t kDays = 30;
constexpr int64_t kWindow = 7 * kDay;  // what the mart's query calls a touch

constexpr std::array<std::string_view, 4> kSegments{"consumer", "family", "business", "student"};
constexpr std::array<std::string_view, 8> kCountries{"DE", "FR", "NL", "GB",
                                                     "US", "PL", "IT", "ES"};
constexpr std::array<std::string_view, 5> kEventTypes{"page_view", "ad_click", "email_open",
                                                      "add_to_cart", "search"};
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kCampaigns{
    {{"Autumn sale", "search"},
     {"Brand search", "search"},
     {"Welcome mail", "email"},
     {"Weekly letter", "email"},
     {"Come back", "email"},
     {"Reels teaser", "social"},
     {"Creator deal", "social"},
     {"Price comparison", "affiliate"},
     {"Coupon site", "affiliate"},
     {"Homepage takeover", "display"},
     {"Retargeting", "display"},
     {"Podcast", "audio"}}};

/// SplitMix64: small, and the same on every machine.
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  /// [0, bound)
  int64_t Below(int64_t bound) {
    return static_cast<int64_t>(Next() % static_cast<uint64_t>(bound));
  }
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }
  bool Chance(double probability) { return Unit() < probability; }
  /// [0, bound), small numbers more often the larger `skew`: at 7 about 80 % of the draws hit the
  /// first 20 %.
  int64_t Skewed(int64_t bound, double skew) {
    const double share = std::pow(Unit(), skew);
    return std::min(bound - 1, static_cast<int64_t>(static_cast<double>(bound) * share));
  }

 private:
  uint64_t state_;
};

class Generator {
 public:
  Generator(int64_t orders, uint64_t seed)
      : dice_(seed), orders_(orders), customers_(std::max<int64_t>(10, orders / 4)) {}

  std::vector<Arrival> Make() {
    MakeCampaigns();
    MakeCustomers();
    for (int64_t order = 0; order < orders_; ++order) MakeOrder(order);
    std::sort(arrivals_.begin(), arrivals_.end(), [](const Arrival& a, const Arrival& b) {
      return std::pair(a.arrival_ms, a.number) < std::pair(b.arrival_ms, b.number);
    });
    return std::move(arrivals_);
  }

 private:
  static std::string CampaignId(int64_t n) { return fmt::format("M-{:02}", n); }
  static std::string CustomerId(int64_t n) { return fmt::format("C-{:06}", n); }
  template <size_t N>
  std::string Pick(const std::array<std::string_view, N>& words) {
    return std::string(words[static_cast<size_t>(dice_.Skewed(N, 2))]);
  }

  void Add(DemoTable table, Arrival::Op op, int64_t arrival_ms, std::vector<DemoCell> row) {
    arrivals_.push_back({.table = table,
                         .op = op,
                         .arrival_ms = arrival_ms,
                         .number = static_cast<int64_t>(arrivals_.size()),
                         .row = std::move(row)});
  }

  void MakeCampaigns() {
    const auto add = [&](int64_t n, std::string_view name, int64_t at) {
      const auto channel = kCampaigns[static_cast<size_t>(n)].second;
      Add(DemoTable::kCampaigns, Arrival::Op::kUpsert, at,
          {CampaignId(n), std::string(name), std::string(channel)});
    };
    const auto count = static_cast<int64_t>(kCampaigns.size());
    for (int64_t n = 0; n < count; ++n)
      add(n, kCampaigns[static_cast<size_t>(n)].first, kFirstDay - 20 * kDay);
    add(1, "Brand search 2026", kFirstDay + 9 * kDay);
    add(4, "We miss you", kFirstDay + 12 * kDay);
    Add(DemoTable::kCampaigns, Arrival::Op::kDelete, kFirstDay + 20 * kDay,
        {CampaignId(11), {}, {}});
  }

  void MakeCustomers() {
    for (int64_t n = 0; n < customers_; ++n) {
      const int64_t joined = kFirstDay - 15 * kDay + dice_.Below(10 * kDay);
      std::vector<DemoCell> row{CustomerId(n), fmt::format("customer{}@example.org", n),
                                Pick(kSegments), Pick(kCountries), dice_.Chance(0.7)};
      Add(DemoTable::kCustomers, Arrival::Op::kUpsert, joined, row);
      if (dice_.Chance(0.05)) {
        row[2] = Pick(kSegments);
        Add(DemoTable::kCustomers, Arrival::Op::kUpsert, joined + dice_.Below(kDays * kDay), row);
      }
      if (dice_.Chance(0.03)) {
        Add(DemoTable::kCustomers, Arrival::Op::kDelete, kFirstDay + (kDays + 1) * kDay,
            {CustomerId(n), {}, {}, {}, {}});
      }
    }
  }

  void MakeEvent(int64_t customer, int64_t event_ms) {
    const bool late = dice_.Chance(0.06);
    const int64_t delay = late ? kHour + dice_.Below(3 * kDay) : dice_.Below(20 * kSecond);
    DemoCell campaign;
    if (dice_.Chance(0.85))
      campaign = CampaignId(dice_.Skewed(static_cast<int64_t>(kCampaigns.size()), 1.5));
    // Ids say nothing about time, as in real systems.
    Add(DemoTable::kEvents, Arrival::Op::kAppend, event_ms + delay,
        {fmt::format("E-{:016x}", dice_.Next()), CustomerId(customer), Pick(kEventTypes),
         std::move(campaign), event_ms});
    arrivals_.back().late = late;
  }

  int64_t OrderTime() {
    const int64_t day = dice_.Below(kDays);
    // Two humps: lunch and evening.
    const double hour =
        dice_.Chance(0.4) ? 12 + 2 * (dice_.Unit() - 0.5) : 20 + 5 * (dice_.Unit() - 0.5);
    return kFirstDay + day * kDay + static_cast<int64_t>(hour * static_cast<double>(kHour)) +
           dice_.Below(kHour);
  }

  void MakeOrder(int64_t number) {
    const int64_t customer = dice_.Skewed(customers_, 7);
    const int64_t order_ms = OrderTime();
    const int64_t touches = dice_.Chance(0.12) ? 0 : 1 + dice_.Skewed(12, 7);
    for (int64_t n = 0; n < touches; ++n) {
      const double back = std::pow(dice_.Unit(), 2.0) * 12.0 * static_cast<double>(kDay);
      MakeEvent(customer, order_ms - 1 - static_cast<int64_t>(back));
    }
    if (number < 20) MakeEdgeCases(number, customer, order_ms);
    const auto cents = static_cast<int64_t>(500.0 + 4000.0 * -std::log(1.0 - dice_.Unit()));
    std::vector<DemoCell> row{fmt::format("O-{:07}", number), CustomerId(customer), cents,
                              order_ms};
    Add(DemoTable::kOrders, Arrival::Op::kUpsert, order_ms + dice_.Below(5 * kSecond), row);
    if (dice_.Chance(0.03)) {
      row[2] = cents + dice_.Below(2000) - 300;
      Add(DemoTable::kOrders, Arrival::Op::kUpsert, order_ms + kHour + dice_.Below(kDay), row);
    }
    if (dice_.Chance(0.02)) {
      Add(DemoTable::kOrders, Arrival::Op::kDelete, order_ms + 2 * kDay + dice_.Below(kDay),
          {row[0], {}, {}, {}});
    }
  }

  /// The borders of the window and two events in the same millisecond.
  void MakeEdgeCases(int64_t number, int64_t customer, int64_t order_ms) {
    constexpr std::array<int64_t, 5> kBack{kWindow, kWindow + 1, 0, -1, kWindow - 1};
    const int64_t event_ms = order_ms - kBack[static_cast<size_t>(number) % kBack.size()];
    MakeEvent(customer, event_ms);
    MakeEvent(customer, event_ms);
  }

  Dice dice_;
  const int64_t orders_;
  const int64_t customers_;
  std::vector<Arrival> arrivals_;
};

Column Make(std::string name, DataType type) {
  return {.name = std::move(name), .type = std::move(type)};
}

std::vector<Column> ColumnsOf(DemoTable table) {
  const DataType text = DataType::Of(TypeKind::kString);
  const DataType time = DataType::Temporal(TypeKind::kTimestamp, 3);
  switch (table) {
    case DemoTable::kCampaigns:
      return {Make("campaign_id", text), Make("name", text), Make("channel", text)};
    case DemoTable::kCustomers:
      return {Make("customer_id", text), Make("email", text), Make("segment", text),
              Make("country", text), Make("opt_in", DataType::Of(TypeKind::kBoolean))};
    case DemoTable::kEvents:
      return {Make("event_id", text), Make("customer_id", text), Make("event_type", text),
              Make("campaign_id", text), Make("event_time", time)};
    case DemoTable::kOrders:
      return {Make("order_id", text), Make("customer_id", text),
              Make("total_amount", DataType::Decimal(10, 2)), Make("order_time", time)};
  }
  return {};
}

}  // namespace

std::string_view Name(DemoTable table) {
  constexpr std::array<std::string_view, kDemoTables> kNames{"campaigns", "customers", "events",
                                                             "orders"};
  return kNames[static_cast<size_t>(table)];
}

TableDescriptor DescriptorOf(DemoTable table) {
  Schema::Parts parts{
      .columns = ColumnsOf(table), .primary_key = {}, .auto_increment = {}, .highest_field_id = {}};
  const std::string key = table == DemoTable::kEvents ? "customer_id" : parts.columns.front().name;
  if (table != DemoTable::kEvents) parts.primary_key = {key};
  auto schema = Schema::Make(std::move(parts));
  WEIR_CHECK(schema.ok());
  return {.schema = std::move(*schema),
          .comment = std::string(kDemoComment),
          .partition_keys = {},
          .bucket_keys = {key},
          .bucket_count = 2,
          .properties = {{"table.datalake.enabled", "true"}, {"table.datalake.freshness", "1s"}},
          .custom_properties = {}};
}

std::vector<Value> ValuesOf(const Arrival& arrival, const Schema& schema) {
  std::vector<Value> values(schema.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const DemoCell& cell = arrival.row[i];
    if (const auto* flag = std::get_if<bool>(&cell)) values[i] = Value::Bool(*flag);
    if (const auto* text = std::get_if<std::string>(&cell)) values[i] = Value::Bytes(*text);
    if (const auto* number = std::get_if<int64_t>(&cell)) {
      const bool time = schema.column(i).type.kind == TypeKind::kTimestamp;
      values[i] = time ? Value::Timestamp(*number) : Value::Int(*number);
    }
  }
  return values;
}

std::vector<Arrival> MakeAttributionData(int64_t orders, uint64_t seed) {
  return Generator(orders, seed).Make();
}

}  // namespace weir
