// How the lake is kept tidy, and with how much of the machine.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "base/bytes.h"
#include "base/options.h"

namespace weir {

struct MaintenanceOptions {
  bool enabled = true;
  std::chrono::milliseconds interval{60'000};
  int64_t bytes_per_second = 64 * MiB;
  int64_t file_bytes_target = 128 * MiB;
  int32_t small_files_min = 8;
  std::chrono::milliseconds snapshot_age{std::chrono::hours(24 * 5)};
  int32_t snapshots_max = 500;
  int32_t metadata_versions = 50;
  std::chrono::milliseconds reader_grace{std::chrono::minutes(10)};
  std::chrono::milliseconds orphan_age{std::chrono::hours(24 * 3)};
  std::chrono::milliseconds purge_delay{std::chrono::hours(1)};
};

inline constexpr std::array kMaintenanceOptions = {
    Option<MaintenanceOptions>{
        "lake.maintenance", &MaintenanceOptions::enabled, kRestart,
        "Compact the files of lake tables, expire their snapshots, delete what nothing leads to. "
        "Of "
        "tables that this server tiers, unless their Iceberg property weir.maintenance is false, "
        "and of other tables of the catalog where it is true."},
    Option<MaintenanceOptions>{"lake.maintenance.interval", &MaintenanceOptions::interval,
                               std::chrono::milliseconds(100), std::chrono::hours(24), kRestart,
                               "Look at tables that changed this often."},
    Option<MaintenanceOptions>{"lake.maintenance.bytes-per-second",
                               &MaintenanceOptions::bytes_per_second, 64 * KiB, 16 * GiB, kRestart,
                               "Compaction reads no more than this on the average."},
    Option<MaintenanceOptions>{"lake.maintenance.file-size", &MaintenanceOptions::file_bytes_target,
                               64 * KiB, 8 * GiB, kRestart,
                               "Compaction makes files of about this size."},
    Option<MaintenanceOptions>{"lake.maintenance.small-files", &MaintenanceOptions::small_files_min,
                               2, 10'000, kRestart,
                               "As many small files of a partition and of one size become one."},
    Option<MaintenanceOptions>{"lake.maintenance.snapshot-age", &MaintenanceOptions::snapshot_age,
                               std::chrono::milliseconds(0), std::chrono::hours(24 * 3650),
                               kRestart,
                               "Snapshots older than this expire, unless the table says otherwise "
                               "(history.expire.max-snapshot-age-ms)."},
    Option<MaintenanceOptions>{"lake.maintenance.snapshots-max", &MaintenanceOptions::snapshots_max,
                               0, 1'000'000, kRestart,
                               "More snapshots than this expire early, unless the table says "
                               "otherwise; 0: only their age counts."},
    Option<MaintenanceOptions>{"lake.maintenance.metadata-versions",
                               &MaintenanceOptions::metadata_versions, 1, 1'000'000, kRestart,
                               "List a table's metadata files, to delete those that fell out of "
                               "its log, when as many new versions came."},
    Option<MaintenanceOptions>{"lake.maintenance.reader-grace", &MaintenanceOptions::reader_grace,
                               std::chrono::milliseconds(0), std::chrono::hours(24), kRestart,
                               "Snapshots that another one replaced, and metadata files, stay for "
                               "so long: somebody may be reading them."},
    Option<MaintenanceOptions>{"lake.maintenance.orphan-age", &MaintenanceOptions::orphan_age,
                               std::chrono::milliseconds(0), std::chrono::hours(24 * 365), kRestart,
                               "Files of a table that nothing leads to are deleted when they are "
                               "older than this; longer than any writer's commit takes."},
    Option<MaintenanceOptions>{"lake.maintenance.purge-delay", &MaintenanceOptions::purge_delay,
                               std::chrono::milliseconds(0), std::chrono::hours(24 * 30), kRestart,
                               "Files of a table dropped with purge go after this."},
};

}  // namespace weir
