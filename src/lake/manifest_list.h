// The manifest list: one row for each manifest of a snapshot, with what a planner needs to skip it.
// Reads what v1, v2 and v3 writers made, writes v2 and v3. Source: Iceberg specification, "Snapshots" and
// "Manifest Lists". Plain functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace weir::iceberg {

class FileIo;

enum class ManifestContent : int32_t { kData = 0, kDeletes = 1 };

/// What the values of one partition field are, over all files of a manifest. Bounds are in the single-value
/// binary form of the field's result type; missing when all values are null or NaN.
struct FieldSummary {
  bool contains_null = false;
  std::optional<bool> contains_nan;
  std::optional<std::string> lower_bound;
  std::optional<std::string> upper_bound;

  friend bool operator==(const FieldSummary&, const FieldSummary&) = default;
};

struct ManifestFile {
  std::string manifest_path;
  int64_t manifest_length = 0;
  int32_t partition_spec_id = 0;
  ManifestContent content = ManifestContent::kData;
  /// 0 in a v1 list. Unset only while a manifest is written and its snapshot not numbered yet.
  std::optional<int64_t> sequence_number;
  int64_t min_sequence_number = 0;
  int64_t added_snapshot_id = 0;
  /// Counts may be unknown in a v1 list.
  std::optional<int32_t> added_files_count;
  std::optional<int32_t> existing_files_count;
  std::optional<int32_t> deleted_files_count;
  std::optional<int64_t> added_rows_count;
  std::optional<int64_t> existing_rows_count;
  std::optional<int64_t> deleted_rows_count;
  /// One for each field of the spec; empty when unknown.
  std::vector<FieldSummary> partitions;
  std::optional<std::string> key_metadata;
  /// v3, data manifests: row id of the first row of the first file without one.
  std::optional<int64_t> first_row_id;

  bool may_have_live_files() const {
    return added_files_count.value_or(1) > 0 || existing_files_count.value_or(1) > 0;
  }

  friend bool operator==(const ManifestFile&, const ManifestFile&) = default;
};

struct ManifestListHeader {
  int32_t format_version = 2;
  int64_t snapshot_id = 0;
  std::optional<int64_t> parent_snapshot_id;
  int64_t sequence_number = 0;
  /// v3: the table's next-row-id before this snapshot.
  std::optional<int64_t> first_row_id;
};

/// Errors  kCorruptRecord  not a manifest list
Result<std::vector<ManifestFile>> ParseManifestList(BytesView bytes);
Result<std::vector<ManifestFile>> ReadManifestList(FileIo& io, const std::string& path);

/// Serialize. In v3 every data manifest must have its first_row_id already.
std::string SerializeManifestList(const ManifestListHeader& header,
                                  std::span<const ManifestFile> manifests);

}  // namespace weir::iceberg
