// Server options about what tables may look like and how partitions come and go.
// Keys and defaults are those of Fluss' ConfigOptions unless the text says otherwise.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/options.h"

namespace weir {

struct CatalogOptions {
  int32_t default_bucket_number = 1;
  int32_t default_replication_factor = 1;
  int32_t buckets_max = 4096;
  int32_t partitions_max = 1000;
  bool allow_log_tables = true;
  bool allow_kv_tables = true;
  std::chrono::milliseconds auto_partition_check_interval = std::chrono::minutes(10);
  std::chrono::milliseconds producer_offsets_ttl = std::chrono::hours(24);
  bool lake_enabled = true;
  std::string lake_format;
  std::string remote_data_dir;
};

/// The key encoding of new primary-key tables (docs/formats/keys.md).
inline constexpr int32_t kKvFormatVersion = 2;

inline constexpr std::array kCatalogOptions = {
    Option<CatalogOptions>{"default.bucket.number", &CatalogOptions::default_bucket_number, 1, 4096,
                           kRestart, "Buckets of a new table that does not say how many."},
    Option<CatalogOptions>{"default.replication.factor",
                           &CatalogOptions::default_replication_factor, 1, 1, kRestart,
                           "Replicas of a new table that does not say how many."},
    Option<CatalogOptions>{"max.bucket.num", &CatalogOptions::buckets_max, 1, 1'000'000, kRestart,
                           "Most buckets a table may have, over all its partitions."},
    Option<CatalogOptions>{"max.partition.num", &CatalogOptions::partitions_max, 1, 1'000'000,
                           kRestart, "Most partitions a table may have."},
    Option<CatalogOptions>{"allow.create.log.tables", &CatalogOptions::allow_log_tables, kRestart,
                           "Whether tables without primary key may be created."},
    Option<CatalogOptions>{"allow.create.kv.tables", &CatalogOptions::allow_kv_tables, kRestart,
                           "Whether tables with primary key may be created."},
    Option<CatalogOptions>{"auto-partition.check.interval",
                           &CatalogOptions::auto_partition_check_interval, std::chrono::seconds(1),
                           std::chrono::days(1), kRestart,
                           "How often automatic partitions are created and expired."},
    Option<CatalogOptions>{
        "coordinator.producer-offsets.ttl", &CatalogOptions::producer_offsets_ttl,
        std::chrono::seconds(1), std::chrono::days(365), kRestart,
        "How long registered producer offsets are kept when the producer does not say."},
    Option<CatalogOptions>{"datalake.enabled", &CatalogOptions::lake_enabled, kRestart,
                           "Whether tables may be tiered into a lake."},
    Option<CatalogOptions>{
        "datalake.format", &CatalogOptions::lake_format, kRestart,
        "Lake format of all new tables: iceberg, paimon, lance or hudi; empty: iceberg for tables "
        "with 'table.datalake.enabled', none for others. It decides how keys are encoded and rows "
        "are bucketed, so it never changes for an existing table. Weir itself writes iceberg."},
    Option<CatalogOptions>{"remote.data.dir", &CatalogOptions::remote_data_dir, kRestart,
                           "Where remote log segments and snapshots are kept."},
};

}  // namespace weir
