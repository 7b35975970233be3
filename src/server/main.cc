// The binary: subcommands, signals, exit codes. Everything else lives in modules.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/log.h"
#include "server/server.h"

namespace weir {
namespace {

/// Block the signals that stop us in all threads to come, so that one sigwait gets them.
sigset_t BlockStopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

int Serve(const ServerOptions& options) {
  const sigset_t stop_signals = BlockStopSignals();
  auto server = Server::Start(options);
  if (!server.ok()) {
    std::fprintf(stderr, "weir: %s\n", server.error().message.c_str());
    return 1;
  }
  LogInfo("server", "ready: listen={} data_dir={}", options.listen, options.data_dir);
  int signal = 0;
  sigwait(&stop_signals, &signal);
  LogInfo("server", "stopping: signal={}", signal);
  (*server)->Stop();
  LogInfo("server", "stopped");
  return 0;
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  CLI::App app("Weir: a streaming lakehouse in one binary");
  app.require_subcommand(1);
  weir::ServerOptions options;
  CLI::App* serve = app.add_subcommand("serve", "Run a server in the foreground");
  serve->add_option("--data-dir", options.data_dir, "Where everything is stored")->capture_default_str();
  serve->add_option("--listen", options.listen, "HOST:PORT of the wire protocol")->capture_default_str();
  serve->add_option("--http", options.http, "HOST:PORT of SQL, health and metrics over HTTP")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (serve->parsed()) return weir::Serve(options);
  return 0;
}
