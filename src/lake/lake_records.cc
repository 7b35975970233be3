#include "lake/lake_records.h"

#include <algorithm>

#include "base/utf8.h"
#include "lake/json_fields.h"

namespace weir::iceberg {
namespace {

constexpr char kLevelEnd = '\x1f';
constexpr char kNamespaceEnd = '\x1e';
constexpr int64_t kRecordBytesMax = 1 * MiB;
constexpr size_t kNameBytesMax = 255;

std::string Joined(const Namespace& levels) {
  std::string out;
  for (const std::string& level : levels) {
    if (!out.empty()) out += kLevelEnd;
    out += level;
  }
  return out;
}

Namespace Split(std::string_view text) {
  Namespace out;
  while (true) {
    const size_t end = text.find(kLevelEnd);
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

Failure Damaged(const Error& error) {
  return Fail(ErrorCode::kStorage, "a record of the lake catalog is damaged: {}", error.message);
}

}  // namespace

std::string NamespaceKey(const Namespace& levels) {
  return std::string(kNamespaceKeys) + Joined(levels);
}

std::string IdentKey(std::string_view kind, const Ident& ident) {
  return std::string(kind) + Joined(ident.levels) + kNamespaceEnd + ident.name;
}

Namespace NamespaceOfKey(std::string_view key) { return Split(key.substr(kNamespaceKeys.size())); }

Ident IdentOfKey(std::string_view kind, std::string_view key) {
  key.remove_prefix(kind.size());
  const size_t end = std::min(key.find(kNamespaceEnd), key.size());
  return {.levels = Split(key.substr(0, end)),
          .name = std::string(key.substr(std::min(end + 1, key.size())))};
}

std::string ToText(const LakeRecord& record) {
  json::object out{{"version", 1},
                   {"metadata-location", record.metadata_location},
                   {"uuid", record.uuid},
                   {"root", record.root}};
  if (record.tiered_by) out["tiered-by"] = record.tiered_by->value;
  return json::serialize(out);
}

std::string ToText(const StringMap& properties) {
  return json::serialize(json::object{{"version", 1}, {"properties", MapToJson(properties)}});
}

std::string ToText(const PurgeRequest& request) {
  return json::serialize(json::object{{"version", 1},
                                      {"root", request.root},
                                      {"metadata-location", request.metadata_location},
                                      {"dropped-ms", request.dropped_ms}});
}

Result<LakeRecord> LakeRecordFromText(std::string_view text) {
  const auto value = ParseJson(text, kRecordBytesMax);
  if (!value.ok()) return Damaged(value.error());
  LakeRecord out;
  JsonFields in(*value, "a record of the lake catalog");
  in.Need("metadata-location", out.metadata_location);
  in.Need("uuid", out.uuid);
  in.Need("root", out.root);
  std::optional<int64_t> tiered_by;
  in.Get("tiered-by", tiered_by);
  if (!in.status().ok()) return Damaged(in.status().error());
  if (tiered_by) out.tiered_by = TableId(*tiered_by);
  return out;
}

Result<StringMap> PropertiesFromText(std::string_view text) {
  const auto value = ParseJson(text, kRecordBytesMax);
  if (!value.ok()) return Damaged(value.error());
  StringMap out;
  JsonFields in(*value, "a namespace of the lake catalog");
  in.Need("properties", out);
  if (!in.status().ok()) return Damaged(in.status().error());
  return out;
}

Result<PurgeRequest> PurgeFromText(std::string_view id, std::string_view text) {
  const auto value = ParseJson(text, kRecordBytesMax);
  if (!value.ok()) return Damaged(value.error());
  PurgeRequest out{.id = std::string(id), .root = {}, .metadata_location = {}};
  JsonFields in(*value, "a purge of the lake catalog");
  in.Need("root", out.root);
  in.Need("metadata-location", out.metadata_location);
  in.Need("dropped-ms", out.dropped_ms);
  if (!in.status().ok()) return Damaged(in.status().error());
  return out;
}

bool IsGoodName(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax && IsUtf8(name) &&
         std::ranges::none_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

}  // namespace weir::iceberg
