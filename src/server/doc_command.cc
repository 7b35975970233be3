#include "server/doc_command.h"

#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "handlers/api_document.h"
#include "meta/table_options.h"
#include "server/server.h"
#include "server/version.h"

namespace weir {
namespace {

constexpr const char* kOptionsIntroduction = R"(# Options

Written by `weir doc options`; do not edit. A value is taken from, in this order: `--set KEY=VALUE` and the
flags of `weir serve`, the environment (`WEIR_` and the key in capitals with underscores, such as
`WEIR_SERVER_LISTEN`), the YAML file given with `--config`, the default. Users are configured with
`security.users` (a map of name to password) or `security.sasl.plain.jaas.config` as in Apache Fluss.

## Server

)";

constexpr const char* kMetricsIntroduction = R"(# Metrics

Written by `weir doc metrics`; do not edit. Served in Prometheus text format at `/metrics`.

)";

std::string Options() {
  const Configuration configuration;
  return kOptionsIntroduction + configuration.options.ToMarkdown() + "\n## Tables\n\n" +
         TableOptionsMarkdown();
}

/// A server without listeners in a folder that goes away: whatever registers metrics is then there.
Result<std::string> Metrics() {
  std::string folder = (std::filesystem::temp_directory_path() / "weir_doc_XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr)
    return Fail(ErrorCode::kStorage, "cannot make a folder: {}", folder);
  Configuration configuration;
  // Nobody is asked at that address: there is nothing to tier.
  RETURN_IF_ERROR(configuration.Load({.flags = {{"server.data-dir", folder},
                                                {"server.listen", ""},
                                                {"server.http", ""},
                                                {"datalake.iceberg.type", "rest"},
                                                {"datalake.iceberg.uri", "http://127.0.0.1:9"}}}));
  std::string text;
  {
    ASSIGN_OR_RETURN(const auto server, Server::Start(configuration));
    text = server->metrics().ToMarkdown();
  }
  std::filesystem::remove_all(folder);
  return kMetricsIntroduction + text;
}

Result<std::string> Page(const std::string& name) {
  if (name == "options") return Options();
  if (name == "metrics") return Metrics();
  return ApisMarkdown();
}

}  // namespace

void AddDocCommand(CLI::App& app, int& exit_code) {
  auto name = std::make_shared<std::string>();
  CLI::App* doc =
      app.add_subcommand("doc", "Print the reference of options, metrics or requests as Markdown");
  doc->add_option("page", *name, "What to print")
      ->required()
      ->check(CLI::IsMember({"options", "metrics", "apis"}));
  doc->callback([name, &exit_code] {
    const Result<std::string> text = Page(*name);
    if (text.ok()) {
      std::fputs(text->c_str(), stdout);
      return;
    }
    std::fprintf(stderr, "weir: %s\n", text.error().message.c_str());
    exit_code = 1;
  });
}

void AddVersionCommand(CLI::App& app, int& exit_code) {
  app.add_subcommand("version", "Print the version and what it speaks")->callback([&exit_code] {
    std::printf("weir %s\nprotocol: Apache Fluss 1.0 (serves 0.9.1 clients too)\n", kVersion);
    exit_code = 0;
  });
}

}  // namespace weir
