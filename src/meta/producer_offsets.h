// Where producers stood: offsets a Flink sink registers under its producer id before it writes, so
// that after a failure the records written since can be undone. Source: Fluss 545c5539
// ProducerOffsetsManager.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

namespace weir {

class Store;

class ProducerOffsets {
 public:
  struct Entry {
    std::map<TableBucket, Offset> offsets;
    int64_t expires_ms = 0;
  };
  enum class Registered : uint8_t { kCreated, kAlreadyExists };

  /// Reads what `store`, which must outlive this, has.
  ProducerOffsets(Store& store, const Clock& clock, int64_t ttl_ms_default);
  Status Load();

  /// Keep the offsets unless there are unexpired ones of this producer already.
  /// Errors   kInvalidProducerId  1..200 of [a-zA-Z0-9_-], as for tables;  kStorage
  /// Durable  on return. Thread: any
  Result<Registered> Register(const std::string& producer,
                              const std::map<TableBucket, Offset>& offsets,
                              std::optional<int64_t> ttl_ms);
  /// Unexpired offsets of `producer`, if any.
  Result<std::optional<Entry>> Get(const std::string& producer) const;
  /// Unknown producers are fine.
  Status Delete(const std::string& producer);
  /// Forget what is past its time; called now and then.
  Status RemoveExpired();

 private:
  Store& store_;
  const Clock& clock_;
  const int64_t ttl_ms_default_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace weir
