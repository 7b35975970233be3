// What the partition values of many files have in common: the field summaries of a manifest list.
#pragma once

#include <vector>

#include "lake/manifest_list.h"
#include "lake/partition_spec.h"

namespace weir::iceberg {

class PartitionSummary {
 public:
  explicit PartitionSummary(const Type& partition_type);

  void Add(const PartitionValues& partition);
  std::vector<FieldSummary> fields() const;

 private:
  struct Column {
    Type type;
    bool contains_null = false;
    bool contains_nan = false;
    std::optional<Literal> lower;
    std::optional<Literal> upper;
  };

  std::vector<Column> columns_;
};

/// A float or double that is no number.
bool IsNan(const Literal& value);

}  // namespace weir::iceberg
