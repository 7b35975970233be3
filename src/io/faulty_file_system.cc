#include "io/faulty_file_system.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace weir {
namespace {

constexpr size_t kSectorBytes = 512;  // what a disk writes whole

bool IsWriteLike(FaultyFileSystem::Call kind) {
  return kind != FaultyFileSystem::Call::kRead && kind != FaultyFileSystem::Call::kOpen;
}

}  // namespace

class FaultyFile final : public File {
 public:
  FaultyFile(std::string path, FaultyFileSystem& files, FaultyFileSystem::NodeRef node)
      : File(std::move(path)), files_(files), node_(std::move(node)) {}

  using File::WriteAt;

  Result<size_t> ReadAt(int64_t offset, char* to, size_t bytes) const override {
    std::lock_guard lock(files_.mutex_);
    RETURN_IF_ERROR(files_.Before(FaultyFileSystem::Call::kRead));
    const auto at = static_cast<size_t>(offset);
    if (at >= node_->current.size()) return 0;
    const size_t n = std::min(bytes, node_->current.size() - at);
    node_->current.copy(to, n, at);
    return n;
  }

  Status WriteAt(int64_t offset, std::span<const BytesView> pieces) override {
    std::lock_guard lock(files_.mutex_);
    RETURN_IF_ERROR(files_.Before(FaultyFileSystem::Call::kWrite));
    std::string bytes;
    for (const BytesView piece : pieces) bytes.append(piece);
    const int64_t growth =
        offset + static_cast<int64_t>(bytes.size()) - static_cast<int64_t>(node_->current.size());
    const bool full = files_.space_left_ >= 0 && growth > files_.space_left_;
    if (full)
      bytes.resize(bytes.size() -
                   static_cast<size_t>(std::min<int64_t>(growth - files_.space_left_,
                                                         static_cast<int64_t>(bytes.size()))));
    if (files_.space_left_ >= 0 && growth > 0)
      files_.space_left_ -= std::min(growth, files_.space_left_);
    const FaultyFileSystem::Change change{.offset = offset, .bytes = std::move(bytes)};
    FaultyFileSystem::Apply(node_->current, change);
    node_->changes.push_back(change);
    if (full)
      return Fail(ErrorCode::kDiskWriteLocked, "write failed: path={} error=no space", path_);
    return {};
  }

  Status Sync() override {
    std::lock_guard lock(files_.mutex_);
    const Status refused = files_.Before(FaultyFileSystem::Call::kSync);
    if (!refused.ok()) {
      // As on Linux: the changes count as clean from now on and never reach the disk.
      if (!files_.stop_after_hit()) files_.ForgetChanges(*node_);
      return refused;
    }
    if (std::exchange(node_->lost_changes, false))
      return Fail(ErrorCode::kStorage, "an earlier write-back failed: path={}", path_);
    for (const auto& change : node_->changes) FaultyFileSystem::Apply(node_->durable, change);
    node_->changes.clear();
    return {};
  }

  Result<int64_t> Size() const override {
    std::lock_guard lock(files_.mutex_);
    return static_cast<int64_t>(node_->current.size());
  }

  Status Truncate(int64_t bytes) override {
    std::lock_guard lock(files_.mutex_);
    RETURN_IF_ERROR(files_.Before(FaultyFileSystem::Call::kTruncate));
    const FaultyFileSystem::Change change{.offset = bytes, .truncate = true};
    FaultyFileSystem::Apply(node_->current, change);
    node_->changes.push_back(change);
    return {};
  }

  Status Reserve(int64_t, int64_t) override { return {}; }
  int fd() const override { return -1; }

 private:
  FaultyFileSystem& files_;
  const FaultyFileSystem::NodeRef node_;
};

FaultyFileSystem::FaultyFileSystem() {
  const auto root = std::make_shared<Node>();
  root->is_directory = true;
  current_["/"] = durable_["/"] = root;
}

void FaultyFileSystem::FailCall(Call kind, int64_t nth, ErrorCode code, Until until) {
  std::lock_guard lock(mutex_);
  faults_[kind] = {.at = calls_[kind] + nth, .code = code, .until = until};
}

void FaultyFileSystem::ClearFaults() {
  std::lock_guard lock(mutex_);
  faults_.clear();
}

void FaultyFileSystem::set_after_failed_sync(AfterFailedSync what) {
  std::lock_guard lock(mutex_);
  after_failed_sync_ = what;
}

void FaultyFileSystem::ForgetChanges(Node& node) const {
  if (after_failed_sync_ == AfterFailedSync::kDropped) {
    const size_t bytes = node.current.size();
    node.current = node.durable;
    node.current.resize(bytes, '\0');
  }
  node.changes.clear();
}

void FaultyFileSystem::set_space_left(int64_t bytes) {
  std::lock_guard lock(mutex_);
  space_left_ = bytes;
}

