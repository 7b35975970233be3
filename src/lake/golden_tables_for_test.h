// Tables made by Apache Iceberg's Java library (test/wire/lake/LakeVectors.java): one for each format version.
#pragma once

#include <boost/json.hpp>

#include "base/metrics.h"
#include "lake/memory_store_for_test.h"
#include "lake/table_metadata.h"

namespace weir::iceberg {

class GoldenTables {
 public:
  GoldenTables() : io_(FileIoOptions{.attempts_max = 1}, registry_) {
    store_ = MemoryStore::Over("mem:///golden", WEIR_SOURCE_DIR "/test/wire/lake");
    io_.SetStore("mem", store_);
    expected_ = boost::json::parse(*io_.ReadAll("mem:///golden/expected.json")).as_array();
  }

  FileIo& io() { return io_; }
  MemoryStore& store() { return *store_; }
  /// What Java planned: version, metadata, plans.
  const boost::json::object& expected(int version) const {
    return expected_.at(static_cast<size_t>(version - 1)).as_object();
  }
  TableMetadata table(int version) {
    const std::string location(expected(version).at("metadata").as_string());
    return *TableMetadataFromJsonText(*io_.ReadAll(location));
  }

 private:
  MetricRegistry registry_;
  FileIo io_;
  std::shared_ptr<MemoryStore> store_;
  boost::json::array expected_;
};

}  // namespace weir::iceberg
