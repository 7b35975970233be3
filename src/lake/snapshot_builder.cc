#include "lake/snapshot_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "lake/file_io.h"
#include "lake/manifest_edit.h"

namespace weir::iceberg {
namespace {

Status CheckAdded(const TableMetadata& table, const SnapshotChange& change) {
  std::set<FileKey> seen;
  for (const DataFile& file : change.added) {
    const PartitionSpec* spec = table.FindSpec(file.spec_id);
    if (spec == nullptr || spec->fields.size() != file.partition.size()) {
      return Fail(ErrorCode::kInvalidTable,
                  "file does not fit its partition spec: path={} spec={} values={}", file.file_path,
                  file.spec_id, file.partition.size());
    }
    if (file.file_path.empty() || !seen.insert(KeyOf(file)).second) {
      return Fail(ErrorCode::kInvalidTable, "file is added twice or has no path: path={}",
                  file.file_path);
    }
    if (file.is_deletion_vector() && table.format_version < 3) {
      return Fail(ErrorCode::kInvalidTable,
                  "deletion vectors need format version 3: path={} version={}", file.file_path,
                  table.format_version);
    }
    if (change.operation == SnapshotOperation::kAppend && file.content != FileContent::kData) {
      return Fail(ErrorCode::kInvalidTable, "an append adds data only: path={}", file.file_path);
    }
  }
  return {};
}

int64_t UnusedSnapshotId(const TableMetadata& table) {
  int64_t id = NewSnapshotId();
  while (table.FindSnapshot(id) != nullptr) id = NewSnapshotId();
  return id;
}

/// v3: data manifests without row ids get the next ones of the table; entries inherit from there.
void AssignRowIds(std::vector<ManifestFile>& manifests, int64_t& next_row_id) {
  for (ManifestFile& manifest : manifests) {
    if (manifest.content != ManifestContent::kData || manifest.first_row_id) continue;
    manifest.first_row_id = next_row_id;
    next_row_id += manifest.existing_rows_count.value_or(0) + manifest.added_rows_count.value_or(0);
  }
}

class Builder {
 public:
  Builder(FileIo& io, const TableMetadata& base, const SnapshotChange& change)
      : io_(io), base_(base), change_(change), parent_(base.FindRef(change.branch)) {}

  Result<NewSnapshot> Build() {
    RETURN_IF_ERROR(Check());
    Snapshot& snapshot = built_.snapshot;
    snapshot.snapshot_id = change_.snapshot_id.value_or(UnusedSnapshotId(base_));
    snapshot.sequence_number = base_.last_sequence_number + 1;
    snapshot.timestamp_ms = change_.timestamp_ms;
    snapshot.schema_id = base_.current_schema_id;
    if (parent_ != nullptr) {
      snapshot.parent_snapshot_id = built_.parent_snapshot_id = parent_->snapshot_id;
      snapshot.timestamp_ms = std::max(snapshot.timestamp_ms, parent_->timestamp_ms);
    }
    if (const Status written = WriteFiles(); !written.ok()) {
      // No commit has named them yet.
      for (const std::string& path : built_.written_files) (void)io_.Delete(path);
      return Forward(written);
    }
    AddUpdates();
    return std::move(built_);
  }

 private:
  Status Check() const {
    if (base_.format_version < 2) {
      return Fail(ErrorCode::kUnsupportedVersion,
                  "tables of format version 1 are not written: upgrade first");
    }
    const auto ref = base_.refs.find(change_.branch);
    if (ref != base_.refs.end() && ref->second.type != RefType::kBranch) {
      return Fail(ErrorCode::kInvalidTable, "a tag cannot be written: name={}", change_.branch);
    }
    return CheckAdded(base_, change_);
  }

  Status WriteFiles() {
    Snapshot& snapshot = built_.snapshot;
    ManifestEdit edit(io_, base_, snapshot.snapshot_id, snapshot.sequence_number);
    if (parent_ != nullptr) RETURN_IF_ERROR(edit.Load(*parent_));
    RETURN_IF_ERROR(edit.Remove(change_.removed));
    edit.Add(change_.added, change_.data_sequence_number);
    RETURN_IF_ERROR(edit.Merge());
    ASSIGN_OR_RETURN(auto manifests, edit.Write(built_.written_files));
    if (base_.format_version >= 3) {
      int64_t next_row_id = base_.next_row_id;
      AssignRowIds(manifests, next_row_id);
      snapshot.first_row_id = base_.next_row_id;
      snapshot.added_rows = next_row_id - base_.next_row_id;
    }
    for (const auto& [key, value] : change_.summary) snapshot.summary[key] = value;
    snapshot.summary["operation"] = Name(change_.operation);
    edit.summary().WriteTo(parent_, snapshot.summary);
    return WriteList(manifests);
  }

  Status WriteList(const std::vector<ManifestFile>& manifests) {
    Snapshot& snapshot = built_.snapshot;
    const std::string_view folder = base_.Property("write.metadata.path");
    snapshot.manifest_list =
        Join(folder.empty() ? Join(base_.location, "metadata") : std::string(folder),
             fmt::format("snap-{}-1-{}.avro", snapshot.snapshot_id, NewUuid()));
    built_.written_files.push_back(snapshot.manifest_list);
    const ManifestListHeader header{.format_version = base_.format_version,
                                    .snapshot_id = snapshot.snapshot_id,
                                    .parent_snapshot_id = snapshot.parent_snapshot_id,
                                    .sequence_number = snapshot.sequence_number,
                                    .first_row_id = snapshot.first_row_id};
    return io_.WriteNew(snapshot.manifest_list, SerializeManifestList(header, manifests));
  }

  void AddUpdates() {
    SnapshotRef ref;
    if (const auto found = base_.refs.find(change_.branch); found != base_.refs.end()) {
      ref = found->second;
    }
    ref.snapshot_id = built_.snapshot.snapshot_id;
    built_.requirements = {AssertTableUuid{base_.table_uuid},
                           AssertRefSnapshotId{change_.branch, built_.parent_snapshot_id}};
    built_.updates = {AddSnapshot{built_.snapshot}, SetSnapshotRef{change_.branch, ref}};
  }

  FileIo& io_;
  const TableMetadata& base_;
  const SnapshotChange& change_;
  /// The branch's current snapshot; null for a new branch.
  const Snapshot* const parent_;
  NewSnapshot built_;
};

}  // namespace

std::string_view Name(SnapshotOperation operation) {
  switch (operation) {
    case SnapshotOperation::kAppend:
      return "append";
    case SnapshotOperation::kOverwrite:
      return "overwrite";
    case SnapshotOperation::kDelete:
      return "delete";
    case SnapshotOperation::kReplace:
      return "replace";
  }
  return "append";
}

Result<NewSnapshot> BuildSnapshot(FileIo& io, const TableMetadata& base,
                                  const SnapshotChange& change) {
  return Builder(io, base, change).Build();
}

}  // namespace weir::iceberg
