// A table as it is right now: one immutable snapshot, shared by whoever looks at it. A change to
// the table makes a new snapshot; holders of the old one keep a consistent past. Java:
// org.apache.fluss.metadata.TableInfo.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "meta/table_descriptor.h"
#include "meta/table_options.h"
#include "meta/table_path.h"

namespace weir {

struct PartitionInfo {
  PartitionId id;
  std::string name;  // values in partition key order, joined with '$'
  int64_t created_ms = 0;
};

struct TableInfo {
  TableId id;
  TablePath path;
  TableDescriptor descriptor;  // complete: bucket count and defaults filled in; schema = the latest
  TableConfig config;          // descriptor.properties, parsed
  std::map<SchemaId, std::shared_ptr<const Schema>>
      schemas;            // every version there ever was, from 1
  SchemaId schema_id{1};  // the latest
  int64_t created_ms = 0;
  int64_t modified_ms = 0;
  std::map<std::string, PartitionInfo, std::less<>>
      partitions;  // by name; empty when not partitioned

  const Schema& schema() const { return descriptor.schema; }
  int32_t bucket_count() const { return *descriptor.bucket_count; }
  bool is_partitioned() const { return descriptor.is_partitioned(); }
  bool has_primary_key() const { return schema().has_primary_key(); }
  /// The primary key without the partition keys, in primary key order.
  std::vector<std::string> PhysicalPrimaryKey() const;

  /// The schema of `id`, or null.
  std::shared_ptr<const Schema> FindSchema(SchemaId id) const;
  /// The partition of `id`, or null.
  const PartitionInfo* FindPartition(PartitionId id) const;
};

using TableRef = std::shared_ptr<const TableInfo>;

struct DatabaseInfo {
  std::string name;
  DatabaseDescriptor descriptor;
  int64_t created_ms = 0;
  int64_t modified_ms = 0;
};

using DatabaseRef = std::shared_ptr<const DatabaseInfo>;

}  // namespace weir
