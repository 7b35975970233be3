#include "lake/lake_options.h"

#include <filesystem>

namespace weir::iceberg {

std::string WarehouseOf(const LakeOptions& options, const std::string& data_directory) {
  std::string place = options.warehouse.empty() ? data_directory + "/lake" : options.warehouse;
  while (place.size() > 1 && place.back() == '/') place.pop_back();
  if (place.find(":/") != std::string::npos) return place;
  std::error_code ignored;
  const auto absolute = std::filesystem::absolute(place, ignored).lexically_normal();
  return absolute.string();
}

}  // namespace weir::iceberg
