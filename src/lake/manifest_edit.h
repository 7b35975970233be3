// The manifests of a snapshot in the making: those of its parent, less what is removed, with what is added, merged
// where there are many small ones. Nothing is written before Write(). For snapshot_builder.cc alone.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "lake/manifest.h"
#include "lake/snapshot_summary.h"
#include "lake/table_metadata.h"

namespace weir::iceberg {

class ManifestEdit {
 public:
  ManifestEdit(FileIo& io, const TableMetadata& table, int64_t snapshot_id, int64_t sequence_number)
      : io_(io), table_(table), snapshot_id_(snapshot_id), sequence_number_(sequence_number) {}

  /// Begin with the manifests of `parent` that hold live files.
  Status Load(const Snapshot& parent);

  /// Remove files, and the position deletes and deletion vectors that are about removed data files only.
  /// Errors  kInvalidTable  one of them is not live
  Status Remove(std::span<const FileKey> files);

  /// Add files; data files keep the age `sequence_number` when there is one.
  void Add(std::span<const DataFile> files, std::optional<int64_t> sequence_number);

  /// Merge by the table's commit.manifest.* properties.
  Status Merge();

  /// Write what is new, and return all in the order of the list. Paths written are added to `written`, also when
  /// the call fails.
  Result<std::vector<ManifestFile>> Write(std::vector<std::string>& written);

  SnapshotSummary& summary() { return summary_; }

 private:
  struct Draft {
    ManifestFile file;
    /// Of a new manifest; empty: it is stored already.
    std::string bytes;
    /// Of a new manifest.
    std::vector<ManifestEntry> entries;

    bool is_new() const { return !bytes.empty(); }
  };
  /// Of one content and spec, oldest first: what may become one manifest.
  using Bin = std::vector<size_t>;

  Result<std::vector<ManifestEntry>> EntriesOf(const Draft& draft) const;
  Status CountFiles(ManifestFile& manifest) const;
  /// Rewrite draft `at` without the files that `leaves` names.
  template <class Leaves>
  Status Filter(size_t at, Leaves leaves);
  Status MergeBin(const Bin& bin);
  /// Make manifests out of entries of one content and spec, each of about the target size.
  std::vector<Draft> Drafts(ManifestContent content, int32_t spec_id,
                            std::vector<ManifestEntry> entries) const;
  Status WriteDraft(Draft& draft, std::vector<std::string>& written);
  int64_t NumberProperty(std::string_view key, int64_t otherwise) const;

  FileIo& io_;
  const TableMetadata& table_;
  const int64_t snapshot_id_;
  const int64_t sequence_number_;
  const std::string uuid_ = NewUuid();
  std::vector<Draft> drafts_;
  SnapshotSummary summary_;
};

}  // namespace weir::iceberg
