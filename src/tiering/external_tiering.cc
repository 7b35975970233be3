#include "tiering/external_tiering.h"

#include <fmt/format.h>

#include <random>

#include "base/log.h"
#include "io/file.h"

namespace weir {
namespace {

constexpr std::string_view kSuffix = ".offsets";
constexpr int64_t kOffsetsBytesMax = 64 * MiB;
constexpr size_t kNameLength = 32;

/// A name that was never used before.
std::string NewName() {
  std::random_device dice;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", dice(), dice(), dice(), dice());
}

LakeOffsets Merged(std::optional<LakeSnapshot> previous, LakeOffsets offsets) {
  if (previous) offsets.merge(previous->tiered);  // those of this round win
  return offsets;
}

}  // namespace

std::string ExternalTiering::FolderOf(const TableInfo& table) const {
  return fmt::format("{}/{}/{}-{}/metadata", folder_, table.path.database, table.path.table,
                     table.id.value);
}

Result<std::string> ExternalTiering::Prepare(const TableInfo& table, LakeOffsets offsets,
                                             Previous previous) {
  if (previous == Previous::kMerge)
    offsets = Merged(snapshots_.Latest(table.id), std::move(offsets));
  const std::string folder = FolderOf(table);
  RETURN_IF_ERROR(files_.CreateDirectories(folder));
  std::string path = folder + "/" + NewName() + std::string(kSuffix);
  RETURN_IF_ERROR(ReplaceFile(files_, path, ToOffsetsJson(table.id, offsets)));
  return path;
}

Result<LakeOffsets> ExternalTiering::Read(const TableInfo& table, const std::string& path) const {
  // The path comes back from a client: only names that Prepare makes are opened.
  const std::string prefix = FolderOf(table) + "/";
  const std::string_view name = std::string_view(path).substr(std::min(prefix.size(), path.size()));
  if (!path.starts_with(prefix) || !name.ends_with(kSuffix) ||
      name.size() != kNameLength + kSuffix.size() || name.find('/') != std::string_view::npos) {
    return Fail(ErrorCode::kInvalidConfig, "not an offsets file of table '{}': path={}",
                table.path.ToString(), path);
  }
  ASSIGN_OR_RETURN(const std::string text, ReadFile(files_, path, kOffsetsBytesMax));
  return LakeOffsetsFromJson(table.id, text);
}

Status ExternalTiering::Commit(const TableInfo& table, const Committed& committed) {
  LakeSnapshot snapshot{.snapshot_id = committed.snapshot_id, .tiered_path = committed.tiered_path};
  ASSIGN_OR_RETURN(snapshot.tiered, Read(table, committed.tiered_path));
  if (committed.readable_path) {
    snapshot.readable_path = *committed.readable_path;
    ASSIGN_OR_RETURN(snapshot.readable, Read(table, *committed.readable_path));
  }
  LakeSnapshots::Keep keep;
  if (committed.earliest_to_keep)
    keep = {LakeSnapshots::Keep::Kind::kFrom, *committed.earliest_to_keep};
  const LakeOffsets offsets = snapshot.tiered;
  RETURN_IF_ERROR(MakeDurable(table, offsets));
  ASSIGN_OR_RETURN(const auto forgotten, snapshots_.Commit(table.id, std::move(snapshot), keep));
  Release(offsets);
  for (const LakeSnapshot& old : forgotten) {
    if (old.tiered_path != committed.tiered_path) Discard(table, old.tiered_path);
    if (old.readable_path != old.tiered_path && old.readable_path != committed.readable_path)
      Discard(table, old.readable_path);
  }
  return {};
}

Status ExternalTiering::CommitOffsets(const TableInfo& table, int64_t snapshot_id,
                                      LakeOffsets offsets) {
  RETURN_IF_ERROR(MakeDurable(table, offsets));
  offsets = Merged(snapshots_.Latest(table.id), std::move(offsets));
  LakeSnapshot snapshot{.snapshot_id = snapshot_id, .tiered = offsets, .readable = offsets};
  RETURN_IF_ERROR(snapshots_.Commit(table.id, std::move(snapshot), {}));
  Release(offsets);
  return {};
}

/// INV-5. The job has read up to the watermark, which means the disk already where durability is not relaxed.
Status ExternalTiering::MakeDurable(const TableInfo& table, const LakeOffsets& offsets) {
  if (table.config.durability == Durability::kDisk) return {};
  std::vector<TableBucket> buckets;
  for (const auto& [bucket, offset] : offsets) buckets.push_back(bucket);
  return logs_.MakeDurable(buckets);
}

void ExternalTiering::Release(const LakeOffsets& offsets) {
  for (const auto& [bucket, offset] : offsets) logs_.Release(bucket, offset);
}

void ExternalTiering::Discard(const TableInfo& table, const std::string& path) const {
  if (!path.starts_with(FolderOf(table) + "/")) return;
  if (const Status removed = files_.Remove(path); !removed.ok())
    LogWarn("tiering", "an offsets file stays behind: {}", removed.error().message);
}

}  // namespace weir
