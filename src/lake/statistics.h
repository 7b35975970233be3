// Puffin files with statistics of a snapshot, and files with statistics of its partitions, by name only.
// Source: Iceberg table specification, "Table Statistics", "Partition Statistics".
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace weir::iceberg {

struct BlobMetadata {
  std::string type;
  int64_t snapshot_id = 0;
  int64_t sequence_number = 0;
  std::vector<int32_t> fields;
  std::map<std::string, std::string> properties;

  friend bool operator==(const BlobMetadata&, const BlobMetadata&) = default;
};

struct StatisticsFile {
  int64_t snapshot_id = 0;
  std::string path;
  int64_t file_bytes = 0;
  int64_t footer_bytes = 0;
  std::optional<std::string> key_metadata;  // base64
  std::vector<BlobMetadata> blobs;

  friend bool operator==(const StatisticsFile&, const StatisticsFile&) = default;
};

struct PartitionStatisticsFile {
  int64_t snapshot_id = 0;
  std::string path;
  int64_t file_bytes = 0;

  friend bool operator==(const PartitionStatisticsFile&, const PartitionStatisticsFile&) = default;
};

boost::json::object ToJson(const StatisticsFile& file);
boost::json::object ToJson(const PartitionStatisticsFile& file);
/// Errors  kInvalidTable
Result<StatisticsFile> StatisticsFileFromJson(const boost::json::value& value);
Result<PartitionStatisticsFile> PartitionStatisticsFileFromJson(const boost::json::value& value);

}  // namespace weir::iceberg
