// The counters of a snapshot's summary, named and counted as the Java library does. Source: Iceberg specification,
// Appendix F "Optional Snapshot Summary Fields".
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "lake/data_file.h"
#include "lake/snapshot.h"

namespace weir::iceberg {

class SnapshotSummary {
 public:
  void Added(const DataFile& file, const PartitionSpec& spec);
  void Removed(const DataFile& file, const PartitionSpec& spec);

  int64_t manifests_created = 0;
  int64_t manifests_kept = 0;
  int64_t manifests_replaced = 0;
  int64_t entries_processed = 0;

  /// Write the counters, and the totals that follow from `parent`'s; a total that the parent does not know stays
  /// unknown. Null: there is no parent.
  void WriteTo(const Snapshot* parent, Summary& summary) const;

 private:
  struct Side {
    int64_t files_bytes = 0;
    int64_t data_files = 0;
    int64_t records = 0;
    int64_t delete_files = 0;
    int64_t position_delete_files = 0;
    int64_t deletion_vectors = 0;
    int64_t position_deletes = 0;
    int64_t equality_delete_files = 0;
    int64_t equality_deletes = 0;

    void Count(const DataFile& file);
  };

  Side added_;
  Side removed_;
  std::set<std::string> partitions_;
};

}  // namespace weir::iceberg
