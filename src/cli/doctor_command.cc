#include "cli/doctor_command.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <memory>
#include <vector>

#include "cli/connect_options.h"

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;

constexpr rlim_t kOpenFilesMin = 65'536;
constexpr double kFreeShareMin = 0.10;
constexpr double kSyncMsMax = 20;
constexpr int kSyncs = 20;

enum class Verdict { kOk, kWarning, kProblem };

struct Finding {
  Verdict verdict = Verdict::kOk;
  std::string text;
  std::string advice;  // when not kOk
};

double Milliseconds(Clock::duration d) {
  return std::chrono::duration<double, std::milli>(d).count();
}

Finding CheckProcessor() {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("sse4.2")) {
    return {Verdict::kProblem, "processor has no CRC-32C instruction",
            "Weir needs x86-64-v2 (any CPU since about 2009)"};
  }
#endif
  utsname system{};
  ::uname(&system);
  return {Verdict::kOk,
          fmt::format("{} cores, {} {}", ::sysconf(_SC_NPROCESSORS_ONLN), system.sysname,
                      system.release),
          ""};
}

Finding CheckOpenFiles() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max < kOpenFilesMin) {
    return {Verdict::kWarning, fmt::format("at most {} open files", limit.rlim_max),
            fmt::format("every bucket and connection takes one: raise the limit to {} (ulimit -Hn, "
                        "LimitNOFILE=)",
                        kOpenFilesMin)};
  }
  return {Verdict::kOk, fmt::format("up to {} open files", limit.rlim_max), ""};
}

/// The nearest folder above `path` that exists: a data folder may still have to be made.
std::filesystem::path ExistingAbove(std::filesystem::path path) {
  path = std::filesystem::absolute(path);
  std::error_code ignored;
  while (!std::filesystem::exists(path, ignored) && path.has_parent_path() &&
         path != path.parent_path()) {
    path = path.parent_path();
  }
  return path;
}

Finding CheckSpace(const std::filesystem::path& folder) {
  struct statvfs disk{};
  if (::statvfs(folder.c_str(), &disk) != 0) {
    return {Verdict::kProblem,
            fmt::format("cannot look at {}: {}", folder.string(), std::strerror(errno)),
            "check --data-dir"};
  }
  const double total = static_cast<double>(disk.f_blocks) * static_cast<double>(disk.f_frsize);
  const double free = static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize);
  const std::string text =
      fmt::format("{:.1f} of {:.1f} GB free at {}", free / 1e9, total / 1e9, folder.string());
  if (free < total * kFreeShareMin) {
    return {Verdict::kWarning, text,
            "writes stop when the disk is full: make room or shorten table.log.ttl"};
  }
  return {Verdict::kOk, text, ""};
}

/// Write and sync a small file as the journal does; every acknowledgement waits for this.
Finding CheckDisk(const std::filesystem::path& folder) {
  const std::string path = (folder / fmt::format(".weir-doctor-{}", ::getpid())).string();
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    return {Verdict::kProblem,
            fmt::format("cannot write to {}: {}", folder.string(), std::strerror(errno)),
            "choose another --data-dir or mend its permissions"};
  }
  const std::array<char, 4096> block{};
  std::vector<double> times;
  bool failed = false;
  for (int i = 0; i <= kSyncs; ++i) {
    const auto started = Clock::now();
    failed |= ::pwrite(fd, block.data(), block.size(), 0) != static_cast<ssize_t>(block.size()) ||
              ::fdatasync(fd) != 0;
    if (i > 0)
      times.push_back(Milliseconds(Clock::now() - started));  // the first one also makes the file
  }
  ::close(fd);
  ::unlink(path.c_str());
  if (failed)
    return {Verdict::kProblem, "writing and syncing a file fails",
            "look at the kernel's log; the disk may be ill"};
  std::sort(times.begin(), times.end());
  const double median = times[times.size() / 2];
  const std::string text = fmt::format("fdatasync of 4 KiB takes {:.2f} ms", median);
  if (median > kSyncMsMax) {
    return {Verdict::kWarning, text,
            "acknowledgements wait for it: a local SSD takes well under a millisecond"};
  }
  return {Verdict::kOk, text, ""};
}

Finding CheckServer(const ConnectOptions& options) {
  const auto started = Clock::now();
  const auto client = ConnectClient(options);
  if (!client.ok()) {
    const bool down = client.code() == ErrorCode::kNetworkException;
    return {down ? Verdict::kWarning : Verdict::kProblem, client.error().message,
            down                                         ? "start one with: weir serve"
            : client.code() == ErrorCode::kInvalidConfig ? "check --server"
                                                         : "check --user and WEIR_PASSWORD"};
  }
  const auto databases = (*client)->ListDatabases();
  if (!databases.ok())
    return {Verdict::kProblem, databases.error().message, "look at the server's log"};
  return {Verdict::kOk,
          fmt::format("server at {} answers in {:.1f} ms and has {} databases", options.server,
                      Milliseconds(Clock::now() - started), databases->size()),
          ""};
}

/// Returns the exit code: problems fail, warnings do not.
int RunDoctor(const ConnectOptions& connect, const std::string& data_dir) {
  const std::filesystem::path folder = ExistingAbove(data_dir);
  constexpr std::array<std::string_view, 3> kWords{"ok  ", "warn", "FAIL"};
  bool problem = false;
  for (const Finding& finding : {CheckProcessor(), CheckOpenFiles(), CheckSpace(folder),
                                 CheckDisk(folder), CheckServer(connect)}) {
    fmt::print("{}  {}\n", kWords[static_cast<size_t>(finding.verdict)], finding.text);
    if (finding.verdict != Verdict::kOk) fmt::print("      -> {}\n", finding.advice);
    problem |= finding.verdict == Verdict::kProblem;
  }
  return problem ? kExitFailed : kExitOk;
}

}  // namespace

void AddDoctorCommand(CLI::App& app, int& exit_code) {
  struct Arguments {
    ConnectOptions connect;
    std::string data_dir = "./weir-data";
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* doctor =
      app.add_subcommand("doctor", "Check this machine, the data folder and the server");
  AddConnectOptions(*doctor, arguments->connect);
  doctor->add_option("--data-dir", arguments->data_dir, "Folder the server uses or will use")
      ->capture_default_str();
  doctor->footer(
      "Exit code 0 when nothing is broken; warnings (no server, slow disk) do not count.");
  doctor->callback(
      [arguments, &exit_code] { exit_code = RunDoctor(arguments->connect, arguments->data_dir); });
}

}  // namespace weir
