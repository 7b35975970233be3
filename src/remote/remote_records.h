// What a server keeps of its tables in a catalog elsewhere: which of them are its own, and where their metadata was
// when it was seen last. The catalog has the truth; this says what to ask for, and serves while it is down.
// Format: docs/formats/remote_catalog.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "lake/table_catalog.h"

namespace weir::iceberg {

enum class RemoteStage : uint8_t {
  kCreating,  // asked for; whether the catalog made it is not known yet
  kLive,
  kDropping,  // the Weir table is gone; the catalog is still to be told
};

struct RemoteRecord {
  TableId table;
  RemoteStage stage = RemoteStage::kCreating;
  Ident ident;
  std::string owner;  // random; a property of the lake table, by which its maker knows it
  std::string uuid = {};
  std::string location = {};
  std::string metadata_location = {};  // as seen last
  bool alone = false;                  // nobody else's files are below the location
};

inline constexpr std::string_view kRemoteKeys = "lake/remote/";
/// The lake table's property that has RemoteRecord::owner.
inline constexpr std::string_view kOwnerProperty = "weir.owner";

std::string RemoteKey(TableId table);
std::string ToText(const RemoteRecord& record);
/// Errors  kStorage  the record cannot be read
Result<RemoteRecord> RemoteRecordFromText(std::string_view text);

}  // namespace weir::iceberg
