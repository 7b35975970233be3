#include <charconv>

#include "lake/avro_fields.h"
#include "lake/avro_literal.h"
#include "lake/file_io.h"
#include "lake/manifest.h"
#include "lake/manifest_schema.h"
#include "lake/table_metadata.h"

namespace weir::iceberg {
namespace {

/// Reads the data_file records of one manifest.
class DataFileReader {
 public:
  DataFileReader(const PartitionSpec& spec, const Type& partition_type)
      : spec_(spec), partition_type_(partition_type) {}

  DataFile Read(const AvroValue& record, AvroFields& fields) const {
    DataFile file;
    file.spec_id = spec_.spec_id;
    file.partition.resize(spec_.fields.size());
    for (size_t i = 0; i < record.items.size(); ++i) {
      const int32_t id = record.type->fields[i].field_id;
      const AvroValue& value = record.items[i];
      if (!ReadFact(id, value, fields, file)) ReadStatistic(id, value, fields, file);
    }
    return file;
  }

 private:
  bool ReadFact(int32_t field_id, const AvroValue& value, AvroFields& fields,
                DataFile& file) const {
    switch (field_id) {
      case file_field::kContent:
        file.content = Content(value, fields);
        return true;
      case file_field::kFilePath:
        file.file_path = fields.Bytes(value);
        return true;
      case file_field::kFileFormat:
        file.format = Format(value, fields);
        return true;
      case file_field::kPartition:
        ReadPartition(value, file.partition);
        return true;
      case file_field::kRecordCount:
        file.record_count = fields.Integer<int64_t>(value);
        return true;
      case file_field::kFileSize:
        file.file_size_bytes = fields.Integer<int64_t>(value);
        return true;
      case file_field::kSortOrderId:
        file.sort_order_id = fields.MaybeInteger<int32_t>(value);
        return true;
      case file_field::kFirstRowId:
        file.first_row_id = fields.MaybeInteger<int64_t>(value);
        return true;
      case file_field::kReferencedDataFile:
        file.referenced_data_file = fields.MaybeBytes(value);
        return true;
      case file_field::kContentOffset:
        file.content_offset = fields.MaybeInteger<int64_t>(value);
        return true;
      case file_field::kContentSize:
        file.content_size_bytes = fields.MaybeInteger<int64_t>(value);
        return true;
      default:
        return false;
    }
  }

  static void ReadStatistic(int32_t field_id, const AvroValue& value, AvroFields& fields,
                            DataFile& file) {
    switch (field_id) {
      case file_field::kColumnSizes:
        return ReadCounts(value, fields, file.column_sizes);
      case file_field::kValueCounts:
        return ReadCounts(value, fields, file.value_counts);
      case file_field::kNullValueCounts:
        return ReadCounts(value, fields, file.null_value_counts);
      case file_field::kNanValueCounts:
        return ReadCounts(value, fields, file.nan_value_counts);
      case file_field::kLowerBounds:
        return ReadBounds(value, fields, file.lower_bounds);
      case file_field::kUpperBounds:
        return ReadBounds(value, fields, file.upper_bounds);
      case file_field::kKeyMetadata:
        file.key_metadata = fields.MaybeBytes(value);
        return;
      case file_field::kSplitOffsets:
        for (const AvroValue& item : fields.Items(value)) {
          file.split_offsets.push_back(fields.Integer<int64_t>(item));
        }
        return;
      case file_field::kEqualityIds:
        for (const AvroValue& item : fields.Items(value)) {
          file.equality_ids.push_back(fields.Integer<int32_t>(item));
        }
        return;
    }
  }

  static FileContent Content(const AvroValue& value, AvroFields& fields) {
    const auto content = fields.Integer<uint8_t>(value);
    if (content <= static_cast<uint8_t>(FileContent::kEqualityDeletes)) {
      return static_cast<FileContent>(content);
    }
    fields.Break();
    return FileContent::kData;
  }

  static FileFormat Format(const AvroValue& value, AvroFields& fields) {
    const Result<FileFormat> format = FileFormatFromName(fields.Bytes(value));
    if (!format.ok()) fields.Break();
    return format.value_or(FileFormat::kParquet);
  }

