// What is known of a set of values of one column, and whether a condition can hold for any of them. The set may be
// a file's column, a manifest's partition field or a single partition value. For file_filter.cc.
#pragma once

#include <functional>
#include <optional>

#include "lake/expression.h"

namespace weir::iceberg {

struct ValueDomain {
  bool may_be_null = true;
  /// Some value is neither null nor NaN, as far as known.
  bool may_be_value = true;
  bool may_be_nan = true;
  /// Of the values that are neither null nor NaN; nothing is unknown.
  std::optional<Literal> lower;
  std::optional<Literal> upper;
};

/// False only when no value of the domain satisfies the leaf.
bool MayHold(const Expression& leaf, const ValueDomain& domain);

/// The same for a bound tree; `domain_of` is asked with the leaf's field_id.
bool MayHold(const Expression& bound, const std::function<ValueDomain(int32_t)>& domain_of);

}  // namespace weir::iceberg
