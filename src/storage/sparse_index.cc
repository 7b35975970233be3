#include "storage/sparse_index.h"

namespace weir {

void OffsetEntry::Encode(char* to) const {
  StoreBe(to, relative_offset);
  StoreBe(to + 4, position);
}

OffsetEntry OffsetEntry::Decode(const char* from) {
  return {.relative_offset = LoadBe<int32_t>(from), .position = LoadBe<int32_t>(from + 4)};
}

void TimeEntry::Encode(char* to) const {
  StoreBe(to, timestamp);
  StoreBe(to + 8, relative_offset);
}

TimeEntry TimeEntry::Decode(const char* from) {
  return {.timestamp = LoadBe<int64_t>(from), .relative_offset = LoadBe<int32_t>(from + 8)};
}

template <class Entry>
Status SparseIndex<Entry>::Load(FileSystem& files, const std::string& path) {
  Clear();
  if (!files.Exists(path)) return {};
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(files, path));
  for (size_t at = 0; at + Entry::kBytes <= bytes.size(); at += Entry::kBytes) {
    const Entry entry = Entry::Decode(bytes.data() + at);
    // Zeroes and leftovers of a crash do not follow; Java's index may also be longer than its entries.
    if (entry.relative_offset < 0 || (!entries_.empty() && !entry.Follows(entries_.back()))) break;
    entries_.push_back(entry);
  }
  saved_ = entries_.size();
  rewrite_ = saved_ * Entry::kBytes != bytes.size();
  return {};
}

template <class Entry>
Status SparseIndex<Entry>::Save(FileSystem& files, const std::string& path) {
  if (saved_ == entries_.size() && !rewrite_) return {};
  const size_t first = rewrite_ ? 0 : saved_;
  std::string bytes((entries_.size() - first) * Entry::kBytes, '\0');
  for (size_t i = first; i < entries_.size(); ++i)
    entries_[i].Encode(bytes.data() + (i - first) * Entry::kBytes);
  ASSIGN_OR_RETURN(const auto file,
                   files.Open(path, rewrite_ ? OpenMode::kCreateTruncate : OpenMode::kCreate));
  RETURN_IF_ERROR(file->WriteAt(static_cast<int64_t>(first * Entry::kBytes), bytes));
  saved_ = entries_.size();
  rewrite_ = false;
  return {};
}

template class SparseIndex<OffsetEntry>;
template class SparseIndex<TimeEntry>;

}  // namespace weir
