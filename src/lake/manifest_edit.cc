#include "lake/manifest_edit.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "base/check.h"
#include "lake/file_io.h"

namespace weir::iceberg {
namespace {

/// Defaults of the Java library.
constexpr int64_t kManifestBytesTarget = 8 * MiB;
constexpr int64_t kMinCountToMerge = 100;

ManifestContent ContentOf(const DataFile& file) {
  return file.content == FileContent::kData ? ManifestContent::kData : ManifestContent::kDeletes;
}

}  // namespace

int64_t ManifestEdit::NumberProperty(std::string_view key, int64_t otherwise) const {
  const std::string_view text = table_.Property(key);
  int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc() && number > 0 ? number : otherwise;
}

Result<std::vector<ManifestEntry>> ManifestEdit::EntriesOf(const Draft& draft) const {
  if (draft.is_new()) return draft.entries;
  return ReadManifest(io_, draft.file, table_);
}

/// A v1 list may leave the counts out, v2 needs them.
Status ManifestEdit::CountFiles(ManifestFile& manifest) const {
  const bool known = manifest.added_files_count && manifest.existing_files_count &&
                     manifest.deleted_files_count && manifest.added_rows_count &&
                     manifest.existing_rows_count && manifest.deleted_rows_count;
  if (known) return {};
  manifest.added_files_count = manifest.existing_files_count = manifest.deleted_files_count = 0;
  manifest.added_rows_count = manifest.existing_rows_count = manifest.deleted_rows_count = 0;
  ASSIGN_OR_RETURN(const auto entries, ReadManifest(io_, manifest, table_));
  for (const ManifestEntry& entry : entries) {
    const bool added = entry.status == EntryStatus::kAdded;
    const bool kept = entry.status == EntryStatus::kExisting;
    ++*(added  ? manifest.added_files_count
        : kept ? manifest.existing_files_count
               : manifest.deleted_files_count);
    *(added  ? manifest.added_rows_count
      : kept ? manifest.existing_rows_count
             : manifest.deleted_rows_count) += entry.file.record_count;
  }
  return {};
}

Status ManifestEdit::Load(const Snapshot& parent) {
  ASSIGN_OR_RETURN(auto manifests, ManifestsOf(io_, parent));
  for (ManifestFile& manifest : manifests) {
    RETURN_IF_ERROR(CountFiles(manifest));
    if (manifest.may_have_live_files()) drafts_.push_back({.file = std::move(manifest)});
  }
  // Lists have the newest first; bins grow from the oldest.
  std::ranges::reverse(drafts_);
  return {};
}

template <class Leaves>
Status ManifestEdit::Filter(size_t at, Leaves leaves) {
  ASSIGN_OR_RETURN(auto entries, EntriesOf(drafts_[at]));
  const ManifestFile old = drafts_[at].file;
  const PartitionSpec* spec = table_.FindSpec(old.partition_spec_id);
  WEIR_CHECK(spec != nullptr);
  bool changed = false;
  std::vector<ManifestEntry> left;
  for (ManifestEntry& entry : entries) {
    ++summary_.entries_processed;
    const bool removed_now =
        entry.status == EntryStatus::kDeleted && entry.snapshot_id == snapshot_id_;
    if (entry.is_live() && leaves(entry.file)) {
      summary_.Removed(entry.file, *spec);
      entry.status = EntryStatus::kDeleted;
      entry.snapshot_id = snapshot_id_;
      changed = true;
    } else if (entry.is_live()) {
      entry.status = EntryStatus::kExisting;
    } else if (!removed_now) {
      continue;
    }
    left.push_back(std::move(entry));
  }
  if (!changed) return {};
  if (!drafts_[at].is_new()) ++summary_.manifests_replaced;
  std::vector<Draft> drafts = Drafts(old.content, old.partition_spec_id, std::move(left));
  drafts_[at] = std::move(drafts.front());
  for (size_t i = 1; i < drafts.size(); ++i) drafts_.push_back(std::move(drafts[i]));
  return {};
}

Status ManifestEdit::Remove(std::span<const FileKey> files) {
  if (files.empty()) return {};
  std::set<FileKey> wanted(files.begin(), files.end());
  std::set<std::string> gone;
  const size_t loaded = drafts_.size();
  // Newest first: what a stream replaces is mostly young, and the search ends when all are found.
  for (size_t at = loaded; at-- > 0 && !wanted.empty();) {
    RETURN_IF_ERROR(Filter(at, [&](const DataFile& file) {
      if (wanted.erase(KeyOf(file)) == 0) return false;
      if (file.content == FileContent::kData) gone.insert(file.file_path);
      return true;
    }));
  }
  if (!wanted.empty()) {
    return Fail(ErrorCode::kInvalidTable, "file to remove is not live: path={} missing={}",
                wanted.begin()->path, wanted.size());
  }
  for (size_t at = 0; at < drafts_.size() && !gone.empty(); ++at) {
    if (drafts_[at].file.content != ManifestContent::kDeletes) continue;
    RETURN_IF_ERROR(Filter(at, [&](const DataFile& file) {
      return file.referenced_data_file && gone.contains(*file.referenced_data_file);
    }));
  }
  return {};
}

void ManifestEdit::Add(std::span<const DataFile> files, std::optional<int64_t> sequence_number) {
  std::map<std::pair<ManifestContent, int32_t>, std::vector<ManifestEntry>> groups;
  for (const DataFile& file : files) {
    summary_.Added(file, *table_.FindSpec(file.spec_id));
    ManifestEntry entry{.status = EntryStatus::kAdded, .snapshot_id = snapshot_id_, .file = file};
    if (file.content == FileContent::kData) entry.sequence_number = sequence_number;
    groups[{ContentOf(file), file.spec_id}].push_back(std::move(entry));
  }
  for (auto& [key, entries] : groups) {
    for (Draft& draft : Drafts(key.first, key.second, std::move(entries))) {
      drafts_.push_back(std::move(draft));
    }
  }
}

std::vector<ManifestEdit::Draft> ManifestEdit::Drafts(ManifestContent content, int32_t spec_id,
                                                      std::vector<ManifestEntry> entries) const {
  const PartitionSpec& spec = *table_.FindSpec(spec_id);
  const auto target = static_cast<size_t>(
      NumberProperty("commit.manifest.target-size-bytes", kManifestBytesTarget));
  std::vector<Draft> drafts;
  size_t next = 0;
  while (next < entries.size()) {
    ManifestWriter writer(table_.format_version, spec, SchemaForSpec(spec, table_), content,
                          snapshot_id_);
    const size_t first = next;
    for (; next < entries.size() && writer.bytes() < target; ++next) {
      const ManifestEntry& entry = entries[next];
      switch (entry.status) {
        case EntryStatus::kAdded:
          writer.Add(entry.file, entry.sequence_number);
          break;
        case EntryStatus::kExisting:
          writer.Keep(entry);
          break;
        case EntryStatus::kDeleted:
          writer.Remove(entry);
          break;
      }
    }
    auto [bytes, file] = std::move(writer).Finish();
    Draft draft{.file = std::move(file), .bytes = std::move(bytes)};
    draft.entries.assign(std::make_move_iterator(entries.begin() + static_cast<int64_t>(first)),
                         std::make_move_iterator(entries.begin() + static_cast<int64_t>(next)));
    drafts.push_back(std::move(draft));
  }
  return drafts;
}

Status ManifestEdit::Merge() {
  if (table_.Property("commit.manifest-merge.enabled", "true") == "false") return {};
  const int64_t target = NumberProperty("commit.manifest.target-size-bytes", kManifestBytesTarget);
  const int64_t count = NumberProperty("commit.manifest.min-count-to-merge", kMinCountToMerge);
  std::map<std::pair<ManifestContent, int32_t>, std::vector<Bin>> bins;
  std::map<std::pair<ManifestContent, int32_t>, int64_t> bin_bytes;
  for (size_t at = 0; at < drafts_.size(); ++at) {
    const ManifestFile& file = drafts_[at].file;
    const std::pair key(file.content, file.partition_spec_id);
    if (bins[key].empty() || bin_bytes[key] + file.manifest_length > target) {
      bins[key].emplace_back();
      bin_bytes[key] = 0;
    }
    bins[key].back().push_back(at);
    bin_bytes[key] += file.manifest_length;
  }
  for (const auto& [key, of_key] : bins) {
    for (const Bin& bin : of_key) {
      // The youngest bin is not full yet: small manifests wait there until they are many.
      const bool youngest = &bin == &of_key.back();
      const auto size = static_cast<int64_t>(bin.size());
      if (size > 1 && (!youngest || size >= count)) RETURN_IF_ERROR(MergeBin(bin));
    }
  }
  std::erase_if(drafts_, [](const Draft& draft) { return draft.file.manifest_length == 0; });
  return {};
}

Status ManifestEdit::MergeBin(const Bin& bin) {
  std::vector<ManifestEntry> merged;
  for (const size_t at : bin) {
    ASSIGN_OR_RETURN(auto entries, EntriesOf(drafts_[at]));
    for (ManifestEntry& entry : entries) {
      const bool ours = entry.snapshot_id == snapshot_id_;
      if (!entry.is_live() && !ours) continue;
      if (entry.status == EntryStatus::kAdded && !ours) entry.status = EntryStatus::kExisting;
      ++summary_.entries_processed;
      merged.push_back(std::move(entry));
    }
    if (!drafts_[at].is_new()) ++summary_.manifests_replaced;
  }
  const ManifestFile& first = drafts_[bin.front()].file;
  std::vector<Draft> drafts = Drafts(first.content, first.partition_spec_id, std::move(merged));
  for (const size_t at : bin) drafts_[at] = {};
  for (size_t i = 0; i < drafts.size(); ++i) {
    if (i < bin.size()) {
      drafts_[bin[i]] = std::move(drafts[i]);
    } else {
      drafts_.push_back(std::move(drafts[i]));
    }
  }
  return {};
}

Status ManifestEdit::WriteDraft(Draft& draft, std::vector<std::string>& written) {
  const std::string folder(table_.Property("write.metadata.path"));
  draft.file.manifest_path = Join(folder.empty() ? Join(table_.location, "metadata") : folder,
                                  fmt::format("{}-m{}.avro", uuid_, summary_.manifests_created++));
  draft.file.sequence_number = sequence_number_;
  draft.file.min_sequence_number = std::min(draft.file.min_sequence_number, sequence_number_);
  written.push_back(draft.file.manifest_path);
  return io_.WriteNew(draft.file.manifest_path, draft.bytes);
}

Result<std::vector<ManifestFile>> ManifestEdit::Write(std::vector<std::string>& written) {
  std::vector<ManifestFile> manifests;
  for (const ManifestContent content : {ManifestContent::kData, ManifestContent::kDeletes}) {
    for (auto draft = drafts_.rbegin(); draft != drafts_.rend(); ++draft) {
      if (draft->file.content != content) continue;
      if (draft->is_new()) RETURN_IF_ERROR(WriteDraft(*draft, written));
      if (!draft->is_new()) ++summary_.manifests_kept;
      manifests.push_back(draft->file);
    }
  }
  return manifests;
}

}  // namespace weir::iceberg
