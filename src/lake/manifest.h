// A manifest: the files of one partition spec, each with its state and sequence numbers. Reads v1, v2 and v3
// with inheritance resolved, writes v2 and v3. Source: Iceberg specification, "Manifests",
// "Sequence Number Inheritance", "First Row ID Inheritance". Plain functions, any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "lake/data_file.h"
#include "lake/manifest_list.h"

namespace weir::iceberg {

class FileIo;
class Schema;
struct Snapshot;
struct TableMetadata;

enum class EntryStatus : int32_t { kExisting = 0, kAdded = 1, kDeleted = 2 };

struct ManifestEntry {
  EntryStatus status = EntryStatus::kExisting;
  // Unset in a file means inherited from the manifest; set in every entry that ReadManifest returns.
  std::optional<int64_t> snapshot_id;
  std::optional<int64_t> sequence_number;
  std::optional<int64_t> file_sequence_number;
  DataFile file;

  bool is_live() const { return status != EntryStatus::kDeleted; }
};

/// Return every entry, deleted ones too, with sequence numbers, snapshot id and first_row_id inherited and the
/// partition tuple ordered and typed by the manifest's spec in `table`.
/// Errors  kCorruptRecord  not a manifest, or its spec is unknown to the table
Result<std::vector<ManifestEntry>> ReadManifest(FileIo& io, const ManifestFile& manifest,
                                                const TableMetadata& table);

/// The same over bytes, as they were written (nothing inherited).
/// Shape  `spec` and `schema` give the partition's types; the file's own schema gives what it holds.
Result<std::vector<ManifestEntry>> ParseManifest(BytesView bytes, const PartitionSpec& spec,
                                                 const Schema& schema);

/// Fill what entries of `manifest` leave out, as its row of the list says.
/// Errors  kCorruptRecord  an old entry without sequence number in a manifest that has one
Status Inherit(const ManifestFile& manifest, std::vector<ManifestEntry>& entries);

/// The manifests of a snapshot: its list or, in v1 tables, the paths in the snapshot itself.
Result<std::vector<ManifestFile>> ManifestsOf(FileIo& io, const Snapshot& snapshot);

/// The schema that knows most columns of a spec, the current one first: an older spec may name columns that are gone.
const Schema& SchemaForSpec(const PartitionSpec& spec, const TableMetadata& table);

/// Collects entries of one spec and one content, then gives the bytes and their row of the list.
class ManifestWriter {
 public:
  /// `snapshot_id` becomes the new entries' and the manifest's.
  ManifestWriter(int32_t format_version, const PartitionSpec& spec, const Schema& schema,
                 ManifestContent content, int64_t snapshot_id);
  ~ManifestWriter();
  ManifestWriter(ManifestWriter&&) noexcept;

  /// A new file: sequence numbers are inherited at the commit. With `sequence_number` the data's age is kept, as
  /// a compaction must.
  void Add(const DataFile& file, std::optional<int64_t> sequence_number = std::nullopt);
  /// An entry of an older manifest, inherited already, that lives on.
  void Keep(const ManifestEntry& entry);
  /// An entry of an older manifest, inherited already, that this snapshot removes.
  void Remove(const ManifestEntry& entry);

  size_t entries() const;
  /// Bytes so far, before compression.
  size_t bytes() const;

  struct Finished {
    std::string bytes;
    /// Its length filled in. No path and no sequence_number yet; min_sequence_number is the least of the live
    /// entries' own, INT64_MAX when all inherit.
    ManifestFile manifest;
  };
  Finished Finish() &&;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir::iceberg
