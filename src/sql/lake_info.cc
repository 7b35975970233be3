#include "sql/lake_info.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "lake/manifest.h"
#include "lake/manifest_list.h"
#include "sql/rows_scan.h"
#include "sql/token.h"

namespace weir {
namespace {

const DataType kText = DataType::Of(TypeKind::kString);
const DataType kNumber = DataType::Of(TypeKind::kBigInt);
const DataType kTime = DataType::Temporal(TypeKind::kTimestampLtz, 3);

Cell NumberOrNull(std::optional<int64_t> number) {
  return number ? Cell(*number) : Cell(std::monostate());
}

std::string SummaryText(const iceberg::Summary& summary) {
  boost::json::object object;
  for (const auto& [key, value] : summary) {
    if (key != "operation") object[key] = value;
  }
  return boost::json::serialize(object);
}

CellRow RowOf(const iceberg::ManifestEntry& entry, const iceberg::TableMetadata& table) {
  const iceberg::DataFile& file = entry.file;
  const iceberg::PartitionSpec* spec = table.FindSpec(file.spec_id);
  const Cell partition =
      spec == nullptr ? Cell() : Cell(iceberg::PartitionPath(*spec, file.partition));
  return {std::string(iceberg::Name(file.content)),
          file.file_path,
          std::string(iceberg::Name(file.format)),
          partition,
          file.record_count,
          file.file_size_bytes,
          NumberOrNull(entry.snapshot_id),
          NumberOrNull(entry.sequence_number)};
}

}  // namespace

bool IsSecretKey(std::string_view key) {
  const std::string upper = Upper(key);
  return std::ranges::any_of(
      std::initializer_list<std::string_view>{"PASSWORD", "SECRET", "TOKEN", "CREDENTIAL"},
      [&](auto word) { return upper.find(word) != std::string::npos; });
}

std::shared_ptr<TableScan> MakeSnapshotsScan(const iceberg::TableMetadata& table) {
  std::vector<CellRow> rows;
  for (const iceberg::Snapshot& snapshot : table.snapshots) {
    const bool current = table.current_snapshot_id == snapshot.snapshot_id;
    rows.push_back({snapshot.timestamp_ms, snapshot.snapshot_id,
                    NumberOrNull(snapshot.parent_snapshot_id), std::string(snapshot.operation()),
                    int64_t{current}, snapshot.manifest_list, SummaryText(snapshot.summary)});
  }
  return MakeRowsScan({{"committed_at", kTime},
                       {"snapshot_id", kNumber},
                       {"parent_id", kNumber},
                       {"operation", kText},
                       {"is_current", DataType::Of(TypeKind::kInt)},
                       {"manifest_list", kText},
                       {"summary", kText}},
                      std::move(rows));
}

Result<std::shared_ptr<TableScan>> MakeFilesScan(iceberg::FileIo& files,
                                                 const iceberg::TableMetadata& table) {
  std::vector<CellRow> rows;
  if (const iceberg::Snapshot* snapshot = table.current_snapshot(); snapshot != nullptr) {
    ASSIGN_OR_RETURN(const auto manifests, iceberg::ManifestsOf(files, *snapshot));
    for (const iceberg::ManifestFile& manifest : manifests) {
      ASSIGN_OR_RETURN(const auto entries, iceberg::ReadManifest(files, manifest, table));
      for (const iceberg::ManifestEntry& entry : entries) {
        if (entry.is_live()) rows.push_back(RowOf(entry, table));
      }
    }
  }
  return MakeRowsScan({{"content", kText},
                       {"file_path", kText},
                       {"file_format", kText},
                       {"partition", kText},
                       {"record_count", kNumber},
                       {"file_size_bytes", kNumber},
                       {"snapshot_id", kNumber},
                       {"sequence_number", kNumber}},
                      std::move(rows));
}

std::shared_ptr<TableScan> MakeOptionsScan(
    const std::map<std::string, std::string, std::less<>>& options) {
  std::vector<CellRow> rows;
  for (const auto& [key, value] : options)
    rows.push_back({key, IsSecretKey(key) ? "******" : value});
  return MakeRowsScan({{"key", kText}, {"value", kText}}, std::move(rows));
}

}  // namespace weir
