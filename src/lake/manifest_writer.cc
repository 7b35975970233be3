#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "lake/avro_literal.h"
#include "lake/avro_writer.h"
#include "lake/manifest.h"
#include "lake/manifest_schema.h"
#include "lake/partition_summary.h"

namespace weir::iceberg {
namespace {

void WriteLong(AvroEncoder& out, const std::optional<int64_t>& value) {
  if (!value) return out.Null();
  out.Some();
  out.Long(*value);
}

void WriteText(AvroEncoder& out, const std::optional<std::string>& value) {
  if (!value) return out.Null();
  out.Some();
  out.String(*value);
}

void WriteCounts(AvroEncoder& out, const std::map<int32_t, int64_t>& counts) {
  if (counts.empty()) return out.Null();
  out.Some();
  out.BeginItems(counts.size());
  for (const auto& [field_id, count] : counts) {
    out.Long(field_id);
    out.Long(count);
  }
  out.EndItems();
}

void WriteBounds(AvroEncoder& out, const std::map<int32_t, std::string>& bounds) {
  if (bounds.empty()) return out.Null();
  out.Some();
  out.BeginItems(bounds.size());
  for (const auto& [field_id, bound] : bounds) {
    out.Long(field_id);
    out.String(bound);
  }
  out.EndItems();
}

template <class T>
void WriteNumbers(AvroEncoder& out, const std::vector<T>& numbers) {
  if (numbers.empty()) return out.Null();
  out.Some();
  out.BeginItems(numbers.size());
  for (const T number : numbers) out.Long(number);
  out.EndItems();
}

void WritePartition(AvroEncoder& out, const Type& partition_type,
                    const PartitionValues& partition) {
  for (size_t i = 0; i < partition_type.fields().size(); ++i) {
    AvroEncoder encoded;
    const bool has = i < partition.size() && partition[i].has_value() &&
                     EncodeLiteral(partition_type.fields()[i].type, *partition[i], encoded);
    if (!has) {
      out.Null();
      continue;
    }
    out.Some();
    out.Fixed(encoded.bytes());
  }
}

std::string Capitals(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

void WriteDataFile(AvroEncoder& out, int32_t format_version, const Type& partition_type,
                   const DataFile& file) {
  out.Long(static_cast<int32_t>(file.content));
  out.String(file.file_path);
  out.String(Capitals(Name(file.format)));
  WritePartition(out, partition_type, file.partition);
  out.Long(file.record_count);
  out.Long(file.file_size_bytes);
  WriteCounts(out, file.column_sizes);
  WriteCounts(out, file.value_counts);
  WriteCounts(out, file.null_value_counts);
  WriteCounts(out, file.nan_value_counts);
  WriteBounds(out, file.lower_bounds);
  WriteBounds(out, file.upper_bounds);
  WriteText(out, file.key_metadata);
  WriteNumbers(out, file.split_offsets);
  WriteNumbers(out, file.equality_ids);
  WriteLong(out, file.sort_order_id);
  if (format_version >= 3) {
    WriteLong(out, file.content == FileContent::kData ? file.first_row_id : std::nullopt);
  }
  WriteText(out, file.referenced_data_file);
  if (format_version >= 3) {
    WriteLong(out, file.content_offset);
    WriteLong(out, file.content_size_bytes);
  }
}

std::map<std::string, std::string> Header(int32_t format_version, const PartitionSpec& spec,
                                          const Schema& schema, ManifestContent content) {
  return {
      {"schema", ToJsonText(schema)},
      {"schema-id", fmt::format("{}", schema.schema_id())},
      {"partition-spec", FieldsToJsonText(spec)},
      {"partition-spec-id", fmt::format("{}", spec.spec_id)},
      {"format-version", fmt::format("{}", format_version)},
      {"content", content == ManifestContent::kData ? "data" : "deletes"},
  };
}

/// A spec whose columns were all checked when it was added has a partition type.
Type PartitionTypeOf(const PartitionSpec& spec, const Schema& schema) {
  Result<Type> type = PartitionType(spec, schema);
  WEIR_CHECK(type.ok());
  return *std::move(type);
}

}  // namespace

struct ManifestWriter::State {
  State(int32_t version, const PartitionSpec& spec, const Schema& schema, ManifestContent content,
        int64_t snapshot)
      : format_version(version),
        snapshot_id(snapshot),
        partition_type(PartitionTypeOf(spec, schema)),
        summary(partition_type),
        out(ManifestEntrySchema(version, partition_type), Header(version, spec, schema, content),
            AvroCodec::kDeflate) {
    manifest.partition_spec_id = spec.spec_id;
    manifest.content = content;
    manifest.added_snapshot_id = snapshot;
    manifest.min_sequence_number = std::numeric_limits<int64_t>::max();
    manifest.added_files_count = manifest.existing_files_count = manifest.deleted_files_count = 0;
    manifest.added_rows_count = manifest.existing_rows_count = manifest.deleted_rows_count = 0;
  }

