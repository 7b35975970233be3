// What a check of the lake needs of the key-value states of buckets, as blocking calls. An interface so that checks can
// be tested without tablets; the real one is MakeTabletKvStates.
// Thread: any that may block, several at a time.
#pragma once

#include <functional>
#include <memory>

#include "base/ids.h"
#include "base/result.h"
#include "record/value_batch.h"

namespace weir {

class Tablets;

class KvStates {
 public:
  virtual ~KvStates() = default;

  /// Call `take` with every row of the state at one moment, until it fails. Return the log offset of that moment: the
  /// state is the log below it applied, and all of that is readable.
  /// Errors  kKvStorage, kTooManyScanners;  or what `take` returned
  virtual Result<Offset> Scan(const TableBucket& bucket,
                              const std::function<Status(const StoredValue&)>& take) = 0;
};

/// The buckets of this server. `tablets` must outlive the result.
std::unique_ptr<KvStates> MakeTabletKvStates(Tablets& tablets);

}  // namespace weir
