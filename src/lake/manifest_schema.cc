#include "lake/manifest_schema.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <set>

#include "lake/avro_literal.h"

namespace weir::iceberg {
namespace {

constexpr std::string_view kInt = R"("int")";
constexpr std::string_view kLong = R"("long")";
constexpr std::string_view kString = R"("string")";
constexpr std::string_view kBytes = R"("bytes")";
constexpr std::string_view kBoolean = R"("boolean")";

std::string Required(std::string_view name, int32_t id, std::string_view type) {
  return fmt::format(R"({{"name":"{}","type":{},"field-id":{}}})", name, type, id);
}

std::string Optional(std::string_view name, int32_t id, std::string_view type) {
  return fmt::format(R"({{"name":"{}","type":["null",{}],"default":null,"field-id":{}}})", name,
                     type, id);
}

/// Avro's maps have text keys only; Iceberg writes other maps as arrays of pairs.
std::string PairArray(int32_t key_id, int32_t value_id, std::string_view value_type) {
  return fmt::format(
      R"({{"type":"array","logicalType":"map","items":{{"type":"record","name":"k{}_v{}","fields":[{},{}]}}}})",
      key_id, value_id, Required("key", key_id, kInt), Required("value", value_id, value_type));
}

std::string Array(int32_t element_id, std::string_view type) {
  return fmt::format(R"({{"type":"array","items":{},"element-id":{}}})", type, element_id);
}

std::string Record(std::string_view name, const std::string& fields) {
  return fmt::format(R"({{"type":"record","name":"{}","fields":[{}]}})", name, fields);
}

std::string PartitionRecord(const Type& partition_type) {
  std::set<std::string> defined;
  std::string fields;
  for (const Field& field : partition_type.fields()) {
    const std::string name = AvroName(field.name);
    std::string text = Optional(name, field.id, AvroTypeText(field.type, defined));
    if (name != field.name) {
      text.pop_back();
      text += fmt::format(R"(,"iceberg-field-name":{}}})",
                          boost::json::serialize(boost::json::string(field.name)));
    }
    if (!fields.empty()) fields += ',';
    fields += text;
  }
  return Record("r102", fields);
}

std::string DataFileRecord(int32_t format_version, const Type& partition_type) {
  std::vector<std::string> fields = {
      Required("content", file_field::kContent, kInt),
      Required("file_path", file_field::kFilePath, kString),
      Required("file_format", file_field::kFileFormat, kString),
      Required("partition", file_field::kPartition, PartitionRecord(partition_type)),
      Required("record_count", file_field::kRecordCount, kLong),
      Required("file_size_in_bytes", file_field::kFileSize, kLong),
      Optional("column_sizes", file_field::kColumnSizes, PairArray(117, 118, kLong)),
      Optional("value_counts", file_field::kValueCounts, PairArray(119, 120, kLong)),
      Optional("null_value_counts", file_field::kNullValueCounts, PairArray(121, 122, kLong)),
      Optional("nan_value_counts", file_field::kNanValueCounts, PairArray(138, 139, kLong)),
      Optional("lower_bounds", file_field::kLowerBounds, PairArray(126, 127, kBytes)),
      Optional("upper_bounds", file_field::kUpperBounds, PairArray(129, 130, kBytes)),
      Optional("key_metadata", file_field::kKeyMetadata, kBytes),
      Optional("split_offsets", file_field::kSplitOffsets, Array(133, kLong)),
      Optional("equality_ids", file_field::kEqualityIds, Array(136, kInt)),
      Optional("sort_order_id", file_field::kSortOrderId, kInt),
  };
  if (format_version >= 3) {
    fields.push_back(Optional("first_row_id", file_field::kFirstRowId, kLong));
  }
  fields.push_back(Optional("referenced_data_file", file_field::kReferencedDataFile, kString));
  if (format_version >= 3) {
    fields.push_back(Optional("content_offset", file_field::kContentOffset, kLong));
    fields.push_back(Optional("content_size_in_bytes", file_field::kContentSize, kLong));
  }
  return Record("r2", fmt::format("{}", fmt::join(fields, ",")));
}

}  // namespace

std::string ManifestEntrySchema(int32_t format_version, const Type& partition_type) {
  const std::string fields[] = {
      Required("status", entry_field::kStatus, kInt),
      Optional("snapshot_id", entry_field::kSnapshotId, kLong),
      Optional("sequence_number", entry_field::kSequenceNumber, kLong),
      Optional("file_sequence_number", entry_field::kFileSequenceNumber, kLong),
      Required("data_file", entry_field::kDataFile, DataFileRecord(format_version, partition_type)),
  };
  return Record("manifest_entry", fmt::format("{}", fmt::join(fields, ",")));
}

std::string ManifestListSchema(int32_t format_version) {
  const std::string summary[] = {
      Required("contains_null", list_field::kContainsNull, kBoolean),
      Optional("contains_nan", list_field::kContainsNan, kBoolean),
      Optional("lower_bound", list_field::kLowerBound, kBytes),
      Optional("upper_bound", list_field::kUpperBound, kBytes),
  };
  std::vector<std::string> fields = {
      Required("manifest_path", list_field::kManifestPath, kString),
      Required("manifest_length", list_field::kManifestLength, kLong),
      Required("partition_spec_id", list_field::kPartitionSpecId, kInt),
      Required("content", list_field::kContent, kInt),
      Required("sequence_number", list_field::kSequenceNumber, kLong),
      Required("min_sequence_number", list_field::kMinSequenceNumber, kLong),
      Required("added_snapshot_id", list_field::kAddedSnapshotId, kLong),
      Required("added_files_count", list_field::kAddedFilesCount, kInt),
      Required("existing_files_count", list_field::kExistingFilesCount, kInt),
      Required("deleted_files_count", list_field::kDeletedFilesCount, kInt),
      Required("added_rows_count", list_field::kAddedRowsCount, kLong),
      Required("existing_rows_count", list_field::kExistingRowsCount, kLong),
      Required("deleted_rows_count", list_field::kDeletedRowsCount, kLong),
      Optional("partitions", list_field::kPartitions,
               Array(508, Record("r508", fmt::format("{}", fmt::join(summary, ","))))),
      Optional("key_metadata", list_field::kKeyMetadata, kBytes),
  };
  if (format_version >= 3) {
    fields.push_back(Optional("first_row_id", list_field::kFirstRowId, kLong));
  }
  return Record("manifest_file", fmt::format("{}", fmt::join(fields, ",")));
}

std::span<const AvroFieldId> KnownManifestFields() {
  static constexpr AvroFieldId kFields[] = {
      {"status", entry_field::kStatus},
      {"snapshot_id", entry_field::kSnapshotId},
      {"sequence_number", entry_field::kSequenceNumber},
      {"file_sequence_number", entry_field::kFileSequenceNumber},
      {"data_file", entry_field::kDataFile},
      {"content", file_field::kContent},
      {"file_path", file_field::kFilePath},
      {"file_format", file_field::kFileFormat},
      {"partition", file_field::kPartition},
      {"record_count", file_field::kRecordCount},
      {"file_size_in_bytes", file_field::kFileSize},
      {"column_sizes", file_field::kColumnSizes},
      {"value_counts", file_field::kValueCounts},
      {"null_value_counts", file_field::kNullValueCounts},
      {"nan_value_counts", file_field::kNanValueCounts},
      {"lower_bounds", file_field::kLowerBounds},
      {"upper_bounds", file_field::kUpperBounds},
      {"key_metadata", file_field::kKeyMetadata},
      {"split_offsets", file_field::kSplitOffsets},
      {"equality_ids", file_field::kEqualityIds},
      {"sort_order_id", file_field::kSortOrderId},
      {"first_row_id", file_field::kFirstRowId},
      {"referenced_data_file", file_field::kReferencedDataFile},
      {"content_offset", file_field::kContentOffset},
      {"content_size_in_bytes", file_field::kContentSize},
  };
  return kFields;
}

std::span<const AvroFieldId> KnownManifestListFields() {
  static constexpr AvroFieldId kFields[] = {
      {"manifest_path", list_field::kManifestPath},
      {"manifest_length", list_field::kManifestLength},
      {"partition_spec_id", list_field::kPartitionSpecId},
      {"content", list_field::kContent},
      {"sequence_number", list_field::kSequenceNumber},
      {"min_sequence_number", list_field::kMinSequenceNumber},
      {"added_snapshot_id", list_field::kAddedSnapshotId},
      {"added_files_count", list_field::kAddedFilesCount},
      {"added_data_files_count", list_field::kAddedFilesCount},
      {"existing_files_count", list_field::kExistingFilesCount},
      {"existing_data_files_count", list_field::kExistingFilesCount},
      {"deleted_files_count", list_field::kDeletedFilesCount},
      {"deleted_data_files_count", list_field::kDeletedFilesCount},
      {"added_rows_count", list_field::kAddedRowsCount},
      {"existing_rows_count", list_field::kExistingRowsCount},
      {"deleted_rows_count", list_field::kDeletedRowsCount},
      {"partitions", list_field::kPartitions},
      {"contains_null", list_field::kContainsNull},
      {"contains_nan", list_field::kContainsNan},
      {"lower_bound", list_field::kLowerBound},
      {"upper_bound", list_field::kUpperBound},
      {"key_metadata", list_field::kKeyMetadata},
      {"first_row_id", list_field::kFirstRowId},
  };
  return kFields;
}

}  // namespace weir::iceberg
