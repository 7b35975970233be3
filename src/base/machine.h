// What this process may use of the machine: processors and open files.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

/// Processors this process may run on, at least 1: what its affinity allows, and no more than the quota of its
/// control group (rounded up). A container with one processor of 64 gets one shard, not 64.
int AvailableCpus();

/// The processors a line of cgroup v2's cpu.max grants ("150000 100000": 2); 0 when it sets no bound.
int CpusOfQuota(std::string_view cpu_max);

/// How many files and connections may be open; at most a million is ever said.
int64_t OpenFileLimit();

/// Raise the soft limit to the hard one, as it is often low for the sake of programs that use select().
void RaiseOpenFileLimit();

}  // namespace weir