  /// Values are found by the partition field's id, so that order does not matter.
  void ReadPartition(const AvroValue& record, PartitionValues& partition) const {
    if (record.kind() != AvroKind::kRecord) return;
    for (size_t i = 0; i < record.items.size(); ++i) {
      for (size_t at = 0; at < spec_.fields.size(); ++at) {
        const AvroField& written = record.type->fields[i];
        const PartitionField& field = spec_.fields[at];
        const bool same = written.field_id >= 0 ? written.field_id == field.field_id
                                                : written.name == AvroName(field.name);
        if (!same || record.items[i].is_null()) continue;
        partition[at] = LiteralFromAvro(partition_type_.fields()[at].type, record.items[i]);
      }
    }
  }

  /// A pair of a map that is written as an array; null when it is none.
  static const AvroValue* PairOf(const AvroValue& item, AvroFields& fields) {
    if (item.kind() == AvroKind::kRecord && item.items.size() == 2) return item.items.data();
    fields.Break();
    return nullptr;
  }

  static void ReadCounts(const AvroValue& value, AvroFields& fields,
                         std::map<int32_t, int64_t>& counts) {
    for (const AvroValue& item : fields.Items(value)) {
      const AvroValue* pair = PairOf(item, fields);
      if (pair == nullptr) return;
      counts[fields.Integer<int32_t>(pair[0])] = fields.Integer<int64_t>(pair[1]);
    }
  }

  static void ReadBounds(const AvroValue& value, AvroFields& fields,
                         std::map<int32_t, std::string>& bounds) {
    for (const AvroValue& item : fields.Items(value)) {
      const AvroValue* pair = PairOf(item, fields);
      if (pair == nullptr) return;
      bounds[fields.Integer<int32_t>(pair[0])] = fields.Bytes(pair[1]);
    }
  }

  const PartitionSpec& spec_;
  const Type& partition_type_;
};

ManifestEntry ReadEntry(const AvroValue& record, const DataFileReader& files, AvroFields& fields) {
  ManifestEntry entry;
  for (size_t i = 0; i < record.items.size(); ++i) {
    const AvroValue& value = record.items[i];
    switch (record.type->fields[i].field_id) {
      case entry_field::kStatus: {
        const auto status = fields.Integer<uint8_t>(value);
        if (status > static_cast<uint8_t>(EntryStatus::kDeleted)) fields.Break();
        entry.status = static_cast<EntryStatus>(status);
        break;
      }
      case entry_field::kSnapshotId:
        entry.snapshot_id = fields.MaybeInteger<int64_t>(value);
        break;
      case entry_field::kSequenceNumber:
        entry.sequence_number = fields.MaybeInteger<int64_t>(value);
        break;
      case entry_field::kFileSequenceNumber:
        entry.file_sequence_number = fields.MaybeInteger<int64_t>(value);
        break;
      case entry_field::kDataFile:
        if (value.kind() == AvroKind::kRecord) {
          entry.file = files.Read(value, fields);
        } else {
          fields.Break();
        }
        break;
    }
  }
  return entry;
}

std::optional<int32_t> HeaderNumber(const AvroReader& reader, std::string_view key) {
  const auto text = reader.Metadata(key);
  int32_t number = 0;
  if (!text ||
      std::from_chars(text->data(), text->data() + text->size(), number).ec != std::errc()) {
    return std::nullopt;
  }
  return number;
}

Result<ManifestFile> ManifestFromHeader(FileIo& io, const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, io.ReadAll(path));
  ASSIGN_OR_RETURN(const AvroReader reader, AvroReader::Open(bytes, KnownManifestFields()));
  ManifestFile manifest;
  manifest.manifest_path = path;
  manifest.manifest_length = static_cast<int64_t>(bytes.size());
  manifest.partition_spec_id = HeaderNumber(reader, "partition-spec-id").value_or(0);
  manifest.sequence_number = 0;
  return manifest;
}

}  // namespace

