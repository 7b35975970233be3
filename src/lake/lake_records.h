// What the catalog keeps of a namespace, a table, a view and a purge in the meta store. Keys sort so that one scan
// gives all of a kind; names are separated by control characters, which names may not have.
// Format: docs/formats/lake_catalog.md.
#pragma once

#include <string>
#include <string_view>

#include "lake/lake_catalog.h"

namespace weir::iceberg {

/// A table or a view: where its metadata is, and where its files may be.
struct LakeRecord {
  std::string metadata_location;
  std::string uuid;
  std::string root;
  std::optional<TableId> tiered_by = std::nullopt;
};

inline constexpr std::string_view kNamespaceKeys = "lake/namespace/";
inline constexpr std::string_view kTableKeys = "lake/table/";
inline constexpr std::string_view kViewKeys = "lake/view/";
inline constexpr std::string_view kPurgeKeys = "lake/purge/";

std::string NamespaceKey(const Namespace& levels);
std::string IdentKey(std::string_view kind, const Ident& ident);
Namespace NamespaceOfKey(std::string_view key);
Ident IdentOfKey(std::string_view kind, std::string_view key);

std::string ToText(const LakeRecord& record);
std::string ToText(const StringMap& properties);
std::string ToText(const PurgeRequest& request);
/// Errors of all  kStorage  the record cannot be read
Result<LakeRecord> LakeRecordFromText(std::string_view text);
Result<StringMap> PropertiesFromText(std::string_view text);
Result<PurgeRequest> PurgeFromText(std::string_view id, std::string_view text);

/// A name of a namespace level, table or view: 1 to 255 bytes of UTF-8 without control characters.
bool IsGoodName(std::string_view name);

}  // namespace weir::iceberg
