#include "server/serve_command.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <thread>

#include "base/log.h"
#include "base/machine.h"
#include "cli/connect_options.h"
#include "server/server.h"

namespace weir {
namespace {

struct ServeFlags {
  std::string config_file;
  std::string data_dir;
  std::string listen;
  std::string http;
  std::vector<std::string> set;
};

/// Block the signals that stop us in all threads to come, so that one sigwait gets them.
sigset_t BlockStopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return set;
}

/// A stop that hangs must not need kill -9: the second signal ends the process at once.
void ForceOnNextSignal(const sigset_t& set) {
  std::thread([set] {
    int signal = 0;
    sigwait(&set, &signal);
    LogWarn("server", "second signal: not waiting any longer");
    _exit(130);
  }).detach();
}

/// Frames of a few MiB come and go; giving their pages back to the kernel each time costs more than
/// filling them.
void TuneAllocator() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

Status LoadConfiguration(const ServeFlags& flags, Configuration& configuration) {
  ConfigurationSources sources{.file = flags.config_file, .environment = ProcessEnvironment()};
  for (const std::string& one : flags.set) {
    const size_t equals = one.find('=');
    if (equals == std::string::npos)
      return Fail(ErrorCode::kInvalidConfig, "--set takes KEY=VALUE: {}", one);
    sources.flags.emplace_back(one.substr(0, equals), one.substr(equals + 1));
  }
  if (!flags.data_dir.empty()) sources.flags.emplace_back("server.data-dir", flags.data_dir);
  if (!flags.listen.empty()) sources.flags.emplace_back("server.listen", flags.listen);
  if (!flags.http.empty())
    sources.flags.emplace_back("server.http", flags.http == "off" ? "" : flags.http);
  return configuration.Load(sources);
}

Status SetLogLevelByName(const std::string& name) {
  constexpr std::array<std::pair<std::string_view, LogLevel>, 4> kLevels = {
      {{"debug", LogLevel::kDebug},
       {"info", LogLevel::kInfo},
       {"warn", LogLevel::kWarn},
       {"error", LogLevel::kError}}};
  for (const auto& [text, level] : kLevels) {
    if (name != text) continue;
    SetLogLevel(level);
    return {};
  }
  return Fail(ErrorCode::kInvalidConfig, "server.log-level is debug, info, warn or error: {}",
              name);
}

Status Serve(const ServeFlags& flags) {
  const auto started = std::chrono::steady_clock::now();
  TuneAllocator();
  RaiseOpenFileLimit();
  const sigset_t stop_signals = BlockStopSignals();
  Configuration configuration;
  RETURN_IF_ERROR(LoadConfiguration(flags, configuration));
  RETURN_IF_ERROR(SetLogLevelByName(configuration.server.log_level));
  ASSIGN_OR_RETURN(const std::unique_ptr<Server> server, Server::Start(configuration));
  const auto took = std::chrono::steady_clock::now() - started;
  LogInfo("server", "ready: listen={} http={} data_dir={} start_ms={}", configuration.server.listen,
          configuration.server.http, configuration.server.data_dir,
          std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
  int signal = 0;
  sigwait(&stop_signals, &signal);
  LogInfo("server", "stopping: signal={}", signal == SIGTERM ? "SIGTERM" : "SIGINT");
  ForceOnNextSignal(stop_signals);
  server->Stop();
  LogInfo("server", "stopped");
  return {};
}

}  // namespace

void AddServeCommand(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ServeFlags>();
  const ServerOptions defaults;
  CLI::App* serve = app.add_subcommand("serve", "Run a server in the foreground");
  serve
      ->add_option("--data-dir", flags->data_dir,
                   "Where everything is stored [" + defaults.data_dir + "]")
      ->type_name("DIR");
  serve
      ->add_option("--listen", flags->listen,
                   "Address of the wire protocol, for clients of Fluss [" + defaults.listen + "]")
      ->type_name("HOST:PORT");
  serve
      ->add_option("--http", flags->http,
                   "Address of SQL, the Iceberg catalog, health and metrics; 'off' for none [" +
                       defaults.http + "]")
      ->type_name("HOST:PORT");
  serve->add_option("--config", flags->config_file, "YAML file with options")
      ->type_name("FILE")
      ->envname("WEIR_CONFIG");
  serve->add_option("--set", flags->set, "Set one option; may be repeated")->type_name("KEY=VALUE");
  serve->footer(
      "Options come from flags, then WEIR_* variables, then the file, then defaults:\n"
      "  weir serve --set server.shards=2           one option; `weir doc options` lists them all\n"
      "  WEIR_SERVER_SHARDS=2 weir serve            the same: capitals, and _ for . and -\n"
      "  weir serve --config weir.yaml              the same in a file: server.shards: 2\n"
      "Stop with Ctrl-C or SIGTERM; a second one does not wait.\n"
      "Exit codes: 0 stopped, 1 could not start, 2 a wrong flag or option, 130 a second signal.");
  serve->callback([flags, &exit_code] {
    const Status served = Serve(*flags);
    if (served.ok()) return;
    std::fprintf(stderr, "weir: %s\n", served.error().message.c_str());
    exit_code = served.code() == ErrorCode::kInvalidConfig ? kExitUsage : kExitFailed;
  });
}

}  // namespace weir
