#include "sql/cell_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "record/civil_date.h"
#include "record/decimal.h"

namespace weir {
namespace {

template <class T>
const T& Slot(duckdb_vector vector, idx_t row) {
  return static_cast<const T*>(Duck().vector_get_data(vector))[row];
}

std::string_view StringAt(duckdb_vector vector, idx_t row) {
  const auto& text = Slot<duckdb_string_t>(vector, row);
  const bool inlined = text.value.inlined.length <= 12;
  return {inlined ? text.value.inlined.inlined : text.value.pointer.ptr, text.value.inlined.length};
}

Int128 HugeAt(duckdb_vector vector, idx_t row) {
  const auto& huge = Slot<duckdb_hugeint>(vector, row);
  return static_cast<Int128>(
      (static_cast<unsigned __int128>(static_cast<uint64_t>(huge.upper)) << 64) | huge.lower);
}

Int128 IntegerAt(duckdb_vector vector, idx_t row, duckdb_type storage) {
  switch (storage) {
    case DUCKDB_TYPE_TINYINT:
      return Slot<int8_t>(vector, row);
    case DUCKDB_TYPE_SMALLINT:
      return Slot<int16_t>(vector, row);
    case DUCKDB_TYPE_INTEGER:
      return Slot<int32_t>(vector, row);
    case DUCKDB_TYPE_UTINYINT:
      return Slot<uint8_t>(vector, row);
    case DUCKDB_TYPE_USMALLINT:
      return Slot<uint16_t>(vector, row);
    case DUCKDB_TYPE_UINTEGER:
      return Slot<uint32_t>(vector, row);
    case DUCKDB_TYPE_UBIGINT:
      return Slot<uint64_t>(vector, row);
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UHUGEINT:
      return HugeAt(vector, row);
    default:
      return Slot<int64_t>(vector, row);
  }
}

template <class T>
void AppendFloat(std::string& out, T value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value < 0 ? "-Infinity" : "Infinity";
  } else {
    const size_t begin = out.size();
    fmt::format_to(std::back_inserter(out), "{}", value);
    if (out.find_first_of(".e", begin) == std::string::npos) out += ".0";
  }
}

/// ".5" of half a second; nothing for zero.
void AppendFraction(std::string& out, int64_t nanos) {
  if (nanos == 0) return;
  std::string digits = fmt::format("{:09}", nanos);
  digits.erase(digits.find_last_not_of('0') + 1);
  out += '.';
  out += digits;
}

void AppendDate(std::string& out, const CivilDate& date) {
  if (date.year > 0) {
    fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}", date.year, date.month, date.day);
  } else {
    fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02} (BC)", 1 - date.year, date.month,
                   date.day);
  }
}

void AppendTimeOfDay(std::string& out, int64_t us) {
  const int64_t seconds = us / 1'000'000;
  fmt::format_to(std::back_inserter(out), "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60,
                 seconds % 60);
  AppendFraction(out, us % 1'000'000 * 1000);
}

