// The order rows have inside data files. Source: Iceberg table specification, "Sorting".
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "lake/schema.h"
#include "lake/transform.h"

namespace weir::iceberg {

enum class SortDirection : uint8_t { kAscending, kDescending };
enum class NullOrder : uint8_t { kFirst, kLast };

struct SortField {
  Transform transform;
  std::vector<int32_t> source_ids;
  SortDirection direction = SortDirection::kAscending;
  NullOrder null_order = NullOrder::kFirst;

  int32_t source_id() const { return source_ids.empty() ? 0 : source_ids.front(); }
  friend bool operator==(const SortField&, const SortField&) = default;
};

/// Order id 0 is always the one without fields.
struct SortOrder {
  int32_t order_id = 0;
  std::vector<SortField> fields;

  bool is_unsorted() const { return fields.empty(); }
  friend bool operator==(const SortOrder&, const SortOrder&) = default;
};

/// Errors  kInvalidTable  a column does not exist, or a transform does not fit it
Status CheckSortOrder(const SortOrder& order, const Schema& schema);

boost::json::object ToJson(const SortOrder& order);
/// Errors  kInvalidTable
Result<SortOrder> SortOrderFromJson(const boost::json::value& value);

}  // namespace weir::iceberg