  void Write(EntryStatus status, int64_t in_snapshot, std::optional<int64_t> sequence_number,
             std::optional<int64_t> file_sequence_number, const DataFile& file) {
    AvroEncoder& record = out.record();
    record.Long(static_cast<int32_t>(status));
    WriteLong(record, in_snapshot);
    WriteLong(record, sequence_number);
    WriteLong(record, file_sequence_number);
    WriteDataFile(record, format_version, partition_type, file);
    out.EndRecord();
    summary.Add(file.partition);
    ++entries;
    if (status != EntryStatus::kDeleted && sequence_number) {
      manifest.min_sequence_number = std::min(manifest.min_sequence_number, *sequence_number);
    }
  }

  const int32_t format_version;
  const int64_t snapshot_id;
  const Type partition_type;
  PartitionSummary summary;
  AvroWriter out;
  ManifestFile manifest;
  size_t entries = 0;
};

ManifestWriter::ManifestWriter(int32_t format_version, const PartitionSpec& spec,
                               const Schema& schema, ManifestContent content, int64_t snapshot_id)
    : state_(std::make_unique<State>(format_version, spec, schema, content, snapshot_id)) {}

ManifestWriter::~ManifestWriter() = default;
ManifestWriter::ManifestWriter(ManifestWriter&&) noexcept = default;

void ManifestWriter::Add(const DataFile& file, std::optional<int64_t> sequence_number) {
  state_->Write(EntryStatus::kAdded, state_->snapshot_id, sequence_number, std::nullopt, file);
  ++*state_->manifest.added_files_count;
  *state_->manifest.added_rows_count += file.record_count;
}

void ManifestWriter::Keep(const ManifestEntry& entry) {
  state_->Write(EntryStatus::kExisting, entry.snapshot_id.value_or(state_->snapshot_id),
                entry.sequence_number, entry.file_sequence_number, entry.file);
  ++*state_->manifest.existing_files_count;
  *state_->manifest.existing_rows_count += entry.file.record_count;
}

void ManifestWriter::Remove(const ManifestEntry& entry) {
  state_->Write(EntryStatus::kDeleted, state_->snapshot_id, entry.sequence_number,
                entry.file_sequence_number, entry.file);
  ++*state_->manifest.deleted_files_count;
  *state_->manifest.deleted_rows_count += entry.file.record_count;
}

size_t ManifestWriter::entries() const { return state_->entries; }
size_t ManifestWriter::bytes() const { return state_->out.raw_bytes(); }

ManifestWriter::Finished ManifestWriter::Finish() && {
  Finished finished{.bytes = std::move(state_->out).Finish(), .manifest = state_->manifest};
  finished.manifest.manifest_length = static_cast<int64_t>(finished.bytes.size());
  finished.manifest.partitions = state_->summary.fields();
  return finished;
}

}  // namespace weir::iceberg
