// One step of compaction of a lake table, in two halves. Write reads old files and writes new ones, which may take
// long, beside rounds of tiering and commits of others. Commit brings what was written to the table as it is then
// (lake/compaction_rebase.h) and commits it: of a table that Weir tiers between two rounds
// (TieringRunner::BetweenRounds), so that covered offsets are carried over to the new snapshot in the same transaction
// (INV-5) and the key index follows, but for keys whose row was deleted or replaced meanwhile: those have a newer
// place, or none.
//
// A step of a tiered table writes down its name before its first file, and the commit takes it away; whatever ends
// without a commit is swept by name (earlier_rounds.h). Decision: docs/decisions/0014-compaction-beside-tiering.md.
// One thread; blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/compaction.h"
#include "lake/position_deletes.h"
#include "tiering/lake_keys.h"
#include "tiering/round_names.h"
#include "tiering/tiering_round.h"

namespace weir {

struct CompactionResult {
  int64_t bytes = 0;  // of the files that were read
  int64_t rows = 0;
  int64_t files_before = 0;
  int64_t files_after = 0;
  int64_t deletes_followed = 0;  // rows that others deleted while the files were written
  bool more = false;

  bool did_nothing() const { return files_before == 0; }
};

class TableCompaction {
 public:
  /// tiered  the Fluss table beside whose rounds this runs; nothing for a table that Weir does not tier
  /// alive   called now and then; an error stops
  TableCompaction(const RoundEnvironment& environment, iceberg::Ident ident,
                  std::optional<TableId> tiered, const iceberg::CompactionOptions& options,
                  std::function<Status()> alive);
  /// Deletes what was written and is not the table's, unless nobody knows.
  ~TableCompaction();
  TableCompaction(const TableCompaction&) = delete;
  TableCompaction& operator=(const TableCompaction&) = delete;

  /// Look for something to do, and write it.
  /// Errors  those of lake/compaction.h
  Status Write();
  /// Whether Write found anything: else there is nothing to commit.
  bool has_work() const { return work_ != Work::kNone; }

  /// state   of the table's rounds, held by the caller; null exactly when it has none
  /// Errors  kCommitConflict      what was read has changed too much: nothing happened
  ///         kTableNotExist       the table is gone;  kCommitStateUnknown
  Result<CompactionResult> Commit(RoundState* state);

 private:
  enum class Work : uint8_t { kNone, kManifests, kFiles };

  Result<iceberg::LoadedTable> Load() const;
  Status Begin();
  Status WriteFiles(const iceberg::CompactionPlan& plan);
  Status MakeRequest();
  Status RememberKeys(const std::string& path, int64_t first_row, const arrow::RecordBatch& rows);
  bool MayCommit() const;
  bool IsRefused(ErrorCode code) const;
  /// Nothing when somebody else was faster: again.
  Result<std::optional<CompactionResult>> TryCommit(RoundState* state);
  Result<CompactionResult> CommitFiles(const iceberg::LoadedTable& now, RoundState* state);
  Result<CompactionResult> CommitManifests(const iceberg::LoadedTable& now, RoundState* state);
  Status Finish(const iceberg::LoadedTable& now, iceberg::NewSnapshot built, RoundState* state);
  void Describe(const iceberg::TableMetadata& now, iceberg::SnapshotChange& change) const;
  void FollowIndex(RoundState& state, const iceberg::TableMetadata& before);
  void DeleteFrom(size_t first);
  void GiveUp();

  const RoundEnvironment& env_;
  const iceberg::Ident ident_;
  const std::optional<TableId> tiered_;
  const iceberg::CompactionOptions options_;
  const std::function<Status()> alive_;

  Work work_ = Work::kNone;
  iceberg::LoadedTable base_;  // what is read
  std::optional<iceberg::CompactionRequest> request_;
  iceberg::Compacted compacted_;
  CompactionResult result_;
  RoundName name_;
  bool begun_ = false;    // the name is in the store
  bool unknown_ = false;  // a commit may have happened
  bool hopeless_ = false;
  int files_ = 0;
  std::vector<std::string> written_;
  bool all_deleted_ = true;  // of what was written and given up

  std::optional<LakeKeys> keys_;
  KeyChanges changes_;
  std::string key_path_;
  int32_t key_file_ = 0;
  bool too_many_keys_ = false;
  iceberg::DeletedRows deleted_;  // of the new files, while they were written
  bool deletes_by_value_ = false;
};

}  // namespace weir
