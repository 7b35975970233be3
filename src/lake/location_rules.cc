#include "lake/location_rules.h"

#include <algorithm>
#include <array>
#include <optional>

#include "lake/file_io.h"

namespace weir::iceberg {
namespace {

constexpr std::array<std::string_view, 4> kPropertiesWithPlaces = {
    "write.data.path", "write.metadata.path", "write.object-storage.path",
    "write.folder-storage.path"};

bool IsPlain(unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; }

/// "file/a/b" or "s3/bucket/key": one spelling for each place. Nothing for what is no clean path.
std::optional<std::string> Normal(std::string_view location) {
  std::string_view scheme = "file";
  std::string_view path = location;
  if (const size_t colon = location.find(':'); colon != std::string_view::npos) {
    scheme = location.substr(0, colon);
    path = location.substr(colon + 1);
    if (scheme == "s3a" || scheme == "s3n") scheme = "s3";
    if (scheme == "file" && path.starts_with("///")) path.remove_prefix(2);
    if (scheme == "s3" && path.starts_with("//")) path.remove_prefix(1);
  }
  if (scheme != "file" && scheme != "s3") return std::nullopt;
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (!path.starts_with('/') || path.find_first_of("?#\\") != std::string_view::npos)
    return std::nullopt;
  if (std::ranges::any_of(path, [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
    return std::nullopt;
  for (std::string_view rest = path; !rest.empty();) {
    rest.remove_prefix(1);
    const std::string_view part = rest.substr(0, rest.find('/'));
    if (part.empty() || part == "." || part == "..") return std::nullopt;
    rest.remove_prefix(part.size());
  }
  return std::string(scheme) + std::string(path);
}

using Roots = std::span<const std::string>;

Status Check(std::string_view key, std::string_view location, Roots roots) {
  if (IsBelowAny(location, roots)) return {};
  return Fail(ErrorCode::kInvalidTable,
              "a place outside of what the catalog gave: {}={:.300} given={}", key, location,
              roots.empty() ? std::string() : roots.front());
}

}  // namespace

std::string EncodePathName(std::string_view name) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (IsPlain(byte)) {
      out += c;
    } else {
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

std::string AllocateLocation(std::string_view warehouse, std::span<const std::string> levels,
                             std::string_view name, std::string_view uuid) {
  std::string out(warehouse);
  for (const std::string& level : levels) out = Join(out, EncodePathName(level));
  return Join(out, fmt::format("{}-{}", EncodePathName(name), uuid.substr(0, 8)));
}

bool IsBelow(std::string_view location, std::string_view root) {
  const auto inner = Normal(location);
  const auto outer = Normal(root);
  if (!inner || !outer || !inner->starts_with(*outer)) return false;
  return inner->size() == outer->size() || (*inner)[outer->size()] == '/';
}

bool IsBelowAny(std::string_view location, Roots roots) {
  return std::ranges::any_of(roots,
                             [&](const std::string& root) { return IsBelow(location, root); });
}

Status CheckPropertyLocations(const StringMap& properties, Roots roots) {
  for (const std::string_view key : kPropertiesWithPlaces) {
    const auto found = properties.find(key);
    if (found != properties.end()) RETURN_IF_ERROR(Check(key, found->second, roots));
  }
  return {};
}

Status CheckLocations(const TableMetadata& metadata, Roots roots) {
  RETURN_IF_ERROR(Check("location", metadata.location, roots));
  RETURN_IF_ERROR(CheckPropertyLocations(metadata.properties, roots));
  for (const Snapshot& snapshot : metadata.snapshots) {
    if (!snapshot.manifest_list.empty())
      RETURN_IF_ERROR(Check("manifest-list", snapshot.manifest_list, roots));
    for (const std::string& manifest : snapshot.manifests)
      RETURN_IF_ERROR(Check("manifests", manifest, roots));
  }
  for (const StatisticsFile& file : metadata.statistics)
    RETURN_IF_ERROR(Check("statistics-path", file.path, roots));
  for (const PartitionStatisticsFile& file : metadata.partition_statistics)
    RETURN_IF_ERROR(Check("statistics-path", file.path, roots));
  for (const MetadataLogEntry& entry : metadata.metadata_log)
    RETURN_IF_ERROR(Check("metadata-file", entry.metadata_file, roots));
  return {};
}

}  // namespace weir::iceberg
