#include "tablet/row_merger.h"

#include <algorithm>
#include <compare>

namespace weir {
namespace {

// Versions order by value; null is the smallest. The type was checked when the table was created.
std::weak_ordering CompareVersions(const Value& a, const Value& b) {
  if (a.is_null() || b.is_null()) return !a.is_null() <=> !b.is_null();
  if (a.kind() == Value::Kind::kTimestamp) {
    if (const auto ms = a.timestamp_ms() <=> b.timestamp_ms(); ms != 0) return ms;
    return a.timestamp_nanos() <=> b.timestamp_nanos();
  }
  return a.integer() <=> b.integer();
}

Status CheckAutoIncrement(const Schema& schema, std::span<const int32_t> targets) {
  if (schema.auto_increment().empty()) return {};
  const std::string& name = schema.auto_increment().front();
  if (targets.empty()) {
    return Fail(ErrorCode::kInvalidTargetColumn,
                "the auto-increment column is set by the server: name the target columns without "
                "it: column={}",
                name);
  }
  if (std::ranges::find(targets, *schema.Find(name)) != targets.end()) {
    return Fail(ErrorCode::kInvalidTargetColumn,
                "the auto-increment column cannot be a target: column={}", name);
  }
  return {};
}

}  // namespace

Result<RowMerger> RowMerger::Make(const TableConfig& config, const Schema& schema,
                                  const PutOptions& options) {
  RETURN_IF_ERROR(CheckAutoIncrement(schema, options.target_columns));
  RowMerger merger;
  if (options.merge_mode == MergeMode::kDefault) {
    merger.delete_behavior_ = config.EffectiveDeleteBehavior();
    switch (config.merge_engine) {
      case MergeEngine::kNone:
        break;
      case MergeEngine::kFirstRow:
        merger.kind_ = Kind::kFirstRow;
        break;
      case MergeEngine::kVersioned: {
        merger.kind_ = Kind::kVersioned;
        const auto column = schema.Find(config.version_column.value_or(""));
        if (!column) return Fail(ErrorCode::kInvalidTable, "the table has no version column");
        merger.version_column_ = static_cast<size_t>(*column);
        break;
      }
      case MergeEngine::kAggregation:
        return Fail(ErrorCode::kInvalidTable, "merge engine aggregation is not supported");
    }
  }
  if (!options.target_columns.empty()) {
    RETURN_IF_ERROR(merger.UsePartialUpdate(schema, options.target_columns));
  }
  return merger;
}

Status RowMerger::UsePartialUpdate(const Schema& schema, std::span<const int32_t> targets) {
  is_target_.assign(schema.size(), 0);
  for (const int32_t target : targets) {
    if (target < 0 || static_cast<size_t>(target) >= schema.size()) {
      return Fail(ErrorCode::kInvalidTargetColumn, "no such target column: position={} columns={}",
                  target, schema.size());
    }
    is_target_[static_cast<size_t>(target)] = 1;
  }
  // All columns: an ordinary upsert.
  if (std::ranges::all_of(is_target_, [](char target) { return target != 0; })) return {};
  if (kind_ != Kind::kLastRow) {
    return Fail(ErrorCode::kInvalidTargetColumn,
                "tables with this merge engine take whole rows only");
  }
  is_key_.assign(schema.size(), 0);
  for (const int key : schema.primary_key_positions()) {
    const auto at = static_cast<size_t>(key);
    is_key_[at] = 1;
    if (is_target_[at] == 0) {
      return Fail(ErrorCode::kInvalidTargetColumn,
                  "the target columns must contain the primary key: missing={}",
                  schema.column(at).name);
    }
  }
  for (size_t at = 0; at < schema.size(); ++at) {
    if (is_key_[at] == 0 && !schema.column(at).type.nullable) {
      return Fail(ErrorCode::kInvalidTargetColumn,
                  "partial updates need every column outside the key to be nullable: column={}",
                  schema.column(at).name);
    }
  }
  only_keys_ = is_target_ == is_key_;
  kind_ = Kind::kPartial;
  return {};
}

RowMerger::Outcome RowMerger::Upsert(const Row* old, Row written, std::span<Value> merged) const {
  switch (kind_) {
    case Kind::kLastRow:
      return Outcome::kTakeNew;
    case Kind::kFirstRow:
      return old == nullptr ? Outcome::kTakeNew : Outcome::kKeepOld;
    case Kind::kVersioned:
      if (old == nullptr) return Outcome::kTakeNew;
      return CompareVersions((*old)[version_column_], written[version_column_]) <= 0
                 ? Outcome::kTakeNew
                 : Outcome::kKeepOld;
    case Kind::kPartial:
      break;
  }
  if (only_keys_ && old != nullptr) return Outcome::kKeepOld;
  for (size_t at = 0; at < merged.size(); ++at) {
    merged[at] = is_target_[at] != 0 ? written[at] : old != nullptr ? (*old)[at] : Value::Null();
  }
  return Outcome::kMerged;
}

RowMerger::Removal RowMerger::Delete(Row old, std::span<Value> merged) const {
  if (kind_ != Kind::kPartial) return Removal::kRemoveRow;
  bool anything_left = false;
  for (size_t at = 0; at < merged.size(); ++at) {
    merged[at] = is_target_[at] != 0 && is_key_[at] == 0 ? Value::Null() : old[at];
    anything_left |= is_target_[at] == 0 && !old[at].is_null();
  }
  return anything_left ? Removal::kMerged : Removal::kRemoveRow;
}

}  // namespace weir
