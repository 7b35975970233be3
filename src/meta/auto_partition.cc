#include "meta/auto_partition.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "meta/time_zone.h"
#include "record/partition_name.h"

namespace weir {

namespace {

struct TimeField {
  char name;
  size_t width;
};
/// Largest first; a unit needs the first `count` of its list.
constexpr std::array kCalendarFields = {TimeField{'y', 4}, TimeField{'M', 2}, TimeField{'d', 2},
                                        TimeField{'H', 2}};
constexpr std::array kQuarterFields = {TimeField{'y', 4}, TimeField{'Q', 1}};

std::span<const TimeField> FieldsOf(PartitionTimeUnit unit) {
  switch (unit) {
    case PartitionTimeUnit::kYear:
      return std::span(kCalendarFields).first(1);
    case PartitionTimeUnit::kQuarter:
      return kQuarterFields;
    case PartitionTimeUnit::kMonth:
      return std::span(kCalendarFields).first(2);
    case PartitionTimeUnit::kDay:
      return std::span(kCalendarFields).first(3);
    case PartitionTimeUnit::kHour:
      return kCalendarFields;
  }
  return {};
}

std::string_view DefaultPattern(PartitionTimeUnit unit) {
  switch (unit) {
    case PartitionTimeUnit::kYear:
      return "yyyy";
    case PartitionTimeUnit::kQuarter:
      return "yyyyQ";
    case PartitionTimeUnit::kMonth:
      return "yyyyMM";
    case PartitionTimeUnit::kDay:
      return "yyyyMMdd";
    case PartitionTimeUnit::kHour:
      return "yyyyMMddHH";
  }
  return "";
}

/// The field a pattern letter stands for; u, q and L are other spellings.
char FieldOf(char letter) {
  switch (letter) {
    case 'u':
      return 'y';
    case 'q':
      return 'Q';
    case 'L':
      return 'M';
    case 'y':
    case 'Q':
    case 'M':
    case 'd':
    case 'H':
      return letter;
    default:
      return 0;
  }
}

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

size_t WidthOf(char field) { return field == 'y' ? 4 : field == 'Q' ? 1 : 2; }

struct LocalTime {
  std::chrono::year_month_day date;
  int64_t hour;
};

LocalTime Split(int64_t local_seconds) {
  const std::chrono::sys_seconds at{std::chrono::seconds(local_seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  return {.date = std::chrono::year_month_day(day), .hour = (at - day).count() / 3600};
}

int64_t ValueOf(char field, const LocalTime& time) {
  const auto month = static_cast<unsigned>(time.date.month());
  switch (field) {
    case 'y':
      return static_cast<int>(time.date.year());
    case 'Q':
      return (month - 1) / 3 + 1;
    case 'M':
      return month;
    case 'd':
      return static_cast<unsigned>(time.date.day());
    default:
      return time.hour;
  }
}

bool InRange(char field, int64_t value) {
  switch (field) {
    case 'y':
      return value >= 1;
    case 'Q':
      return value >= 1 && value <= 4;
    case 'M':
      return value >= 1 && value <= 12;
    case 'd':
      return value >= 1 && value <= 31;
    default:
      return value >= 0 && value <= 23;
  }
}

int64_t PlusMonths(int64_t local_seconds, int64_t months) {
  const std::chrono::sys_seconds at{std::chrono::seconds(local_seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  auto date = std::chrono::year_month_day(day) + std::chrono::months(months);
  if (!date.ok())
    date = date.year() / date.month() / std::chrono::last;  // 31 Jan + 1 month = 28 or 29 Feb
  return (std::chrono::sys_days(date).time_since_epoch() + (at - day)).count();
}

}  // namespace

Result<PartitionTimeFormat> PartitionTimeFormat::Of(const AutoPartitionConfig& config) {
  PartitionTimeFormat format;
  format.pattern_ = config.time_format.value_or(std::string(DefaultPattern(config.unit)));
  const std::string& text = format.pattern_;
  const auto bad = [&](std::string_view why) {
    return Fail(ErrorCode::kInvalidTable,
                "invalid table property 'table.auto-partition.time-format': '{}' {}", text, why);
  };
  const std::span<const TimeField> wanted = FieldsOf(config.unit);
  size_t found = 0;
  bool quoted = false;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '\'') {
      const bool doubled = at + 1 < text.size() && text[at + 1] == '\'';
      if (doubled) {
        format.pieces_.push_back({.field = 0, .literal = "'"});
      } else {
        quoted = !quoted;
      }
      at += doubled ? 2 : 1;
      continue;
    }
    if (!quoted && (c == '[' || c == ']')) return bad("must not have optional sections");
    if (!quoted && (c == '{' || c == '}' || c == '#')) return bad("has a reserved character");
    if (quoted || !IsLetter(c)) {
      format.pieces_.push_back({.field = 0, .literal = std::string(1, c)});
      ++at;
      continue;
    }
    size_t end = at;
    while (end < text.size() && text[end] == c) ++end;
    const char field = FieldOf(c);
    if (field == 0) return bad(fmt::format("has the unsupported field '{}'", c));
    if (end - at != WidthOf(field))
      return bad(fmt::format("must have field '{}' with width {}", c, WidthOf(field)));
    if (found == wanted.size() || wanted[found].name != field) {
      return bad("must have the fields of its time unit from the largest to the smallest");
    }
    format.pieces_.push_back({.field = field, .literal = {}});
    ++found;
    at = end;
  }
  if (quoted) return bad("has an open quote");
  if (found != wanted.size()) return bad("must have every field its time unit needs");
  const Status name =
      CheckNewName("partition value", format.Format(1'731'322'800), ErrorCode::kInvalidTable);
  if (!name.ok()) return bad("makes an invalid partition value: " + name.error().message);
  return format;
}

std::string PartitionTimeFormat::Format(int64_t local_seconds) const {
  const LocalTime time = Split(local_seconds);
  std::string out;
  for (const Piece& piece : pieces_) {
    out += piece.field == 0
               ? piece.literal
               : fmt::format("{:0{}}", ValueOf(piece.field, time), WidthOf(piece.field));
  }
  return out;
}

bool PartitionTimeFormat::Matches(std::string_view value) const {
  for (const Piece& piece : pieces_) {
    if (piece.field == 0) {
      if (!value.starts_with(piece.literal)) return false;
      value.remove_prefix(piece.literal.size());
      continue;
    }
    const size_t width = WidthOf(piece.field);
    if (value.size() < width) return false;
    int64_t number = -1;
    const auto [end, error] = std::from_chars(value.data(), value.data() + width, number);
    if (error != std::errc() || end != value.data() + width || !InRange(piece.field, number))
      return false;
    value.remove_prefix(width);
  }
  return value.empty();
}

Result<std::string> PartitionTimeAt(const AutoPartitionConfig& config, int64_t now_ms,
                                    int32_t units) {
  ASSIGN_OR_RETURN(const PartitionTimeFormat format, PartitionTimeFormat::Of(config));
  const std::string_view zone =
      config.time_zone ? std::string_view(*config.time_zone) : std::string_view();
  const int64_t now =
      std::chrono::floor<std::chrono::seconds>(std::chrono::milliseconds(now_ms)).count();
  // Hours are added to the instant, everything longer to the local date, as ZonedDateTime does.
  const int64_t hours = config.unit == PartitionTimeUnit::kHour ? units : 0;
  ASSIGN_OR_RETURN(int64_t local, ToLocalSeconds(zone, now + hours * 3600));
  switch (config.unit) {
    case PartitionTimeUnit::kYear:
      local = PlusMonths(local, int64_t{12} * units);
      break;
    case PartitionTimeUnit::kQuarter:
      local = PlusMonths(local, int64_t{3} * units);
      break;
    case PartitionTimeUnit::kMonth:
      local = PlusMonths(local, units);
      break;
    case PartitionTimeUnit::kDay:
      local += int64_t{86400} * units;
      break;
    case PartitionTimeUnit::kHour:
      break;
  }
  return format.Format(local);
}

size_t AutoPartitionKeyIndex(const TableInfo& table) {
  const auto& keys = table.descriptor.partition_keys;
  const auto& key = table.config.auto_partition.key;
  const auto found = key ? std::ranges::find(keys, *key) : keys.begin();
  return found == keys.end() ? 0 : static_cast<size_t>(found - keys.begin());
}

Result<AutoPartitionPlan> PlanAutoPartitions(const TableInfo& table, int64_t now_ms,
                                             int64_t create_at_ms, size_t create_max) {
  const AutoPartitionConfig& config = table.config.auto_partition;
  AutoPartitionPlan plan;
  if (!config.enabled || !table.is_partitioned()) return plan;
  if (config.num_retention >= 0) {
    ASSIGN_OR_RETURN(const std::string earliest,
                     PartitionTimeAt(config, now_ms, -config.num_retention));
    const size_t index = AutoPartitionKeyIndex(table);
    for (const auto& [name, partition] : table.partitions) {
      const std::vector<std::string> values = SplitPartitionName(name);
      if (name == kHistoricalPartition || index >= values.size()) continue;
      if (values[index] < earliest) plan.drop.push_back(name);
    }
  }
  if (table.descriptor.partition_keys.size() > 1)
    return plan;  // the other keys' values are not known ahead
  for (int32_t ahead = 0; ahead < config.num_precreate && plan.create.size() < create_max;
       ++ahead) {
    ASSIGN_OR_RETURN(std::string name, PartitionTimeAt(config, create_at_ms, ahead));
    if (!table.partitions.contains(name)) plan.create.push_back(std::move(name));
  }
  return plan;
}

int64_t DailyPartitionDelayMs(TableId table) {
  const uint64_t mixed = static_cast<uint64_t>(table.value) * 0x9e3779b97f4a7c15ULL;
  return static_cast<int64_t>((mixed >> 32) % (23 * 60)) * 60'000;
}

Status CheckPartitionTime(const AutoPartitionConfig& config, std::string_view value,
                          int64_t now_ms) {
  if (!config.enabled && !config.time_format) return {};
  ASSIGN_OR_RETURN(const PartitionTimeFormat format, PartitionTimeFormat::Of(config));
  if (!format.Matches(value)) {
    return Fail(ErrorCode::kPartitionSpecInvalid,
                "partition value '{}' does not match the expected format '{}'", value,
                format.pattern());
  }
  if (!config.enabled || config.num_retention < 0) return {};
  ASSIGN_OR_RETURN(const std::string earliest,
                   PartitionTimeAt(config, now_ms, -config.num_retention));
  if (value < earliest) {
    return Fail(ErrorCode::kPartitionSpecInvalid,
                "partition value '{}' is out of date: the earliest retained partition is '{}'",
                value, earliest);
  }
  return {};
}

}  // namespace weir