void FaultyFileSystem::StopAfter(int64_t nth_call) {
  std::lock_guard lock(mutex_);
  stop_after_ = write_calls_ + nth_call;
}

bool FaultyFileSystem::stopped() const {
  std::lock_guard lock(mutex_);
  return stop_after_hit();
}

int64_t FaultyFileSystem::write_calls() const {
  std::lock_guard lock(mutex_);
  return write_calls_;
}

Status FaultyFileSystem::Before(Call kind) {
  const int64_t call = ++calls_[kind];
  if (IsWriteLike(kind)) ++write_calls_;
  if (stop_after_hit()) return Fail(ErrorCode::kStorage, "the process is dead");
  const auto fault = faults_.find(kind);
  if (fault == faults_.end()) return {};
  const bool hit =
      fault->second.until == Until::kOnce ? call == fault->second.at : call >= fault->second.at;
  if (!hit) return {};
  return Fail(fault->second.code, "injected fault: call={}", call);
}

void FaultyFileSystem::Apply(std::string& contents, const Change& change) {
  const auto at = static_cast<size_t>(change.offset);
  if (change.truncate) {
    contents.resize(at, '\0');
    return;
  }
  if (contents.size() < at + change.bytes.size()) contents.resize(at + change.bytes.size(), '\0');
  contents.replace(at, change.bytes.size(), change.bytes);
}

// Writes reach the disk in any order and sector by sector; truncations are metadata and stay in their place.
void FaultyFileSystem::Persist(Node& node, std::mt19937_64& random) {
  for (Change& change : node.changes) {
    const auto fate = random() % 4;
    if (change.truncate) {
      if (fate != 0) Apply(node.durable, change);
      continue;
    }
    if (fate == 0) continue;
    if (fate == 1) {
      Apply(node.durable, change);
      continue;
    }
    // Torn: some sectors made it. The size may have grown before the data did: then there are zeroes.
    const auto end = static_cast<size_t>(change.offset) + change.bytes.size();
    if (node.durable.size() < end && random() % 2 == 0) node.durable.resize(end, '\0');
    for (size_t at = 0; at < change.bytes.size();) {
      const size_t in_sector =
          kSectorBytes - (static_cast<size_t>(change.offset) + at) % kSectorBytes;
      const size_t n = std::min(in_sector, change.bytes.size() - at);
      if (random() % 2 == 0) {
        Apply(node.durable, {.offset = change.offset + static_cast<int64_t>(at),
                             .bytes = change.bytes.substr(at, n)});
      }
      at += n;
    }
  }
  node.changes.clear();
  node.current = node.durable;
}

void FaultyFileSystem::LosePower(std::mt19937_64& random) {
  std::lock_guard lock(mutex_);
  for (auto& [directory, changes] : name_changes_) {
    const size_t kept = random() % (changes.size() + 1);
    for (size_t i = 0; i < kept; ++i) ApplyNameChange(changes[i]);
  }
  name_changes_.clear();
  std::set<Node*> seen;
  for (auto& [path, node] : durable_) {
    if (!seen.insert(node.get()).second) continue;
    Persist(*node, random);
    node->lost_changes = false;
  }
  // What hangs below a directory that is not there cannot be reached.
  std::erase_if(durable_, [&](const auto& entry) {
    for (std::string_view up = ParentOf(entry.first); up.size() > 1; up = ParentOf(up)) {
      if (!durable_.contains(std::string(up))) return true;
    }
    return false;
  });
  current_ = durable_;
  stop_after_ = -1;
  faults_.clear();
}

void FaultyFileSystem::KillProcess() {
  std::lock_guard lock(mutex_);
  stop_after_ = -1;
  faults_.clear();
}

void FaultyFileSystem::ApplyNameChange(const NameChange& change) {
  if (change.node != nullptr) {
    durable_[change.path] = change.node;
  } else {
    durable_.erase(change.path);
  }
}

void FaultyFileSystem::SetName(const std::string& path, NodeRef node) {
  if (node != nullptr) {
    current_[path] = node;
  } else {
    current_.erase(path);
  }
  name_changes_[std::string(ParentOf(path))].push_back({path, std::move(node)});
}

Result<std::unique_ptr<File>> FaultyFileSystem::Open(const std::string& path, OpenMode mode) {
  std::lock_guard lock(mutex_);
  const auto found = current_.find(path);
  NodeRef node = found == current_.end() ? nullptr : found->second;
  if (node == nullptr) {
    if (mode == OpenMode::kRead || mode == OpenMode::kReadWrite ||
        !current_.contains(std::string(ParentOf(path)))) {
      return Fail(ErrorCode::kStorage, "open failed: path={} error=no such file", path);
    }
    RETURN_IF_ERROR(Before(Call::kCreate));
    node = std::make_shared<Node>();
    SetName(path, node);
  } else if (const Status opened = Before(Call::kOpen); !opened.ok()) {
    return Forward(opened);
  } else if (mode == OpenMode::kCreateTruncate) {
    RETURN_IF_ERROR(Before(Call::kTruncate));
    node->current.clear();
    node->changes.push_back({.offset = 0, .truncate = true});
  }
  return std::make_unique<FaultyFile>(path, *this, std::move(node));
}

