#include "tablet/leftovers.h"

#include <charconv>
#include <optional>

#include "base/log.h"

namespace weir {
namespace {

constexpr std::string_view kRoot = "data";

/// The number behind the last `mark` of a name; nothing when it does not end in one.
std::optional<int64_t> NumberBehind(std::string_view name, std::string_view mark) {
  const size_t at = name.rfind(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view digits = name.substr(at + mark.size());
  int64_t number = -1;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits.empty() || parsed.ec != std::errc() || number < 0) return std::nullopt;
  return parsed.ptr == digits.data() + digits.size() ? std::optional(number) : std::nullopt;
}

class Search {
 public:
  Search(FileSystem& files, const std::string& data_directory, const KnownTables& known)
      : files_(files), root_(data_directory), known_(known) {}

  std::vector<std::string> Run() {
    ForEachFolder(std::string(kRoot), [this](const std::string& database, std::string_view name) {
      if (!name.starts_with('.')) LookIntoDatabase(database);
    });
    return std::move(found_);
  }

 private:
  void ForEachFolder(const std::string& folder,
                     const std::function<void(const std::string&, std::string_view)>& visit) {
    const auto entries = files_.List(root_ + "/" + folder);
    if (!entries.ok()) {
      LogWarn("tablet", "cannot look for leftovers: {}", entries.error().message);
      return;
    }
    for (const DirectoryEntry& entry : *entries) {
      if (entry.is_directory) visit(folder + "/" + entry.name, entry.name);
    }
  }

  void LookIntoDatabase(const std::string& database) {
    ForEachFolder(database, [this](const std::string& folder, std::string_view name) {
      const auto id = NumberBehind(name, "-");
      if (!id) return;
      const auto table = known_.find_table({.table = TableId(*id)});
      if (table == nullptr) {
        Judge(folder, *id < known_.tables_end.value);
      } else if (table->is_partitioned()) {
        LookIntoTable(folder, *table);
      }
    });
  }

  void LookIntoTable(const std::string& folder, const TableInfo& table) {
    ForEachFolder(folder, [&](const std::string& partition, std::string_view name) {
      const auto id = NumberBehind(name, "-p");
      if (!id || table.FindPartition(PartitionId(*id)) != nullptr) return;
      Judge(partition, *id < known_.partitions_end.value);
    });
  }

  void Judge(const std::string& folder, bool dropped) {
    if (dropped) return found_.push_back(folder);
    LogWarn("tablet", "folder of no table that the catalog knows, left alone: path={}/{}", root_,
            folder);
  }

  FileSystem& files_;
  const std::string& root_;
  const KnownTables& known_;
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> FindLeftovers(FileSystem& files, const std::string& data_directory,
                                       const KnownTables& known) {
  return Search(files, data_directory, known).Run();
}

}  // namespace weir
