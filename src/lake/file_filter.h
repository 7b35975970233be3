// Can a file, or any file of a manifest, hold a row that satisfies a condition? Inclusive metrics and partition
// evaluation: "yes" may be wrong, "no" never is. Made once for a plan, then asked from any thread.
#pragma once

#include <map>

#include "base/result.h"
#include "lake/data_file.h"
#include "lake/expression.h"
#include "lake/manifest_list.h"
#include "lake/schema.h"

namespace weir::iceberg {

struct TableMetadata;

class FileFilter {
 public:
  /// Errors  kInvalidTable  the condition does not fit the schema
  static Result<FileFilter> Make(const Expression& condition, const TableMetadata& table,
                                 bool case_sensitive = true);

  bool MayMatch(const ManifestFile& manifest) const;
  /// By its partition values only; for data and delete files.
  bool PartitionMayMatch(const DataFile& file) const;
  /// By partition values, counts and bounds. Data files only.
  bool MayMatch(const DataFile& file) const;

  /// The condition with ids instead of names.
  const Expression& bound() const { return bound_; }

 private:
  Expression bound_;
  Schema schema_;
  struct OnPartition {
    /// Leaves' field_id is the position in the tuple.
    Expression condition;
    Type partition_type;
  };
  std::map<int32_t, OnPartition> by_spec_;
};

}  // namespace weir::iceberg
