// One round of tiering: what a table's log holds beyond the lake becomes files, a snapshot, and one commit
// that changes the lake table's pointer and the covered offsets together (INV-5).
//
// Before its first file a round writes down its name in the meta store; the commit takes it away. A name
// that is found by a later round belongs to one that ended without a commit: every file with that name is
// garbage. After an outcome that nobody knows nothing is deleted before the next round has looked.
//
// Where a log begins behind what the lake has (tiering was asked for late, or was off for long), rows of a log table
// are lost to the lake, which is noted (expired_rows.h); a primary-key table is loaded from its key-value states
// (state_load.h) and goes on with the log from there.
// One thread; blocks. Rounds of one table never run side by side.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/table_catalog.h"
#include "meta/catalog.h"
#include "tiering/hot_tail.h"
#include "tiering/kv_states.h"
#include "tiering/tiering_options.h"

namespace weir {

/// What rounds work with; outlives them.
struct RoundEnvironment {
  Catalog& catalog;
  iceberg::TableCatalog& lake;
  iceberg::FileIo& io;
  BucketLogs& logs;
  KvStates& states;
  const Clock& clock;
  const TieringOptions& options;
  std::string index_folder;  // of all key indexes
};

/// What a table's rounds keep between them. One thread at a time, but for index().
class RoundState {
 public:
  bool opened_all = false;  // every bucket was asked for its end once since the start
  int64_t index_used_ms = 0;
  int64_t lake_checked_ms =
      -1;  // modified_ms of the table when its lake table was brought to its columns

  /// The key index, opened when it is needed first. Any thread.
  std::shared_ptr<KeyIndex> index() const {
    const std::lock_guard lock(mutex_);
    return index_;
  }
  /// Held alone while covered offsets and key index follow a commit; shared by whoever reads several of them and the
  /// table's pointer. That one has moved a moment before: who finds it ahead of the others looks again.
  std::shared_mutex moving;

  /// As after a start.
  void Clear() {
    opened_all = false;
    lake_checked_ms = -1;
    set_index(nullptr);
  }

  void set_index(std::shared_ptr<KeyIndex> index) {
    const std::lock_guard lock(mutex_);
    index_ = std::move(index);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<KeyIndex> index_;
};

struct RoundResult {
  int64_t rows = 0;  // log records that the lake has now and had not before
  int64_t files = 0;
  int64_t bytes = 0;  // of those files
  int64_t deleted_rows = 0;
  int64_t behind = 0;                  // log records that are still missing
  bool more = false;                   // the round stopped before the end
  std::optional<int64_t> snapshot_id;  // nothing: there was nothing to do
};

/// Errors  kTableNotExist   the table was dropped, or is not tiered any more
///         kCommitConflict  somebody else committed at the same moment; again
///         kCommitStateUnknown  see above;  everything that files, logs and Arrow can say
Result<RoundResult> RunTieringRound(const RoundEnvironment& environment, const TableRef& table,
                                    RoundState& state, const std::function<Status()>& alive);

/// The key index of a table's rounds, opened if need be and brought to the lake table's current snapshot.
/// Held by the caller: `state` is one thread's at a time; `state.moving` is not.
Result<std::shared_ptr<KeyIndex>> SyncKeyIndex(const RoundEnvironment& environment,
                                               const TableInfo& table,
                                               const iceberg::LoadedTable& lake, RoundState& state);

/// The index did not take a commit over: the next SyncKeyIndex opens it anew, as it was before, and reads the rest
/// from the lake.
void DropIndex(RoundState& state, const Error& why);

/// The lake table of a table, made or brought to its present columns.
/// Errors  kLakeTableAlreadyExist  a table of somebody else has its name;  kInvalidTable
Result<iceberg::LoadedTable> EnsureLakeTable(const RoundEnvironment& environment,
                                             const TableInfo& table);

/// Whether the name of a table's lake table is free; what a crash left there is dropped.
/// Errors  kLakeTableAlreadyExist  a table of somebody else has it
Status CheckLakeName(const RoundEnvironment& environment, const TableInfo& table);

/// Whether the lake table, if there is one, can go on with the table's present options.
/// Errors  kInvalidAlterTable  the delete mode is not one of its format version
Status CheckLakeTable(const RoundEnvironment& environment, const TableInfo& table);

/// Where the lake table of a table is made in the catalog; somebody may rename it there later.
iceberg::Ident LakeIdentOf(const TableInfo& table);

/// Where the key index of a table is.
std::string IndexFolderOf(const RoundEnvironment& environment, TableId table);

/// Every bucket a table has now.
std::vector<TableBucket> BucketsOf(const TableInfo& table);

}  // namespace weir
