#include "server/configuration.h"

#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <ios>

#include "base/log.h"
#include "base/nearest_word.h"
#include "record/key_encoder.h"
#include "rpc/authentication.h"

namespace weir {
namespace {

constexpr std::string_view kEnvironmentPrefix = "WEIR_";
constexpr std::string_view kUsersKey = "security.users";
/// Settings of Iceberg's Java client that say nothing here: deployments of Fluss carry them.
constexpr std::array<std::string_view, 7> kJavaOnly = {
    "datalake.iceberg.name",           "datalake.iceberg.catalog.name",
    "datalake.iceberg.io-impl",        "datalake.iceberg.catalog-impl",
    "datalake.iceberg.rest.auth.type", "datalake.iceberg.token-refresh-enabled",
    "datalake.iceberg.cache-enabled"};
/// The same option under another of its names.
constexpr std::pair<std::string_view, std::string_view> kRegion = {"datalake.iceberg.client.region",
                                                                   "datalake.iceberg.s3.region"};
constexpr std::string_view kJaasKey = "security.sasl.plain.jaas.config";
/// Variables of the commands and of ./dev.
constexpr std::array<std::string_view, 6> kOtherVariables = {
    "WEIR_CONFIG", "WEIR_SERVER", "WEIR_HTTP", "WEIR_USER", "WEIR_PASSWORD", "WEIR_JOBS"};

/// Nested maps become dotted keys; lists become comma-separated text.
void Flatten(const YAML::Node& node, const std::string& prefix, std::vector<Setting>& out) {
  if (node.IsMap()) {
    for (const auto& entry : node) {
      const auto key = entry.first.as<std::string>();
      Flatten(entry.second, prefix.empty() ? key : prefix + "." + key, out);
    }
  } else if (node.IsSequence()) {
    std::string joined;
    for (const auto& item : node)
      joined.append(joined.empty() ? "" : ",").append(item.as<std::string>());
    out.emplace_back(prefix, joined);
  } else {
    out.emplace_back(prefix, node.IsNull() ? "" : node.as<std::string>());
  }
}

/// "alice:secret,bob:other".
Status ParseUsers(std::string_view text, std::map<std::string, std::string>& users) {
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const std::string_view one = text.substr(0, comma);
    const size_t colon = one.find(':');
    if (colon == std::string_view::npos || colon == 0) {
      return Fail(ErrorCode::kInvalidConfig, "users are written NAME:PASSWORD,NAME:PASSWORD");
    }
    users[std::string(one.substr(0, colon))] = one.substr(colon + 1);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return {};
}

/// Whether Kubernetes or Docker made the variable for a service whose name begins with "weir": WEIR_SERVICE_HOST,
/// WEIR_SERVICE_PORT_HTTP, WEIR_PORT=tcp://…, WEIR_PORT_9123_TCP_ADDR.
/// Source: Kubernetes, pkg/kubelet/envvars; Docker, legacy container links.
bool IsServiceLink(std::string_view name, std::string_view value) {
  constexpr std::string_view kPort = "_PORT_";
  if (name.ends_with("_SERVICE_HOST") || name.ends_with("_SERVICE_PORT") ||
      name.find("_SERVICE_PORT_") != std::string_view::npos) {
    return true;
  }
  if (name.ends_with("_PORT") && value.find("://") != std::string_view::npos) return true;
  const size_t port = name.find(kPort);
  if (port == std::string_view::npos) return false;
  const std::string_view number = name.substr(port + kPort.size());
  return !number.empty() && std::isdigit(static_cast<unsigned char>(number.front())) != 0;
}

/// Whether somebody who wrote `name` meant an option: it begins as one does, or one is a slip of the finger away.
bool LooksLikeAnOption(std::string_view name, const std::vector<std::string>& options) {
  constexpr size_t kSlips = 2;
  return std::ranges::any_of(options, [name](const std::string& option) {
    const size_t section = option.find('_', kEnvironmentPrefix.size());
    return name.starts_with(std::string_view(option).substr(0, section + 1)) ||
           EditDistance(name, option) <= kSlips;
  });
}

/// Others may name their variables as they like, so a name that resembles no option is a warning.
Status RefuseUnknown(const std::string& name, const std::vector<std::string>& known) {
  const std::string meant = DidYouMean(name, known);
  if (LooksLikeAnOption(name, known)) {
    return Fail(ErrorCode::kInvalidConfig, "environment {}: no such option{}", name,
                meant.empty() ? "; `weir doc options` lists them" : meant);
  }
  LogWarn("server", "environment {}: no such option, it has no effect{}", name, meant);
  return {};
}

}  // namespace

std::string EnvironmentName(std::string_view key) {
  std::string name(kEnvironmentPrefix);
  for (const char c : key) {
    name.push_back(c == '.' || c == '-'
                       ? '_'
                       : static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
  }
  return name;
}

std::vector<std::string> ProcessEnvironment() {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
  return all;
}

Configuration::Configuration() {
  options.Add(server, kServerOptions);
  options.Add(catalog, kCatalogOptions);
  options.Add(sql, kSqlOptions);
  options.Add(web, kWebOptions);
  options.Add(kv, kKvOptions);
  options.Add(tablets, kTabletsOptions);
  options.Add(tablets.log, kLogOptions);
  options.Add(tablets.journal, kJournalOptions);
  options.Add(lake, iceberg::kLakeOptions);
  options.Add(lake_files, iceberg::kFileIoOptions);
  options.Add(remote, iceberg::kRemoteOptions);
  options.Add(tiering, kTieringOptions);
  options.Add(maintenance, kMaintenanceOptions);
  options.Add(rest, iceberg::kRestOptions);
}

Status Configuration::Set(std::string_view source, const std::string& key,
                          const std::string& value) {
  Status set;
  if (key == kUsersKey) {
    set = ParseUsers(value, users);
  } else if (key.starts_with(std::string(kUsersKey) + ".")) {
    users[key.substr(kUsersKey.size() + 1)] = value;
  } else if (key == kJaasKey) {
    auto parsed = ParseJaasUsers(value);
    if (parsed.ok()) {
      users.merge(*parsed);
    } else {
      set = Forward(std::move(parsed));
    }
  } else if (key.starts_with(iceberg::kRemoteHeaderKeys)) {
    remote.headers.emplace_back(key.substr(iceberg::kRemoteHeaderKeys.size()), value);
  } else if (std::ranges::find(kJavaOnly, key) != kJavaOnly.end()) {
    LogInfo("server", "{}: {} means nothing here", source, key);
  } else {
    set = options.Set(key == kRegion.first ? kRegion.second : std::string_view(key), value);
  }
  if (set.ok()) return {};
  return Fail(set.code(), "{}: {}", source, set.error().message);
}

Status Configuration::LoadFile(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return Fail(ErrorCode::kInvalidConfig, "{}: cannot be read: it is a directory", path);
  std::vector<Setting> settings;
  try {
    const YAML::Node root = YAML::LoadFile(path);
    if (root.IsNull()) return {};  // an empty file
    if (!root.IsMap())
      return Fail(ErrorCode::kInvalidConfig, "{}: not a map of options (KEY: VALUE lines)", path);
    Flatten(root, "", settings);
  } catch (const std::ios_base::failure& e) {  // a disk that cannot read
    return Fail(ErrorCode::kInvalidConfig, "{}: cannot be read: {}", path, e.what());
  } catch (const YAML::Exception& e) {
    return Fail(ErrorCode::kInvalidConfig, "{}: {}", path, e.what());
  }
  for (const auto& [key, value] : settings) RETURN_IF_ERROR(Set(path, key, value));
  return {};
}

Status Configuration::LoadEnvironment(const std::vector<std::string>& environment) {
  std::map<std::string, std::string> keys{
      {EnvironmentName(kUsersKey), std::string(kUsersKey)},
      {EnvironmentName(kJaasKey), std::string(kJaasKey)},
      {EnvironmentName(kRegion.first), std::string(kRegion.first)}};
  for (const std::string_view key : kJavaOnly) keys[EnvironmentName(key)] = key;
  for (const auto& [key, row] : options.rows()) keys[EnvironmentName(key)] = key;
  std::vector<std::string> names;
  for (const auto& [name, key] : keys) names.push_back(name);
  for (const std::string& entry : environment) {
    const size_t equals = entry.find('=');
    if (!entry.starts_with(kEnvironmentPrefix) || equals == std::string::npos) continue;
    const std::string name = entry.substr(0, equals);
    const std::string value = entry.substr(equals + 1);
    if (const auto found = keys.find(name); found != keys.end()) {
      RETURN_IF_ERROR(Set("environment " + name, found->second, value));
    } else if (std::ranges::find(kOtherVariables, name) == kOtherVariables.end() &&
               !IsServiceLink(name, value)) {
      RETURN_IF_ERROR(RefuseUnknown(name, names));
    }
  }
  return {};
}

Status Configuration::Load(const ConfigurationSources& sources) {
  if (!sources.file.empty()) RETURN_IF_ERROR(LoadFile(sources.file));
  RETURN_IF_ERROR(LoadEnvironment(sources.environment));
  for (const auto& [key, value] : sources.flags) RETURN_IF_ERROR(Set("command line", key, value));
  if (catalog.lake_format.empty()) return {};
  const auto format = ParseLakeFormat(catalog.lake_format);
  if (!format.ok()) return Fail(format.code(), "datalake.format: {}", format.error().message);
  return {};
}

}  // namespace weir