const Schema& SchemaForSpec(const PartitionSpec& spec, const TableMetadata& table) {
  const auto known = [&](const Schema& schema) {
    size_t count = 0;
    for (const PartitionField& field : spec.fields) {
      count += schema.FindField(field.source_id()) != nullptr;
    }
    return count;
  };
  const Schema* best = &table.current_schema();
  for (const Schema& schema : table.schemas) {
    if (known(schema) > known(*best)) best = &schema;
  }
  return *best;
}

Result<std::vector<ManifestEntry>> ParseManifest(BytesView bytes, const PartitionSpec& spec,
                                                 const Schema& schema) {
  ASSIGN_OR_RETURN(const Type partition_type, PartitionType(spec, schema));
  ASSIGN_OR_RETURN(const AvroReader reader, AvroReader::Open(bytes, KnownManifestFields()));
  const DataFileReader files(spec, partition_type);
  std::vector<ManifestEntry> entries;
  RETURN_IF_ERROR(reader.ForEach([&](const AvroValue& record) -> Status {
    AvroFields fields;
    ManifestEntry entry = ReadEntry(record, files, fields);
    if (!fields.ok() || entry.file.file_path.empty() || entry.file.record_count < 0) {
      return Fail(ErrorCode::kCorruptRecord, "manifest has a damaged entry: entry={}",
                  entries.size());
    }
    entries.push_back(std::move(entry));
    return {};
  }));
  return entries;
}

Status Inherit(const ManifestFile& manifest, std::vector<ManifestEntry>& entries) {
  const int64_t sequence_number = manifest.sequence_number.value_or(0);
  std::optional<int64_t> next_row_id = manifest.first_row_id;
  for (ManifestEntry& entry : entries) {
    const bool inherits = entry.status == EntryStatus::kAdded || sequence_number == 0;
    if (!entry.snapshot_id) entry.snapshot_id = manifest.added_snapshot_id;
    if (!entry.sequence_number && !inherits && entry.is_live()) {
      return Fail(ErrorCode::kCorruptRecord,
                  "manifest has an old entry without sequence number: path={}",
                  entry.file.file_path);
    }
    if (!entry.sequence_number) entry.sequence_number = sequence_number;
    if (!entry.file_sequence_number) {
      entry.file_sequence_number = inherits ? sequence_number : *entry.sequence_number;
    }
    if (!next_row_id || manifest.content != ManifestContent::kData) {
      entry.file.first_row_id.reset();
    } else if (entry.is_live() && !entry.file.first_row_id) {
      entry.file.first_row_id = next_row_id;
      *next_row_id += entry.file.record_count;
    }
  }
  return {};
}

Result<std::vector<ManifestEntry>> ReadManifest(FileIo& io, const ManifestFile& manifest,
                                                const TableMetadata& table) {
  const auto damaged = [&](const Error& error) {
    return Fail(error.code, "manifest cannot be read: path={} reason={}", manifest.manifest_path,
                error.message);
  };
  const PartitionSpec* spec = table.FindSpec(manifest.partition_spec_id);
  if (spec == nullptr) {
    return Fail(ErrorCode::kCorruptRecord, "manifest has an unknown spec: path={} spec={}",
                manifest.manifest_path, manifest.partition_spec_id);
  }
  ASSIGN_OR_RETURN(const std::string bytes, io.ReadAll(manifest.manifest_path));
  auto entries = ParseManifest(bytes, *spec, SchemaForSpec(*spec, table));
  if (!entries.ok()) return damaged(entries.error());
  if (const Status inherited = Inherit(manifest, *entries); !inherited.ok()) {
    return damaged(inherited.error());
  }
  return entries;
}

Result<std::vector<ManifestFile>> ManifestsOf(FileIo& io, const Snapshot& snapshot) {
  if (!snapshot.manifest_list.empty()) return ReadManifestList(io, snapshot.manifest_list);
  std::vector<ManifestFile> manifests;
  for (const std::string& path : snapshot.manifests) {
    ASSIGN_OR_RETURN(ManifestFile manifest, ManifestFromHeader(io, path));
    manifest.added_snapshot_id = snapshot.snapshot_id;
    manifests.push_back(std::move(manifest));
  }
  return manifests;
}

}  // namespace weir::iceberg
