#include <boost/json.hpp>

#include "lake/json_fields.h"
#include "lake/snapshot_fate.h"
#include "meta/store.h"
#include "remote/remote_catalog.h"
#include "remote/rest_paths.h"

namespace weir::iceberg {
namespace {

/// How often a commit whose outcome is not told is looked for and sent again.
constexpr int kRoundsMax = 4;

json::value CommitRequest(const TableCommit& commit) {
  json::array levels;
  for (const std::string& level : commit.ident.levels) levels.emplace_back(level);
  return json::object{
      {"identifier", {{"namespace", std::move(levels)}, {"name", commit.ident.name}}},
      {"requirements", ArrayToJson(commit.requirements)},
      {"updates", ArrayToJson(commit.updates)}};
}

/// The snapshot that the commit adds, by which it is known again, or null.
const Snapshot* AddedSnapshot(const TableCommit& commit) {
  for (const TableUpdate& update : commit.updates) {
    if (const auto* added = std::get_if<AddSnapshot>(&update)) return &added->snapshot;
  }
  return nullptr;
}

Failure Unknown(std::string_view why) {
  return Fail(ErrorCode::kCommitStateUnknown, "it is unknown whether the commit happened: {}", why);
}

}  // namespace

Result<LoadedTable> RemoteCatalog::Commit(TableCommit commit, const Transaction* extra) {
  const auto known = Find(commit.ident);
  if (!known || known->record.stage != RemoteStage::kLive)
    return Fail(ErrorCode::kTableNotExist, "Table does not exist: {}", commit.ident.ToString());
  const std::lock_guard lock(*known->one);
  const auto ours = Find(known->record.table);
  if (!ours || ours->record.stage != RemoteStage::kLive)
    return Fail(ErrorCode::kTableNotExist, "Table does not exist: {}", commit.ident.ToString());
  return CommitOurs(*ours, commit, extra);
}

Result<LoadedTable> RemoteCatalog::CommitOurs(const Ours& ours, const TableCommit& commit,
                                              const Transaction* extra) {
  const RestCall call{.method = "POST",
                      .path = TablePath(commit.ident),
                      .body = CommitRequest(commit),
                      .repeat = Repeat::kMustNot};
  const Snapshot* const snapshot = AddedSnapshot(commit);
  // From here on `extra` must follow, or the caller must look: what happened cannot be taken back.
  const auto keep = [&](LoadedTable table, std::string etag) -> Result<LoadedTable> {
    auto kept = Keep(ours, std::move(table), std::move(etag), extra);
    if (!kept.ok()) return Unknown(kept.error().message);
    return kept;
  };
  std::string why;
  bool in_doubt = false;  // a try may have happened, or may still
  for (int round = 0; round < kRoundsMax; ++round) {
    if (round > 0 && !client_.Pause(round)) return Unknown("the server is stopping");
    const auto answer = client_.Call(call);
    if (answer.ok()) {
      auto table = TableOf(commit.ident, *answer);
      const bool has_it =
          table.ok() &&
          (snapshot == nullptr || FateOf(*table->metadata, *snapshot) == SnapshotFate::kCommitted);
      if (has_it) return keep(*std::move(table), answer->etag);
      why = table.ok() ? "the snapshot is missing in the answer" : table.error().message;
    } else if (answer.code() != ErrorCode::kCommitStateUnknown && !in_doubt) {
      return Forward(answer);  // refused, or not even sent
    } else {
      why = answer.error().message;
    }
    in_doubt = true;
    // Without a snapshot there is nothing to know it by; the caller sees in the table what is left to do.
    if (snapshot == nullptr) return Unknown(why);
    std::string etag;
    auto now = Ask(commit.ident, "", &etag);
    if (!now.ok()) continue;
    const SnapshotFate fate = FateOf(*now->metadata, *snapshot);
    if (fate == SnapshotFate::kCommitted) return keep(*std::move(now), std::move(etag));
    if (fate == SnapshotFate::kNever)
      return Fail(ErrorCode::kCommitConflict, "the external catalog has another commit: {}", why);
  }
  return Unknown(why);
}

}  // namespace weir::iceberg
