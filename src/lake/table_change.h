// Metadata while it changes, for table_update*.cc only: table_update.h is what others use.
#pragma once

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "lake/table_update.h"

namespace weir::iceberg {

template <class... A>
Failure RefuseUpdate(fmt::format_string<A...> message, A&&... args) {
  return Fail(ErrorCode::kInvalidTable, message, std::forward<A>(args)...);
}

/// Follows the Java library's builder, so that what its clients compute and what
/// we answer agree.
class TableChange {
 public:
  TableChange(const TableMetadata& base, int64_t now_ms)
      : creating_(base.schemas.empty()),
        now_ms_(std::max(now_ms, base.last_updated_ms)),
        log_before_(base.snapshot_log.size()),
        table_(base) {}

  Status operator()(const AssignUuid& update);
  Status operator()(const UpgradeFormatVersion& update);
  Status operator()(const AddSchema& update);
  Status operator()(const SetCurrentSchema& update);
  Status operator()(const AddSpec& update);
  Status operator()(const SetDefaultSpec& update);
  Status operator()(const AddSortOrder& update);
  Status operator()(const SetDefaultSortOrder& update);
  Status operator()(const AddSnapshot& update);
  Status operator()(const SetSnapshotRef& update);
  Status operator()(const RemoveSnapshots& update);
  Status operator()(const RemoveSnapshotRef& update);
  Status operator()(const SetLocation& update);
  Status operator()(const SetProperties& update);
  Status operator()(const RemoveProperties& update);
  Status operator()(const SetStatistics& update);
  Status operator()(const RemoveStatistics& update);
  Status operator()(const SetPartitionStatistics& update);
  Status operator()(const RemovePartitionStatistics& update);
  Status operator()(const RemovePartitionSpecs& update);
  Status operator()(const RemoveSchemas& update);
  Status operator()(const AddEncryptionKey& update);
  Status operator()(const RemoveEncryptionKey& update);

  Result<TableMetadata> Finish();

 private:
  const Schema* BindingSchema() const;
  Status AssignFieldIds(PartitionSpec& spec);
  void LogCurrent(const Snapshot& snapshot);
  void CutSnapshotLog();

  const bool creating_;
  const int64_t now_ms_;
  const size_t log_before_;
  TableMetadata table_;
  std::optional<int32_t> last_schema_;
  std::optional<int32_t> last_spec_;
  std::optional<int32_t> last_order_;
  std::set<int64_t> added_;
  bool removed_ = false;
};

}  // namespace weir::iceberg
