// Where the lake is. What reaches its files is lake/file_io_options.h; what fills it, tiering/tiering_options.h.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/options.h"

namespace weir::iceberg {

struct LakeOptions {
  std::string warehouse;  // empty: the folder `lake` of the data directory
  std::vector<std::string> other_places;
};

inline constexpr std::array kLakeOptions = {
    Option<LakeOptions>{"datalake.iceberg.warehouse", &LakeOptions::warehouse, kRestart,
                        "Folder of the Iceberg tables: a local path or s3://bucket/prefix; empty "
                        "for `lake` in the data directory. Of an external catalog, the name of "
                        "its warehouse."},
    Option<LakeOptions>{"datalake.iceberg.other-locations", &LakeOptions::other_places, kRestart,
                        "Places besides the warehouse where clients of the built-in catalog may "
                        "put tables and views, and from where they may register tables. Of an "
                        "external catalog, the only places where its tables may lie; empty means "
                        "any object store and no local folder. Files elsewhere are neither read "
                        "nor deleted, whatever a table's manifests name."},
};

/// Where the tables are: what the option says, a relative path made absolute, or `lake` in `data_directory`.
std::string WarehouseOf(const LakeOptions& options, const std::string& data_directory);

}  // namespace weir::iceberg