/// units_per_second of `value`, since 1970.
void AppendTimestamp(std::string& out, int64_t value, int64_t units_per_second) {
  if (value == INT64_MAX || value == -INT64_MAX) {
    out += value > 0 ? "infinity" : "-infinity";
    return;
  }
  int64_t seconds = value / units_per_second;
  int64_t rest = value % units_per_second;
  if (rest < 0) {
    rest += units_per_second;
    --seconds;
  }
  const CivilTime time = TimeOfTimestamp(seconds * 1000, 0);
  AppendDate(out, time.date);
  fmt::format_to(std::back_inserter(out), " {:02}:{:02}:{:02}", time.hour, time.minute,
                 time.second);
  AppendFraction(out, rest * (1'000'000'000 / units_per_second));
}

void AppendInterval(std::string& out, const duckdb_interval& interval) {
  std::string text;
  const auto part = [&](int64_t count, std::string_view unit) {
    if (count == 0) return;
    text += fmt::format("{}{} {}{}", text.empty() ? "" : " ", count, unit,
                        count == 1 || count == -1 ? "" : "s");
  };
  part(interval.months / 12, "year");
  part(interval.months % 12, "month");
  part(interval.days, "day");
  if (interval.micros != 0 || text.empty()) {
    if (!text.empty()) text += ' ';
    if (interval.micros < 0) text += '-';
    AppendTimeOfDay(text, std::abs(interval.micros));
  }
  out += text;
}

void AppendBlob(std::string& out, std::string_view bytes) {
  for (const char c : bytes) {
    const bool plain = c >= 32 && c < 127 && c != '\\' && c != '\'' && c != '"';
    if (plain) {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "\\x{:02X}", static_cast<unsigned char>(c));
    }
  }
}

void AppendUuid(std::string& out, unsigned __int128 value) {
  // DuckDB flips the top bit, so that UUIDs sort like their text.
  value ^= static_cast<unsigned __int128>(1) << 127;
  const auto high = static_cast<uint64_t>(value >> 64);
  const auto low = static_cast<uint64_t>(value);
  fmt::format_to(std::back_inserter(out), "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32,
                 high >> 16 & 0xffff, high & 0xffff, low >> 48, low & 0xffff'ffff'ffff);
}

/// A BIT string: first the number of unused bits at its front, then the bits.
void AppendBits(std::string& out, std::string_view bytes) {
  if (bytes.empty()) return;
  const auto bits = (bytes.size() - 1) * 8;
  for (size_t i = static_cast<unsigned char>(bytes[0]); i < bits; ++i)
    out += (static_cast<unsigned char>(bytes[1 + i / 8]) >> (7 - i % 8) & 1) != 0 ? '1' : '0';
}

/// Microseconds above, offset from UTC in seconds below, as DuckDB packs them.
void AppendTimeTz(std::string& out, uint64_t bits) {
  constexpr int32_t kOffsetMax = 16 * 60 * 60 - 1;
  AppendTimeOfDay(out, static_cast<int64_t>(bits >> 24));
  const int32_t offset = kOffsetMax - static_cast<int32_t>(bits & 0xffffff);
  fmt::format_to(std::back_inserter(out), "{}{:02}", offset < 0 ? '-' : '+',
                 std::abs(offset) / 3600);
  if (const int32_t minutes = std::abs(offset) / 60 % 60; minutes != 0)
    fmt::format_to(std::back_inserter(out), ":{:02}", minutes);
}

bool IsNested(duckdb_type id) {
  return id == DUCKDB_TYPE_LIST || id == DUCKDB_TYPE_ARRAY || id == DUCKDB_TYPE_STRUCT ||
         id == DUCKDB_TYPE_MAP || id == DUCKDB_TYPE_UNION;
}

bool IsInteger(duckdb_type id) {
  return (id >= DUCKDB_TYPE_TINYINT && id <= DUCKDB_TYPE_UBIGINT) || id == DUCKDB_TYPE_HUGEINT ||
         id == DUCKDB_TYPE_UHUGEINT;
}

}  // namespace

