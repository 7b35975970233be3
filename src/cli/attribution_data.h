// The input of `weir demo attribution`: a shop's customers, campaigns, events and orders as they
// would arrive, made from a seed. Realistic in what makes attribution hard: few customers do most
// things, events arrive late and out of order, orders are corrected and cancelled, customers change
// segment or ask to be forgotten, campaigns are renamed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "meta/table_descriptor.h"
#include "record/value.h"

namespace weir {

inline constexpr std::string_view kDemoDatabase = "shop";
/// The comment of every table of the demo. It drops no table without.
inline constexpr std::string_view kDemoComment = "made by weir demo attribution";
inline constexpr int64_t kDemoOrdersMax = 1'000'000;

enum class DemoTable : uint8_t { kCampaigns, kCustomers, kEvents, kOrders };
inline constexpr size_t kDemoTables = 4;

std::string_view Name(DemoTable table);
/// Columns, keys and buckets of a table: `events` is a log table, the others have a primary key.
TableDescriptor DescriptorOf(DemoTable table);

/// One cell: null, BOOLEAN, a number (also cents of a DECIMAL and milliseconds of a TIMESTAMP), or
/// text.
using DemoCell = std::variant<std::monostate, bool, int64_t, std::string>;

/// Something that happens to one row.
struct Arrival {
  enum class Op : uint8_t { kAppend, kUpsert, kDelete };
  DemoTable table;
  Op op;
  bool late = false;          // an event that arrives more than an hour after it happened
  int64_t arrival_ms = 0;     // when the shop's systems send it
  int64_t number = 0;         // decides between arrivals of the same moment
  std::vector<DemoCell> row;  // kDelete: only the key is set
};

/// The row as Values that point into it.
std::vector<Value> ValuesOf(const Arrival& arrival, const Schema& schema);

/// Everything that happens around `orders` orders, in the order of arrival. The same seed makes the
/// same input.
std::vector<Arrival> MakeAttributionData(int64_t orders, uint64_t seed);

}  // namespace weir
