#include "tablet/tablets.h"

namespace weir {

std::string TableDirectory(const TableInfo& table) {
  return fmt::format("data/{}/{}-{}", table.path.database, table.path.table, table.id.value);
}

std::string BucketDirectory(const TableInfo& table, const TableBucket& bucket,
                            std::string_view kind) {
  std::string directory = TableDirectory(table);
  if (bucket.partition.has_value()) {
    const PartitionInfo* partition = table.FindPartition(*bucket.partition);
    const std::string_view name =
        partition == nullptr ? std::string_view("unknown") : partition->name;
    directory += fmt::format("/{}-p{}", name, bucket.partition->value);
  }
  return directory + fmt::format("/{}-{}", kind, bucket.bucket);
}

}  // namespace weir
