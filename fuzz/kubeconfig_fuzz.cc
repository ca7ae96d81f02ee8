// The kubeconfig reader on any text: what it takes can be chosen from, whatever is named, and merged with itself.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "adapters/kube/kubeconfig.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto config = reeve::kube::parse_kubeconfig(text, "/nonexistent");
  if (!config) {
    REEVE_CHECK(config.error().code == reeve::Errc::invalid_argument && !config.error().message.empty());
    return 0;
  }
  const std::size_t contexts = config->contexts.size();
  reeve::kube::merge(*config, *config);
  REEVE_CHECK(config->contexts.size() == contexts);
  for (const auto& context : config->contexts) {
    // A file that a text of the fuzzer names is not to be opened.
    const auto reads_files = [](const reeve::kube::KubeconfigText& part) { return !part.file.empty(); };
    bool opens = false;
    for (const auto& cluster : config->clusters) opens = opens || reads_files(cluster.certificate_authority);
    for (const auto& user : config->users)
      opens = opens || reads_files(user.client_certificate) || reads_files(user.client_key) || !user.token_file.empty();
    if (opens) continue;
    const auto access = reeve::kube::choose_context(*config, context.name);
    REEVE_CHECK(!access || access->server.find("://") != std::string::npos);
  }
  return 0;
}
