#include "adapters/serving_scraper/serving_fetch.h"

#include <fmt/format.h>

#include "adapters/serving_scraper/exposition_figures.h"
#include "net/http/client.h"

namespace reeve::serving_scraper {
namespace {

constexpr int ok = 200;
constexpr int not_found = 404;

std::string url_of(const Place& place, std::string_view path) {
  const bool is_v6 = place.address.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}{}", place.identity.metrics_tls ? "https" : "http", is_v6 ? "[" : "", place.address, is_v6 ? "]" : "",
                     place.identity.metrics_port, path);
}

// Engines of some releases have their page one '/' further on.
bool is_redirect(int status) { return status == 301 || status == 302 || status == 307 || status == 308; }

Result<http::Response> get(const std::string& url, std::string_view other_url, Milliseconds timeout, std::size_t body_bytes_max) {
  const auto begin = std::chrono::steady_clock::now();
  http::ClientOptions options{.timeout = timeout, .body_bytes_max = body_bytes_max};
  options.tls.verify_peer = false;
  const http::Headers headers{{"Accept", "text/plain;version=0.0.4, */*;q=0.1"}, {"User-Agent", "reeve"}};
  auto answer = http::request("GET", url, headers, "", options);
  if (!answer || !is_redirect(answer->status) || other_url.empty()) return answer;
  const auto spent = std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - begin);
  options.timeout = std::max(timeout - spent, Milliseconds(1));
  return http::request("GET", std::string(other_url), headers, "", options);
}

}  // namespace

Result<serving::Figures> look_at(const Place& place, Milliseconds timeout, std::size_t body_bytes_max) {
  const std::string& path = place.identity.metrics_path;
  const std::string url = url_of(place, path);
  const auto answer = get(url, path.ends_with('/') ? "" : url + "/", timeout, body_bytes_max);
  if (!answer) return answer.error();
  if (answer->status != ok) {
    const bool is_off = answer->status == not_found && place.identity.engine == serving::Engine::sglang;
    return Error{Errc::unavailable, fmt::format("cannot read {}: HTTP status {}{}", url, answer->status,
                                                is_off ? "; SGLang tells figures when it is started with --enable-metrics" : "")};
  }
  const std::string_view text = answer->body == nullptr ? std::string_view{} : *answer->body;
  auto figures = figures_from_exposition(text, place.identity.engine);
  if (!figures)
    return Error{Errc::unsupported, fmt::format("cannot read {}: its {} bytes name no figure of vLLM or SGLang", url, text.size())};
  return std::move(*figures);
}

}  // namespace reeve::serving_scraper
