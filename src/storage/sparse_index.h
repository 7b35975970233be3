// The two small files beside a segment: `.index` (last offset of a batch -> where the batch starts) and
// `.timeindex` (largest timestamp so far -> offset). Sorted entries, one about every 4 KiB of log; kept in memory
// while the segment is in use. They are hints: never synced, checked when loaded, rebuilt when they do not fit.
// Format: docs/formats/log_segment.md. Big-endian, as Fluss writes them (OffsetIndex, TimeIndex).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/endian.h"
#include "base/ids.h"
#include "base/result.h"
#include "io/file.h"

namespace weir {

struct OffsetEntry {
  static constexpr size_t kBytes = 8;
  static constexpr const char* kSuffix = ".index";
  int32_t relative_offset = 0;  // of the batch's last record to the segment's base
  int32_t position = 0;         // where that batch starts in the segment

  void Encode(char* to) const;
  static OffsetEntry Decode(const char* from);
  /// Whether this entry may follow `before`.
  bool Follows(const OffsetEntry& before) const {
    return relative_offset > before.relative_offset && position > before.position;
  }
  friend bool operator==(const OffsetEntry&, const OffsetEntry&) = default;
};

struct TimeEntry {
  static constexpr size_t kBytes = 12;
  static constexpr const char* kSuffix = ".timeindex";
  int64_t timestamp = 0;
  int32_t relative_offset = 0;  // first offset of the batch that brought this timestamp

  void Encode(char* to) const;
  static TimeEntry Decode(const char* from);
  bool Follows(const TimeEntry& before) const {
    return timestamp > before.timestamp && relative_offset > before.relative_offset;
  }
  friend bool operator==(const TimeEntry&, const TimeEntry&) = default;
};

template <class Entry>
class SparseIndex {
 public:
  const std::vector<Entry>& entries() const { return entries_; }

  /// Add an entry; one that does not follow the last is dropped (equal timestamps).
  void Append(const Entry& entry) {
    if (entries_.empty() || entry.Follows(entries_.back())) entries_.push_back(entry);
  }

  /// The last entry for which `is_at_or_below(entry)`, or null.
  template <class F>
  const Entry* Last(F is_at_or_below) const {
    const auto after = std::partition_point(entries_.begin(), entries_.end(), is_at_or_below);
    return after == entries_.begin() ? nullptr : &*(after - 1);
  }

  /// Drop all entries for which `keep` is false; they are a suffix.
  template <class F>
  void CutAfter(F keep) {
    entries_.erase(std::partition_point(entries_.begin(), entries_.end(), keep), entries_.end());
    if (saved_ > entries_.size()) saved_ = 0, rewrite_ = true;
  }
  void Clear() { entries_.clear(), saved_ = 0, rewrite_ = true; }

  /// Read the file's entries up to the first that does not follow its predecessor. A missing file has none.
  Status Load(FileSystem& files, const std::string& path);
  /// Write the entries that are not in the file yet. Not durable.
  Status Save(FileSystem& files, const std::string& path);

 private:
  std::vector<Entry> entries_;
  size_t saved_ = 0;      // of entries_, how many are in the file
  bool rewrite_ = false;  // the file holds something else
};

using OffsetIndex = SparseIndex<OffsetEntry>;
using TimeIndex = SparseIndex<TimeEntry>;

}  // namespace weir
