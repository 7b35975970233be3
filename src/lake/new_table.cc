#include <algorithm>
#include <array>
#include <charconv>

#include "lake/table_update.h"

namespace weir::iceberg {
namespace {

constexpr std::string_view kFormatVersionKey = "format-version";
constexpr std::string_view kMetadataVersionsKey = "write.metadata.previous-versions-max";
constexpr int64_t kMetadataVersionsDefault = 100;

/// What clients may ask for in the properties of a table that is made, and what is never kept there.
/// Source: Iceberg, "Reserved table properties".
constexpr std::array<std::string_view, 9> kReserved = {kFormatVersionKey,
                                                       "uuid",
                                                       "snapshot-count",
                                                       "current-snapshot-summary",
                                                       "current-snapshot-id",
                                                       "current-schema",
                                                       "default-partition-spec",
                                                       "default-sort-order",
                                                       "current-snapshot-timestamp-ms"};

/// Engines write Parquet with gzip when a table says nothing.
constexpr std::pair<std::string_view, std::string_view> kCompression = {
    "write.parquet.compression-codec", "zstd"};

std::optional<int64_t> NumberOf(std::string_view text) {
  int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

Result<int> FormatVersion(const StringMap& properties) {
  const auto found = properties.find(kFormatVersionKey);
  if (found == properties.end()) return kFormatVersionDefault;
  const std::optional<int64_t> version = NumberOf(found->second);
  if (!version || *version < 1 || *version > kFormatVersionMax) {
    return Fail(ErrorCode::kInvalidTable, "unsupported format version: version={:.20} max={}",
                found->second, kFormatVersionMax);
  }
  return static_cast<int>(*version);
}

StringMap KeptProperties(const StringMap& properties) {
  StringMap out;
  out.emplace(kCompression);
  for (const auto& [key, value] : properties) {
    if (std::ranges::find(kReserved, key) == kReserved.end()) out[key] = value;
  }
  return out;
}

class Renumbering {
 public:
  explicit Renumbering(std::vector<std::pair<int32_t, int32_t>> pairs) : pairs_(std::move(pairs)) {}

  Status Apply(std::vector<int32_t>& source_ids) const {
    for (int32_t& id : source_ids) {
      const auto found = std::ranges::find(pairs_, id, [](const auto& pair) { return pair.first; });
      if (found == pairs_.end()) {
        return Fail(ErrorCode::kInvalidTable,
                    "a partition or sort field has no column: source_id={}", id);
      }
      id = found->second;
    }
    return {};
  }

 private:
  std::vector<std::pair<int32_t, int32_t>> pairs_;
};

}  // namespace

Result<TableMetadata> MakeTableMetadata(const NewTable& table, int64_t now_ms) {
  ASSIGN_OR_RETURN(const int version, FormatVersion(table.properties));
  std::vector<std::pair<int32_t, int32_t>> pairs;
  ASSIGN_OR_RETURN(Schema schema, AssignFreshIds(table.schema, 1, &pairs));
  const Renumbering renumbering(std::move(pairs));
  PartitionSpec spec = table.spec;
  int32_t field_id = kPartitionFieldIdFirst;
  for (PartitionField& field : spec.fields) {
    RETURN_IF_ERROR(renumbering.Apply(field.source_ids));
    field.field_id = field_id++;
  }
  SortOrder order = table.sort_order;
  for (SortField& field : order.fields) RETURN_IF_ERROR(renumbering.Apply(field.source_ids));
  const std::vector<TableUpdate> updates = {AssignUuid{table.uuid.empty() ? NewUuid() : table.uuid},
                                            UpgradeFormatVersion{version},
                                            AddSchema{schema.WithId(0)},
                                            SetCurrentSchema{},
                                            AddSpec{std::move(spec)},
                                            SetDefaultSpec{},
                                            AddSortOrder{std::move(order)},
                                            SetDefaultSortOrder{},
                                            SetLocation{table.location},
                                            SetProperties{KeptProperties(table.properties)}};
  return ApplyUpdates({}, updates, now_ms);
}

void RecordMetadataFile(const TableMetadata& base, const std::string& base_file,
                        TableMetadata& next) {
  next.metadata_log = base.metadata_log;
  next.metadata_log.push_back({base.last_updated_ms, base_file});
  const int64_t kept = std::max<int64_t>(
      1, NumberOf(next.Property(kMetadataVersionsKey)).value_or(kMetadataVersionsDefault));
  if (const auto have = static_cast<int64_t>(next.metadata_log.size()); have > kept) {
    next.metadata_log.erase(next.metadata_log.begin(), next.metadata_log.begin() + (have - kept));
  }
}

}  // namespace weir::iceberg
