// Where a table's files may be. One validator for everything in table metadata that names a place: a client must
// not make us read, write, delete, or hand out credentials for, files of somebody else.
// Source: published failures of catalogs (CVE-2026-42809, -42812): checks that covered `location` only.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "lake/table_metadata.h"

namespace weir::iceberg {

/// A name as one path component: everything but [A-Za-z0-9_-] percent-encoded.
std::string EncodePathName(std::string_view name);

/// `<warehouse>/<namespace>/…/<table>-<first 8 of uuid>`.
std::string AllocateLocation(std::string_view warehouse, std::span<const std::string> levels,
                             std::string_view name, std::string_view uuid);

/// Whether `location` is `root` or below it. Locations with "..", empty components, a query, a fragment or control
/// characters are below nothing; `file:/x`, `file:///x` and `/x` are the same place, as are s3, s3a and s3n.
bool IsBelow(std::string_view location, std::string_view root);

/// Below any of them.
bool IsBelowAny(std::string_view location, std::span<const std::string> roots);

/// Check `location`, every location-bearing property, and the manifest lists, statistics files and metadata
/// files that the metadata names.
/// Errors  kInvalidTable  one lies outside all of `roots`; the message names the key
Status CheckLocations(const TableMetadata& metadata, std::span<const std::string> roots);
Status CheckPropertyLocations(const StringMap& properties, std::span<const std::string> roots);

}  // namespace weir::iceberg
