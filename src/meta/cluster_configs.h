// Server options changed while it runs (ALTER_CLUSTER_CONFIGS), kept over restarts, and the answer
// to DESCRIBE_CLUSTER_CONFIGS. Source: Fluss 545c5539 DynamicConfigManager, DynamicServerConfig.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "meta/table_changes.h"

namespace weir {

class OptionSet;
class Store;

class ClusterConfigs {
 public:
  enum class Source : uint8_t { kInitial, kDynamic };
  struct Entry {
    std::string key;
    std::optional<std::string> value;  // "******" for what is secret
    Source source;
  };

  /// Changed options in `store`, which must outlive this.
  explicit ClusterConfigs(Store& store);
  Status Load();

  /// The server's options as started, for Describe; not owned. Before the first request.
  void SetServerOptions(const OptionSet* options) { options_ = options; }

  /// All or nothing. Only options whose row says kLive can be changed: a value that nothing applies is refused.
  /// Errors  kConfigException  no such option, or one that needs a restart; APPEND or SUBTRACT on what is no list; a
  ///                           value missing
  /// Durable on return. Thread: any
  Status Alter(const std::vector<ConfigChange>& changes);
  /// Every option, by key; secrets hidden.
  std::vector<Entry> Describe() const;
  /// The present value of a changed option.
  std::optional<std::string> Find(std::string_view key) const;

 private:
  std::string PresentValue(const std::map<std::string, std::string, std::less<>>& changed,
                           std::string_view key) const;

  Store& store_;
  const OptionSet* options_ = nullptr;
  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> changed_;
};

}  // namespace weir
