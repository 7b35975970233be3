#include "cli/server_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "client/client_connection.h"

extern char** environ;

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kReadyTimeout{20};
constexpr std::chrono::seconds kStopTimeout{20};
constexpr std::chrono::milliseconds kPollEvery{5};

/// A loopback port nobody listens on, below the range that the kernel gives to outgoing
/// connections.
int FreePort() {
  std::random_device dice;
  while (true) {
    const int port = 20000 + static_cast<int>(dice() % 10000);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool free = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    if (free) return port;
  }
}

std::string SelfPath() {
  std::array<char, 4096> path{};
  const ssize_t n = ::readlink("/proc/self/exe", path.data(), path.size() - 1);
  return n > 0 ? std::string(path.data(), static_cast<size_t>(n)) : "weir";
}

/// Start a program; stdout and stderr go to the given descriptors when they are not negative.
Result<pid_t> Spawn(const std::string& program, const std::vector<std::string>& arguments, int out,
                    int err) {
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (out >= 0) posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  if (err >= 0) posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    return Fail(ErrorCode::kUnknownServerError, "cannot start {}: {}", program,
                std::strerror(error));
  return pid;
}

std::string EndOf(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  const std::string all = text.str();
  return all.size() > 2000 ? all.substr(all.size() - 2000) : all;
}

bool HasEnded(pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) == pid; }

}  // namespace

Result<std::unique_ptr<ServerProcess>> ServerProcess::Start(const std::string& data_dir) {
  const int port = FreePort();
  std::unique_ptr<ServerProcess> server(new ServerProcess());
  server->address_ = fmt::format("127.0.0.1:{}", port);
  server->http_address_ = fmt::format("127.0.0.1:{}", FreePort());
  const std::string log_path = data_dir + ".log";
  const int log = ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (log < 0) {
    return Fail(ErrorCode::kStorage, "cannot write {}: {}", log_path, std::strerror(errno));
  }
  const auto pid = Spawn(SelfPath(),
                         {"serve", "--data-dir", data_dir, "--listen", server->address_, "--http",
                          server->http_address_},
                         log, log);
  ::close(log);
  if (!pid.ok()) return Forward(pid);
  server->pid_ = *pid;
  const auto deadline = Clock::now() + kReadyTimeout;
  while (!ClientConnection::Open("127.0.0.1", port, {}).ok()) {
    if (HasEnded(server->pid_)) {
      server->pid_ = -1;
      return Fail(ErrorCode::kNetworkException, "the server ended:\n{}", EndOf(log_path));
    }
    if (Clock::now() > deadline) {
      return Fail(ErrorCode::kNetworkException, "the server does not answer:\n{}", EndOf(log_path));
    }
    std::this_thread::sleep_for(kPollEvery);
  }
  return server;
}

ServerProcess::~ServerProcess() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGTERM);
  const auto deadline = Clock::now() + kStopTimeout;
  while (!HasEnded(pid_)) {
    if (Clock::now() > deadline) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
      return;
    }
    std::this_thread::sleep_for(kPollEvery);
  }
}

double CpuSecondsOf(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string text;
  if (!std::getline(file, text)) return 0;
  // The second field is the name in parentheses and may hold blanks; user and system time are the
  // 12th and 13th after.
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

Result<int> RunSelf(const std::vector<std::string>& arguments, std::string* output) {
  return RunProgram(SelfPath(), arguments, output);
}

Result<int> RunProgram(const std::string& program, const std::vector<std::string>& arguments,
                       std::string* output) {
  std::array<int, 2> pipe{-1, -1};
  if (output != nullptr && ::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return Fail(ErrorCode::kUnknownServerError, "cannot make a pipe: {}", std::strerror(errno));
  }
  const auto pid = Spawn(program, arguments, pipe[1], -1);
  if (output != nullptr) ::close(pipe[1]);
  if (!pid.ok()) {
    if (output != nullptr) ::close(pipe[0]);
    return Forward(pid);
  }
  if (output != nullptr) {
    std::array<char, 65536> buffer;
    for (ssize_t n = 0; (n = ::read(pipe[0], buffer.data(), buffer.size())) > 0;) {
      output->append(buffer.data(), static_cast<size_t>(n));
    }
    ::close(pipe[0]);
  }
  int status = 0;
  ::waitpid(*pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

}  // namespace weir
