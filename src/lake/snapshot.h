// The state of a table at one time, and the names of states: branches and tags.
// Source: Iceberg table specification, "Snapshots", "Snapshot References".
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::iceberg {

/// The branch that readers take when they name none.
inline constexpr std::string_view kMainBranch = "main";

using Summary = std::map<std::string, std::string, std::less<>>;

struct Snapshot {
  int64_t snapshot_id = 0;
  std::optional<int64_t> parent_snapshot_id = std::nullopt;
  int64_t sequence_number = 0;  // 0 in v1
  int64_t timestamp_ms = 0;
  std::string manifest_list = {};  // path; empty only in v1 snapshots that name `manifests`
  std::vector<std::string> manifests = {};  // v1 only
  Summary summary = {};  // with "operation": append, replace, overwrite or delete
  std::optional<int32_t> schema_id = std::nullopt;
  std::optional<int64_t> first_row_id = std::nullopt;  // v3: always set
  std::optional<int64_t> added_rows =
      std::nullopt;  // v3: always set; upper bound of rows that get a new id
  std::optional<std::string> key_id = std::nullopt;  // v3: of the encrypted manifest list

  std::string_view operation() const;
  friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

enum class RefType : uint8_t { kBranch, kTag };

struct SnapshotRef {
  int64_t snapshot_id = 0;
  RefType type = RefType::kBranch;
  std::optional<int32_t> min_snapshots_to_keep = std::nullopt;  // branches only
  std::optional<int64_t> max_snapshot_age_ms = std::nullopt;    // branches only
  std::optional<int64_t> max_ref_age_ms = std::nullopt;         // never of main

  friend bool operator==(const SnapshotRef&, const SnapshotRef&) = default;
};

boost::json::object ToJson(const Snapshot& snapshot);
/// Errors  kInvalidTable
Result<Snapshot> SnapshotFromJson(const boost::json::value& value);

boost::json::object ToJson(const SnapshotRef& ref);
/// Errors  kInvalidTable
Result<SnapshotRef> SnapshotRefFromJson(const boost::json::value& value);

/// A random positive id, as the Java library makes them.
int64_t NewSnapshotId();

}  // namespace weir::iceberg
