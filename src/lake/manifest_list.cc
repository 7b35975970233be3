#include "lake/manifest_list.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "lake/avro_fields.h"
#include "lake/avro_writer.h"
#include "lake/file_io.h"
#include "lake/manifest_schema.h"

namespace weir::iceberg {
namespace {

FieldSummary ReadSummary(const AvroValue& record, AvroFields& fields) {
  FieldSummary out;
  if (record.kind() != AvroKind::kRecord) {
    out.contains_null = fields.Boolean(record);
    return out;
  }
  for (size_t i = 0; i < record.items.size(); ++i) {
    const AvroValue& value = record.items[i];
    switch (record.type->fields[i].field_id) {
      case list_field::kContainsNull:
        out.contains_null = fields.Boolean(value);
        break;
      case list_field::kContainsNan:
        if (!value.is_null()) out.contains_nan = fields.Boolean(value);
        break;
      case list_field::kLowerBound:
        out.lower_bound = fields.MaybeBytes(value);
        break;
      case list_field::kUpperBound:
        out.upper_bound = fields.MaybeBytes(value);
        break;
    }
  }
  return out;
}

void ReadField(int32_t field_id, const AvroValue& value, AvroFields& fields, ManifestFile& out) {
  switch (field_id) {
    case list_field::kManifestPath:
      out.manifest_path = fields.Bytes(value);
      break;
    case list_field::kManifestLength:
      out.manifest_length = fields.Integer<int64_t>(value);
      break;
    case list_field::kPartitionSpecId:
      out.partition_spec_id = fields.Integer<int32_t>(value);
      break;
    case list_field::kContent:
      out.content =
          fields.Integer<int32_t>(value) == 1 ? ManifestContent::kDeletes : ManifestContent::kData;
      break;
    case list_field::kSequenceNumber:
      out.sequence_number = fields.Integer<int64_t>(value);
      break;
    case list_field::kMinSequenceNumber:
      out.min_sequence_number = fields.Integer<int64_t>(value);
      break;
    case list_field::kAddedSnapshotId:
      out.added_snapshot_id = fields.MaybeInteger<int64_t>(value).value_or(0);
      break;
    case list_field::kAddedFilesCount:
      out.added_files_count = fields.MaybeInteger<int32_t>(value);
      break;
    case list_field::kExistingFilesCount:
      out.existing_files_count = fields.MaybeInteger<int32_t>(value);
      break;
    case list_field::kDeletedFilesCount:
      out.deleted_files_count = fields.MaybeInteger<int32_t>(value);
      break;
    case list_field::kAddedRowsCount:
      out.added_rows_count = fields.MaybeInteger<int64_t>(value);
      break;
    case list_field::kExistingRowsCount:
      out.existing_rows_count = fields.MaybeInteger<int64_t>(value);
      break;
    case list_field::kDeletedRowsCount:
      out.deleted_rows_count = fields.MaybeInteger<int64_t>(value);
      break;
    case list_field::kPartitions:
      for (const AvroValue& item : fields.Items(value)) {
        out.partitions.push_back(ReadSummary(item, fields));
      }
      break;
    case list_field::kKeyMetadata:
      out.key_metadata = fields.MaybeBytes(value);
      break;
    case list_field::kFirstRowId:
      out.first_row_id = fields.MaybeInteger<int64_t>(value);
      break;
  }
}

template <class T, class F>
void WriteOptional(AvroEncoder& out, const std::optional<T>& value, F write) {
  if (!value) return out.Null();
  out.Some();
  write(*value);
}

void WritePartitions(AvroEncoder& out, std::span<const FieldSummary> partitions) {
  const auto bytes = [&](const std::string& bound) { out.String(bound); };
  out.Some();
  out.BeginItems(partitions.size());
  for (const FieldSummary& summary : partitions) {
    out.Bool(summary.contains_null);
    WriteOptional(out, summary.contains_nan, [&](bool nan) { out.Bool(nan); });
    WriteOptional(out, summary.lower_bound, bytes);
    WriteOptional(out, summary.upper_bound, bytes);
  }
  out.EndItems();
}

void WriteRow(AvroEncoder& out, const ManifestListHeader& header, const ManifestFile& manifest) {
  out.String(manifest.manifest_path);
  out.Long(manifest.manifest_length);
  out.Long(manifest.partition_spec_id);
  out.Long(static_cast<int32_t>(manifest.content));
  // Entries that inherit their number are as old as the snapshot; every known number is older.
  out.Long(manifest.sequence_number.value_or(header.sequence_number));
  out.Long(std::min(manifest.min_sequence_number, header.sequence_number));
  out.Long(manifest.added_snapshot_id);
  out.Long(manifest.added_files_count.value_or(0));
  out.Long(manifest.existing_files_count.value_or(0));
  out.Long(manifest.deleted_files_count.value_or(0));
  out.Long(manifest.added_rows_count.value_or(0));
  out.Long(manifest.existing_rows_count.value_or(0));
  out.Long(manifest.deleted_rows_count.value_or(0));
  WritePartitions(out, manifest.partitions);
  WriteOptional(out, manifest.key_metadata, [&](const std::string& key) { out.String(key); });
  if (header.format_version < 3) return;
  WriteOptional(out, manifest.first_row_id, [&](int64_t row) { out.Long(row); });
}

}  // namespace

Result<std::vector<ManifestFile>> ParseManifestList(BytesView bytes) {
  ASSIGN_OR_RETURN(const AvroReader reader, AvroReader::Open(bytes, KnownManifestListFields()));
  std::vector<ManifestFile> manifests;
  RETURN_IF_ERROR(reader.ForEach([&](const AvroValue& record) -> Status {
    AvroFields fields;
    ManifestFile manifest;
    for (size_t i = 0; i < record.items.size(); ++i) {
      ReadField(record.type->fields[i].field_id, record.items[i], fields, manifest);
    }
    if (!fields.ok() || manifest.manifest_path.empty()) {
      return Fail(ErrorCode::kCorruptRecord, "manifest list has a damaged row: row={}",
                  manifests.size());
    }
    if (!manifest.sequence_number) manifest.sequence_number = 0;
    manifests.push_back(std::move(manifest));
    return {};
  }));
  return manifests;
}

Result<std::vector<ManifestFile>> ReadManifestList(FileIo& io, const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, io.ReadAll(path));
  auto manifests = ParseManifestList(bytes);
  if (manifests.ok()) return manifests;
  return Fail(manifests.code(), "manifest list cannot be read: path={} reason={}", path,
              manifests.error().message);
}

std::string SerializeManifestList(const ManifestListHeader& header,
                                  std::span<const ManifestFile> manifests) {
  const auto text = [](const std::optional<int64_t>& number) {
    return number ? fmt::format("{}", *number) : std::string("null");
  };
  std::map<std::string, std::string> metadata = {
      {"format-version", fmt::format("{}", header.format_version)},
      {"snapshot-id", fmt::format("{}", header.snapshot_id)},
      {"parent-snapshot-id", text(header.parent_snapshot_id)},
      {"sequence-number", fmt::format("{}", header.sequence_number)},
  };
  if (header.format_version >= 3) metadata["first-row-id"] = text(header.first_row_id);
  AvroWriter out(ManifestListSchema(header.format_version), metadata, AvroCodec::kDeflate);
  for (const ManifestFile& manifest : manifests) {
    WEIR_CHECK(header.format_version < 3 || manifest.content == ManifestContent::kDeletes ||
               manifest.first_row_id.has_value());
    WriteRow(out.record(), header, manifest);
    out.EndRecord();
  }
  return std::move(out).Finish();
}

}  // namespace weir::iceberg
