// What a primary-key table does when a row meets the row its key already has: the merge engines,
// partial updates and partial deletes, as pure functions over decoded rows.
//
// A merger is made per PUT_KV request shape (target columns, mode) and is const after that.
// Source: server rules of Fluss 1.0, RowMerger and PartialUpdater at 545c5539
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "meta/table_options.h"
#include "record/schema.h"
#include "record/value.h"
#include "tablet/put_options.h"

namespace weir {

/// A decoded row of the latest schema; columns a stored row is too old to have are null.
using Row = std::span<const Value>;

class RowMerger {
 public:
  /// Check the request against the table and prepare.
  ///
  /// schema   the latest
  /// Errors   kInvalidTargetColumn  a target is out of range or named twice; a key column is
  /// missing; another
  ///                                column is NOT NULL; the table has a merge engine; the
  ///                                auto-increment column is written (it must be left out of the
  ///                                targets)
  ///          kInvalidTable         merge engine aggregation, which is not served
  static Result<RowMerger> Make(const TableConfig& config, const Schema& schema,
                                const PutOptions& options);

  /// What deletes do: apply, skip, or fail the batch.
  DeleteBehavior delete_behavior() const { return delete_behavior_; }

  /// Whether the result never depends on the old row, and whether it depends on the old row's
  /// columns.
  bool ignores_old() const { return kind_ == Kind::kLastRow; }
  bool reads_old() const { return kind_ == Kind::kVersioned || kind_ == Kind::kPartial; }

  enum class Outcome {
    kKeepOld,  // nothing happens, nothing is logged
    kTakeNew,  // the written row as it is
    kMerged,   // `merged` was filled
  };

  /// old      the key's row, or null when it has none; its columns matter only if reads_old()
  /// merged   one Value per column; may point into both rows
  Outcome Upsert(const Row* old, Row written, std::span<Value> merged) const;

  enum class Removal { kRemoveRow, kMerged };

  /// What is left of `old` when it is deleted through this request; partial deletes null the
  /// targets.
  Removal Delete(Row old, std::span<Value> merged) const;

 private:
  enum class Kind { kLastRow, kFirstRow, kVersioned, kPartial };

  RowMerger() = default;
  Status UsePartialUpdate(const Schema& schema, std::span<const int32_t> targets);

  Kind kind_ = Kind::kLastRow;
  DeleteBehavior delete_behavior_ = DeleteBehavior::kAllow;
  size_t version_column_ = 0;
  std::vector<char> is_target_;  // per column; kPartial
  std::vector<char> is_key_;
  bool only_keys_ = false;
};

}  // namespace weir
