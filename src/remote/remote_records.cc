#include "remote/remote_records.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>

#include "lake/json_fields.h"

namespace weir::iceberg {
namespace {

constexpr int64_t kVersion = 1;
constexpr int64_t kRecordBytesMax = 1 * MiB;
constexpr std::array<std::string_view, 3> kStages = {"creating", "live", "dropping"};

}  // namespace

std::string RemoteKey(TableId table) { return fmt::format("{}{:020}", kRemoteKeys, table.value); }

std::string ToText(const RemoteRecord& record) {
  json::array levels;
  for (const std::string& level : record.ident.levels) levels.emplace_back(level);
  return json::serialize(json::object{{"version", kVersion},
                                      {"table_id", record.table.value},
                                      {"stage", kStages[static_cast<size_t>(record.stage)]},
                                      {"namespace", std::move(levels)},
                                      {"name", record.ident.name},
                                      {"owner", record.owner},
                                      {"uuid", record.uuid},
                                      {"location", record.location},
                                      {"metadata_location", record.metadata_location},
                                      {"alone", record.alone}});
}

Result<RemoteRecord> RemoteRecordFromText(std::string_view text) {
  const auto document = ParseJson(text, kRecordBytesMax);
  if (!document.ok())
    return Fail(ErrorCode::kStorage, "record of an external catalog's table: {}",
                document.error().message);
  RemoteRecord out;
  int64_t version = 0;
  int64_t table = 0;
  std::string stage;
  JsonFields in(*document, "record of an external catalog's table");
  in.Need("version", version);
  in.Need("table_id", table);
  in.Need("stage", stage);
  in.Need("namespace", out.ident.levels);
  in.Need("name", out.ident.name);
  in.Need("owner", out.owner);
  in.Need("uuid", out.uuid);
  in.Need("location", out.location);
  in.Need("metadata_location", out.metadata_location);
  in.Need("alone", out.alone);
  if (version != kVersion) in.Wrong("version", "is unknown");
  const auto* found = std::ranges::find(kStages, stage);
  if (found == kStages.end()) in.Wrong("stage", "is unknown");
  if (!in.status().ok()) return Fail(ErrorCode::kStorage, "{}", in.status().error().message);
  out.table = TableId{table};
  out.stage = static_cast<RemoteStage>(found - kStages.begin());
  return out;
}

}  // namespace weir::iceberg
