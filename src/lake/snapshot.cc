#include "lake/snapshot.h"

#include <random>

#include "lake/json_fields.h"

namespace weir::iceberg {

std::string_view Snapshot::operation() const {
  const auto found = summary.find("operation");
  return found == summary.end() ? std::string_view() : found->second;
}

json::object ToJson(const Snapshot& snapshot) {
  json::object out;
  if (snapshot.sequence_number > 0) out["sequence-number"] = snapshot.sequence_number;
  out["snapshot-id"] = snapshot.snapshot_id;
  if (snapshot.parent_snapshot_id) out["parent-snapshot-id"] = *snapshot.parent_snapshot_id;
  out["timestamp-ms"] = snapshot.timestamp_ms;
  if (!snapshot.summary.empty()) out["summary"] = MapToJson(snapshot.summary);
  if (!snapshot.manifest_list.empty()) {
    out["manifest-list"] = snapshot.manifest_list;
  } else {
    json::array manifests;
    for (const std::string& path : snapshot.manifests) manifests.emplace_back(path);
    out["manifests"] = std::move(manifests);
  }
  if (snapshot.schema_id) out["schema-id"] = *snapshot.schema_id;
  if (snapshot.first_row_id) out["first-row-id"] = *snapshot.first_row_id;
  if (snapshot.added_rows) out["added-rows"] = *snapshot.added_rows;
  if (snapshot.key_id) out["key-id"] = *snapshot.key_id;
  return out;
}

Result<Snapshot> SnapshotFromJson(const json::value& value) {
  Snapshot snapshot;
  JsonFields in(value, "a snapshot");
  in.Need("snapshot-id", snapshot.snapshot_id);
  in.Get("parent-snapshot-id", snapshot.parent_snapshot_id);
  in.Get("sequence-number", snapshot.sequence_number);
  in.Need("timestamp-ms", snapshot.timestamp_ms);
  in.Get("manifest-list", snapshot.manifest_list);
  in.Get("manifests", snapshot.manifests);
  in.Get("summary", snapshot.summary);
  in.Get("schema-id", snapshot.schema_id);
  in.Get("first-row-id", snapshot.first_row_id);
  in.Get("added-rows", snapshot.added_rows);
  in.Get("key-id", snapshot.key_id);
  if (snapshot.sequence_number < 0) in.Wrong("sequence-number", "is negative");
  if (snapshot.first_row_id.value_or(0) < 0) in.Wrong("first-row-id", "is negative");
  if (snapshot.added_rows.value_or(0) < 0) in.Wrong("added-rows", "is negative");
  if (!snapshot.manifest_list.empty()) snapshot.manifests.clear();
  if (snapshot.manifest_list.empty() && in.Find("manifests") == nullptr) {
    in.Wrong("manifest-list", "is missing");
  }
  RETURN_IF_ERROR(in.status());
  return snapshot;
}

json::object ToJson(const SnapshotRef& ref) {
  json::object out{{"snapshot-id", ref.snapshot_id},
                   {"type", ref.type == RefType::kBranch ? "branch" : "tag"}};
  if (ref.min_snapshots_to_keep) out["min-snapshots-to-keep"] = *ref.min_snapshots_to_keep;
  if (ref.max_snapshot_age_ms) out["max-snapshot-age-ms"] = *ref.max_snapshot_age_ms;
  if (ref.max_ref_age_ms) out["max-ref-age-ms"] = *ref.max_ref_age_ms;
  return out;
}

Result<SnapshotRef> SnapshotRefFromJson(const json::value& value) {
  SnapshotRef ref;
  JsonFields in(value, "a snapshot reference");
  std::string type;
  in.Need("snapshot-id", ref.snapshot_id);
  in.Need("type", type);
  in.Get("min-snapshots-to-keep", ref.min_snapshots_to_keep);
  in.Get("max-snapshot-age-ms", ref.max_snapshot_age_ms);
  in.Get("max-ref-age-ms", ref.max_ref_age_ms);
  for (char& c : type) c = static_cast<char>(c | 0x20);
  if (type != "branch" && type != "tag") in.Wrong("type", "is neither branch nor tag");
  ref.type = type == "tag" ? RefType::kTag : RefType::kBranch;
  if (ref.min_snapshots_to_keep.value_or(1) < 1) in.Wrong("min-snapshots-to-keep", "is below 1");
  if (ref.max_snapshot_age_ms.value_or(1) < 1) in.Wrong("max-snapshot-age-ms", "is below 1");
  if (ref.max_ref_age_ms.value_or(1) < 1) in.Wrong("max-ref-age-ms", "is below 1");
  if (ref.type == RefType::kTag && (ref.min_snapshots_to_keep || ref.max_snapshot_age_ms)) {
    in.Wrong("type", "is tag, which keeps no snapshots but its own");
  }
  RETURN_IF_ERROR(in.status());
  return ref;
}

int64_t NewSnapshotId() {
  thread_local std::mt19937_64 random{std::random_device{}() ^
                                      (static_cast<uint64_t>(std::random_device{}()) << 32)};
  return static_cast<int64_t>(random() & INT64_MAX) | 1;
}

}  // namespace weir::iceberg
