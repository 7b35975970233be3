#include "lake/statistics.h"

#include "lake/json_fields.h"

namespace weir::iceberg {
namespace {

json::object ToJson(const BlobMetadata& blob) {
  json::object out{{"type", blob.type},
                   {"snapshot-id", blob.snapshot_id},
                   {"sequence-number", blob.sequence_number},
                   {"fields", NumbersToJson(blob.fields)}};
  if (!blob.properties.empty()) out["properties"] = MapToJson(blob.properties);
  return out;
}

Result<BlobMetadata> BlobFromJson(const json::value& value) {
  BlobMetadata blob;
  JsonFields in(value, "metadata of a statistics blob");
  in.Need("type", blob.type);
  in.Need("snapshot-id", blob.snapshot_id);
  in.Need("sequence-number", blob.sequence_number);
  in.Need("fields", blob.fields);
  in.Get("properties", blob.properties);
  RETURN_IF_ERROR(in.status());
  return blob;
}

}  // namespace

json::object ToJson(const StatisticsFile& file) {
  json::object out{{"snapshot-id", file.snapshot_id},
                   {"statistics-path", file.path},
                   {"file-size-in-bytes", file.file_bytes},
                   {"file-footer-size-in-bytes", file.footer_bytes}};
  if (file.key_metadata) out["key-metadata"] = *file.key_metadata;
  json::array blobs;
  for (const BlobMetadata& blob : file.blobs) blobs.emplace_back(ToJson(blob));
  out["blob-metadata"] = std::move(blobs);
  return out;
}

json::object ToJson(const PartitionStatisticsFile& file) {
  return {{"snapshot-id", file.snapshot_id},
          {"statistics-path", file.path},
          {"file-size-in-bytes", file.file_bytes}};
}

Result<StatisticsFile> StatisticsFileFromJson(const json::value& value) {
  StatisticsFile file;
  JsonFields in(value, "a statistics file");
  in.Need("snapshot-id", file.snapshot_id);
  in.Need("statistics-path", file.path);
  in.Need("file-size-in-bytes", file.file_bytes);
  in.Need("file-footer-size-in-bytes", file.footer_bytes);
  in.Get("key-metadata", file.key_metadata);
  in.NeedEach("blob-metadata", [&](const json::value& item) -> Status {
    ASSIGN_OR_RETURN(BlobMetadata blob, BlobFromJson(item));
    file.blobs.push_back(std::move(blob));
    return {};
  });
  RETURN_IF_ERROR(in.status());
  return file;
}

Result<PartitionStatisticsFile> PartitionStatisticsFileFromJson(const json::value& value) {
  PartitionStatisticsFile file;
  JsonFields in(value, "a partition statistics file");
  in.Need("snapshot-id", file.snapshot_id);
  in.Need("statistics-path", file.path);
  in.Need("file-size-in-bytes", file.file_bytes);
  RETURN_IF_ERROR(in.status());
  return file;
}

}  // namespace weir::iceberg
