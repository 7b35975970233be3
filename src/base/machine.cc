#include "base/machine.h"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>
#include <thread>

namespace weir {
namespace {

constexpr int64_t kOpenFilesMax = 1'000'000;
constexpr int64_t kOpenFilesUnknown = 1024;

int CpusOfAffinity() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return CPU_COUNT(&set);
  return static_cast<int>(std::thread::hardware_concurrency());  // more than 1,024 of them
}

}  // namespace

int CpusOfQuota(std::string_view cpu_max) {
  int64_t quota = 0, period = 0;
  const char* const end = cpu_max.data() + cpu_max.size();
  const auto first = std::from_chars(cpu_max.data(), end, quota);
  if (first.ec != std::errc() || first.ptr == end) return 0;  // "max 100000"
  const auto second = std::from_chars(first.ptr + 1, end, period);
  if (second.ec != std::errc() || quota <= 0 || period <= 0) return 0;
  return static_cast<int>(std::min<int64_t>((quota + period - 1) / period, 1 << 16));
}

int AvailableCpus() {
  std::string line;
  // Inside a container the process' own group is mounted as the root.
  std::getline(std::ifstream("/sys/fs/cgroup/cpu.max"), line);
  const int quota = CpusOfQuota(line);
  const int cpus = std::max(1, CpusOfAffinity());
  return quota > 0 ? std::min(quota, cpus) : cpus;
}

int64_t OpenFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kOpenFilesUnknown;
  if (limit.rlim_cur == RLIM_INFINITY) return kOpenFilesMax;
  return std::min(static_cast<int64_t>(limit.rlim_cur), kOpenFilesMax);
}

void RaiseOpenFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);  // without it less can be open, no more than that
}

}  // namespace weir
