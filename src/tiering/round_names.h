// The name of a round under way, in the meta store from before its first file until its commit.
// Key `lake-round/<table>`, value JSON {"version":1,"round":…,"location":…} (docs/formats/meta_store.md).
#pragma once

#include <optional>
#include <string>

#include "base/ids.h"
#include "base/result.h"

namespace weir {

class Store;
class Transaction;

struct RoundName {
  std::string round;        // part of the name of every file the round writes itself
  std::string location;     // the lake table's files are below
  int64_t snapshot_id = 0;  // part of the name of every other
};

Status SaveRound(Store& store, TableId table, const RoundName& name);
std::optional<RoundName> FindRound(const Store& store, TableId table);
void ForgetRound(TableId table, Transaction& transaction);

}  // namespace weir
