#include "lake/scan_task_json.h"

#include <boost/json.hpp>
#include <map>

#include "base/hex.h"
#include "lake/table_metadata.h"

namespace weir::iceberg {
namespace {

namespace json = boost::json;

json::object CountsToJson(const std::map<int32_t, int64_t>& counts) {
  json::array keys;
  json::array values;
  for (const auto& [field_id, count] : counts) {
    keys.emplace_back(field_id);
    values.emplace_back(count);
  }
  return {{"keys", std::move(keys)}, {"values", std::move(values)}};
}

/// In hexadecimal text: the Java client reads bounds as binary, whatever the column's type.
json::object BoundsToJson(const std::map<int32_t, std::string>& bounds) {
  json::array keys;
  json::array values;
  for (const auto& [field_id, bound] : bounds) {
    keys.emplace_back(field_id);
    values.emplace_back(ToHex(bound));
  }
  return {{"keys", std::move(keys)}, {"values", std::move(values)}};
}

void AddStatistics(const DataFile& file, json::object& out) {
  const auto counts = [&](const char* key, const std::map<int32_t, int64_t>& of) {
    if (!of.empty()) out[key] = CountsToJson(of);
  };
  const auto bounds = [&](const char* key, const std::map<int32_t, std::string>& of) {
    if (!of.empty()) out[key] = BoundsToJson(of);
  };
  counts("column-sizes", file.column_sizes);
  counts("value-counts", file.value_counts);
  counts("null-value-counts", file.null_value_counts);
  counts("nan-value-counts", file.nan_value_counts);
  bounds("lower-bounds", file.lower_bounds);
  bounds("upper-bounds", file.upper_bounds);
}

void AddDeleteFacts(const DataFile& file, json::object& out) {
  if (!file.equality_ids.empty()) {
    out["equality-ids"] = json::array(file.equality_ids.begin(), file.equality_ids.end());
  }
  if (file.referenced_data_file) out["referenced-data-file"] = *file.referenced_data_file;
  if (file.content_offset) out["content-offset"] = *file.content_offset;
  if (file.content_size_bytes) out["content-size-in-bytes"] = *file.content_size_bytes;
}

}  // namespace

Result<json::value> ContentFileToJson(const DataFile& file, const TableMetadata& table) {
  const PartitionSpec* spec = table.FindSpec(file.spec_id);
  if (spec == nullptr || spec->fields.size() != file.partition.size()) {
    return Fail(ErrorCode::kCorruptRecord, "file does not fit its partition spec: path={} spec={}",
                file.file_path, file.spec_id);
  }
  json::array partition;
  for (const auto& value : file.partition) {
    partition.push_back(value ? ToJson(*value) : json::value(nullptr));
  }
  json::object out = {
      {"spec-id", file.spec_id},           {"content", Name(file.content)},
      {"file-path", file.file_path},       {"file-format", Name(file.format)},
      {"partition", std::move(partition)}, {"file-size-in-bytes", file.file_size_bytes},
      {"record-count", file.record_count},
  };
  AddStatistics(file, out);
  if (file.key_metadata) out["key-metadata"] = ToHex(*file.key_metadata);
  if (!file.split_offsets.empty()) {
    out["split-offsets"] = json::array(file.split_offsets.begin(), file.split_offsets.end());
  }
  if (file.sort_order_id) out["sort-order-id"] = *file.sort_order_id;
  if (file.first_row_id) out["first-row-id"] = *file.first_row_id;
  if (file.content != FileContent::kData) AddDeleteFacts(file, out);
  return json::value(std::move(out));
}

Result<json::object> ScanTasksToJson(std::span<const FileScanTask> tasks,
                                     const TableMetadata& table, const json::value* filter) {
  const json::value residual = filter == nullptr ? json::value(true) : *filter;
  json::array scan_tasks;
  json::array delete_files;
  std::map<FileKey, size_t> known;
  for (const FileScanTask& task : tasks) {
    ASSIGN_OR_RETURN(json::value data_file, ContentFileToJson(task.data_file, table));
    if (task.data_file.first_row_id) {
      data_file.get_object()["data-sequence-number"] = task.sequence_number;
    }
    json::object scan_task = {{"data-file", std::move(data_file)}, {"residual-filter", residual}};
    json::array references;
    for (const auto& deletes : task.deletes) {
      const auto [at, is_new] = known.emplace(KeyOf(deletes->file), delete_files.size());
      if (is_new) {
        ASSIGN_OR_RETURN(json::value delete_file, ContentFileToJson(deletes->file, table));
        delete_files.push_back(std::move(delete_file));
      }
      references.emplace_back(at->second);
    }
    if (!references.empty()) scan_task["delete-file-references"] = std::move(references);
    scan_tasks.push_back(std::move(scan_task));
  }
  json::object out = {{"file-scan-tasks", std::move(scan_tasks)}};
  if (!delete_files.empty()) out["delete-files"] = std::move(delete_files);
  return out;
}

}  // namespace weir::iceberg