void AppendJsonString(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

CellWriter::CellWriter(duckdb_logical_type type) : id_(Duck().get_type_id(type)), storage_(id_) {
  const auto add = [&](duckdb_logical_type child) {
    children_.emplace_back(DuckType(child).get());
  };
  switch (id_) {
    case DUCKDB_TYPE_DECIMAL:
      storage_ = Duck().decimal_internal_type(type);
      scale_ = Duck().decimal_scale(type);
      break;
    case DUCKDB_TYPE_ENUM:
      storage_ = Duck().enum_internal_type(type);
      for (idx_t i = 0; i < Duck().enum_dictionary_size(type); ++i)
        names_.push_back(TakeDuckText(Duck().enum_dictionary_value(type, i)));
      break;
    case DUCKDB_TYPE_LIST:
      add(Duck().list_type_child_type(type));
      break;
    case DUCKDB_TYPE_ARRAY:
      array_size_ = Duck().array_type_array_size(type);
      add(Duck().array_type_child_type(type));
      break;
    case DUCKDB_TYPE_MAP:
      add(Duck().map_type_key_type(type));
      add(Duck().map_type_value_type(type));
      break;
    case DUCKDB_TYPE_STRUCT:
      for (idx_t i = 0; i < Duck().struct_type_child_count(type); ++i) {
        names_.push_back(TakeDuckText(Duck().struct_type_child_name(type, i)));
        add(Duck().struct_type_child_type(type, i));
      }
      break;
    case DUCKDB_TYPE_UNION:
      for (idx_t i = 0; i < Duck().union_type_member_count(type); ++i)
        add(Duck().union_type_member_type(type, i));
      break;
    default:
      break;
  }
}

bool CellWriter::IsNull(duckdb_vector vector, idx_t row) {
  const uint64_t* validity = Duck().vector_get_validity(vector);
  return validity != nullptr && (validity[row / 64] >> (row % 64) & 1) == 0;
}

bool CellWriter::is_number() const {
  return IsInteger(id_) || id_ == DUCKDB_TYPE_FLOAT || id_ == DUCKDB_TYPE_DOUBLE ||
         id_ == DUCKDB_TYPE_DECIMAL;
}

void CellWriter::AppendScalar(std::string& out, duckdb_vector vector, idx_t row) const {
  switch (id_) {
    case DUCKDB_TYPE_BOOLEAN:
      out += Slot<bool>(vector, row) ? "true" : "false";
      break;
    case DUCKDB_TYPE_FLOAT:
      AppendFloat(out, Slot<float>(vector, row));
      break;
    case DUCKDB_TYPE_DOUBLE:
      AppendFloat(out, Slot<double>(vector, row));
      break;
    case DUCKDB_TYPE_UHUGEINT: {
      const auto value = static_cast<unsigned __int128>(HugeAt(vector, row));
      fmt::format_to(std::back_inserter(out), "{}", value);
      break;
    }
    case DUCKDB_TYPE_DECIMAL:
      out += DecimalToText(IntegerAt(vector, row, storage_), scale_);
      break;
    case DUCKDB_TYPE_VARCHAR:
      out += StringAt(vector, row);
      break;
    case DUCKDB_TYPE_BLOB:
      AppendBlob(out, StringAt(vector, row));
      break;
    case DUCKDB_TYPE_BIT:
      AppendBits(out, StringAt(vector, row));
      break;
    case DUCKDB_TYPE_DATE: {
      const int32_t days = Slot<int32_t>(vector, row);
      if (days == INT32_MAX || days == -INT32_MAX) {
        out += days > 0 ? "infinity" : "-infinity";
      } else {
        AppendDate(out, DateOfDays(days));
      }
      break;
    }
    case DUCKDB_TYPE_TIME:
      AppendTimeOfDay(out, Slot<int64_t>(vector, row));
      break;
    case DUCKDB_TYPE_TIME_TZ:
      AppendTimeTz(out, Slot<uint64_t>(vector, row));
      break;
    case DUCKDB_TYPE_TIMESTAMP:
      AppendTimestamp(out, Slot<int64_t>(vector, row), 1'000'000);
      break;
    case DUCKDB_TYPE_TIMESTAMP_S:
      AppendTimestamp(out, Slot<int64_t>(vector, row), 1);
      break;
    case DUCKDB_TYPE_TIMESTAMP_MS:
      AppendTimestamp(out, Slot<int64_t>(vector, row), 1'000);
      break;
    case DUCKDB_TYPE_TIMESTAMP_NS:
      AppendTimestamp(out, Slot<int64_t>(vector, row), 1'000'000'000);
      break;
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      AppendTimestamp(out, Slot<int64_t>(vector, row), 1'000'000);
      out += "+00";
      break;
    case DUCKDB_TYPE_INTERVAL:
      AppendInterval(out, Slot<duckdb_interval>(vector, row));
      break;
    case DUCKDB_TYPE_UUID:
      AppendUuid(out, static_cast<unsigned __int128>(HugeAt(vector, row)));
      break;
    case DUCKDB_TYPE_ENUM:
      out += names_[static_cast<size_t>(IntegerAt(vector, row, storage_))];
      break;
    default:
      if (IsInteger(id_)) out += DecimalToText(IntegerAt(vector, row, storage_), 0);
  }
}

void CellWriter::AppendList(std::string& out, duckdb_vector vector, idx_t row) const {
  const bool array = id_ == DUCKDB_TYPE_ARRAY;
  const auto entry = array ? duckdb_list_entry{row * array_size_, array_size_}
                           : Slot<duckdb_list_entry>(vector, row);
  const duckdb_vector child =
      array ? Duck().array_vector_get_child(vector) : Duck().list_vector_get_child(vector);
  out += '[';
  for (idx_t i = 0; i < entry.length; ++i) {
    if (i > 0) out += ',';
    children_[0].AppendJson(out, child, entry.offset + i);
  }
  out += ']';
}

void CellWriter::AppendStruct(std::string& out, duckdb_vector vector, idx_t row) const {
  out += '{';
  for (size_t i = 0; i < children_.size(); ++i) {
    if (i > 0) out += ',';
    AppendJsonString(out, names_[i]);
    out += ':';
    children_[i].AppendJson(out, Duck().struct_vector_get_child(vector, i), row);
  }
  out += '}';
}

void CellWriter::AppendMap(std::string& out, duckdb_vector vector, idx_t row) const {
  const auto entry = Slot<duckdb_list_entry>(vector, row);
  const duckdb_vector entries = Duck().list_vector_get_child(vector);
  const duckdb_vector keys = Duck().struct_vector_get_child(entries, 0);
  const duckdb_vector values = Duck().struct_vector_get_child(entries, 1);
  const bool object = children_[0].id_ == DUCKDB_TYPE_VARCHAR;
  out += object ? '{' : '[';
  for (idx_t i = entry.offset; i < entry.offset + entry.length; ++i) {
    if (i > entry.offset) out += ',';
    if (!object) out += '[';
    children_[0].AppendJson(out, keys, i);
    out += object ? ':' : ',';
    children_[1].AppendJson(out, values, i);
    if (!object) out += ']';
  }
  out += object ? '}' : ']';
}

void CellWriter::AppendText(std::string& out, duckdb_vector vector, idx_t row) const {
  if (IsNested(id_)) {
    AppendJson(out, vector, row);
  } else {
    AppendScalar(out, vector, row);
  }
}

void CellWriter::AppendJson(std::string& out, duckdb_vector vector, idx_t row) const {
  if (IsNull(vector, row)) {
    out += "null";
    return;
  }
  switch (id_) {
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_ARRAY:
      return AppendList(out, vector, row);
    case DUCKDB_TYPE_STRUCT:
      return AppendStruct(out, vector, row);
    case DUCKDB_TYPE_MAP:
      return AppendMap(out, vector, row);
    case DUCKDB_TYPE_UNION: {
      // A struct whose first field says which of the others counts.
      const auto tag = Slot<uint8_t>(Duck().struct_vector_get_child(vector, 0), row);
      return children_[tag].AppendJson(out, Duck().struct_vector_get_child(vector, tag + 1U), row);
    }
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE: {
      const double value = id_ == DUCKDB_TYPE_FLOAT ? static_cast<double>(Slot<float>(vector, row))
                                                    : Slot<double>(vector, row);
      if (std::isfinite(value)) return AppendScalar(out, vector, row);
      std::string text;
      AppendScalar(text, vector, row);
      return AppendJsonString(out, text);
    }
    case DUCKDB_TYPE_BOOLEAN:
      return AppendScalar(out, vector, row);
    case DUCKDB_TYPE_VARCHAR:
      return AppendJsonString(out, StringAt(vector, row));
    default:
      if (is_number()) return AppendScalar(out, vector, row);
      std::string text;
      AppendScalar(text, vector, row);
      AppendJsonString(out, text);
  }
}

}  // namespace weir
