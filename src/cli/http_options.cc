#include "cli/http_options.h"

#include <CLI/CLI.hpp>
#include <boost/beast/core/detail/base64.hpp>

namespace weir {

std::string HttpUser::Authorization() const {
  namespace base64 = boost::beast::detail::base64;
  if (name.empty()) return "";
  const std::string plain = name + ":" + password;
  std::string encoded(base64::encoded_size(plain.size()), '\0');
  encoded.resize(base64::encode(encoded.data(), plain.data(), plain.size()));
  return "Basic " + encoded;
}

namespace {

/// People paste what they see in a browser. Returns an error: there is none.
std::string WithoutScheme(std::string& address) {
  constexpr std::string_view kScheme = "http://";
  if (address.starts_with(kScheme)) address.erase(0, kScheme.size());
  if (address.ends_with('/')) address.pop_back();
  return "";
}

CLI::Option* AddOptions(CLI::App& command, HttpOptions& options) {
  CLI::Option* server =
      command
          .add_option("--server,--http", options.server,
                      "A running server's HTTP, not its wire protocol [" + options.server + "]")
          ->type_name("HOST:PORT")
          ->envname("WEIR_HTTP")
          ->transform(CLI::Validator(WithoutScheme, ""));
  command.add_option("--user", options.user.name, "User name, when the server has users")
      ->type_name("NAME")
      ->envname("WEIR_USER");
  command
      .add_option("--password", options.user.password,
                  "Password; better in WEIR_PASSWORD, where no process list shows it")
      ->envname("WEIR_PASSWORD");
  return server;
}

}  // namespace

void AddHttpOptions(CLI::App& command, HttpOptions& options) { AddOptions(command, options); }

void AddHttpOrDataOptions(CLI::App& command, HttpOptions& options, std::string& data_dir) {
  CLI::Option* server = AddOptions(command, options);
  // CLI11 takes what the environment says for something said on the command line: once there is a data directory,
  // nobody is to look at the variable. Arguments are read before the environment.
  const auto take = [&data_dir, server](const std::string& path) {
    data_dir = path;
    server->envname("");
  };
  command
      .add_option_function<std::string>("--data-dir", take,
                                        "Open this data directory instead, without a server")
      ->trigger_on_parse()
      ->excludes(server);
}

}  // namespace weir