Result<std::vector<DirectoryEntry>> FaultyFileSystem::List(const std::string& directory) {
  std::lock_guard lock(mutex_);
  std::vector<DirectoryEntry> entries;
  for (const auto& [path, node] : current_) {
    if (path.size() > 1 && ParentOf(path) == directory) {
      entries.push_back({path.substr(path.rfind('/') + 1), node->is_directory});
    }
  }
  return entries;
}

bool FaultyFileSystem::Exists(const std::string& path) {
  std::lock_guard lock(mutex_);
  return current_.contains(path);
}

Status FaultyFileSystem::CreateDirectories(const std::string& directory) {
  std::lock_guard lock(mutex_);
  std::vector<std::string> missing;
  for (std::string_view up = directory; !current_.contains(std::string(up)); up = ParentOf(up)) {
    missing.emplace_back(up);
  }
  for (auto path = missing.rbegin(); path != missing.rend(); ++path) {
    RETURN_IF_ERROR(Before(Call::kCreate));
    const auto node = std::make_shared<Node>();
    node->is_directory = true;
    SetName(*path, node);
  }
  return {};
}

Status FaultyFileSystem::SyncDirectory(const std::string& directory) {
  std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(Before(Call::kSyncDirectory));
  const auto changes = name_changes_.extract(directory);
  if (!changes.empty()) {
    for (const NameChange& change : changes.mapped()) ApplyNameChange(change);
  }
  return {};
}

Status FaultyFileSystem::Rename(const std::string& from, const std::string& to) {
  std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(Before(Call::kRename));
  const auto found = current_.find(from);
  if (found == current_.end())
    return Fail(ErrorCode::kStorage, "rename failed: path={} error=no such file", from);
  const NodeRef node = found->second;
  std::vector<std::pair<std::string, NodeRef>> below;
  for (auto child = current_.lower_bound(from + "/"); child != current_.end(); ++child) {
    if (!child->first.starts_with(from + "/")) break;
    below.emplace_back(child->first, child->second);
  }
  SetName(from, nullptr);
  SetName(to, node);
  for (const auto& [path, child] : below) {
    current_.erase(path);
    durable_.erase(path);
    current_[to + path.substr(from.size())] = child;
    durable_[to + path.substr(from.size())] = child;
  }
  return {};
}

Status FaultyFileSystem::Remove(const std::string& path) {
  std::lock_guard lock(mutex_);
  if (!current_.contains(path)) return {};
  RETURN_IF_ERROR(Before(Call::kRemove));
  SetName(path, nullptr);
  return {};
}

Status FaultyFileSystem::RemoveAll(const std::string& directory) {
  std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(Before(Call::kRemove));
  std::vector<std::string> doomed;
  for (const auto& [path, node] : current_) {
    if (path == directory || path.starts_with(directory + "/")) doomed.push_back(path);
  }
  for (const std::string& path : doomed) SetName(path, nullptr);
  return {};
}

Status FaultyFileSystem::SyncAll(const std::string&) {
  std::lock_guard lock(mutex_);
  if (const Status refused = Before(Call::kSync); !refused.ok()) {
    // As on Linux: told once for all files, and once more by each of them.
    for (auto& [path, node] : current_) {
      if (stop_after_hit() || node->changes.empty()) continue;
      ForgetChanges(*node);
      node->lost_changes = true;
    }
    return refused;
  }
  for (const auto& [directory, changes] : name_changes_) {
    for (const NameChange& change : changes) ApplyNameChange(change);
  }
  name_changes_.clear();
  for (auto& [path, node] : current_) {
    for (const Change& change : node->changes) Apply(node->durable, change);
    node->changes.clear();
  }
  return {};
}

Result<int64_t> FaultyFileSystem::SpaceLeft(const std::string&) {
  std::lock_guard lock(mutex_);
  return space_left_ >= 0 ? space_left_ : 1 * GiB;
}

void FaultyFileSystem::Damage(const std::string& path, int64_t offset, BytesView with) {
  std::lock_guard lock(mutex_);
  const auto found = current_.find(path);
  WEIR_CHECK(found != current_.end());
  const Change change{.offset = offset, .bytes = std::string(with)};
  Apply(found->second->current, change);
  Apply(found->second->durable, change);
}

}  // namespace weir
