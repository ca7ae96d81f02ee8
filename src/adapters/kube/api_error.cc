#include "adapters/kube/api_error.h"

#include <fmt/format.h>

#include "adapters/kube/json_arena.h"
#include "adapters/kube/object_decoder.h"
#include "base/parse.h"
#include "base/utf8.h"

namespace reeve::kube {
namespace {

std::optional<ApiStatus> status_of(std::string_view body) {
  JsonArena arena;
  const auto document = arena.parse(body);
  if (!document || !(*document)->is_object()) return std::nullopt;
  return decode_status((*document)->get_object());
}

Errc code_of(int http_status) {
  switch (http_status) {
    case 401:
    case 403: return Errc::unauthorized;
    case 404: return Errc::not_found;
    case 409:
    case 410:  // the version or the continue token that was named is gone: look again
    case 412: return Errc::conflict;
    case 408:
    case 504: return Errc::timed_out;
    case 429: return Errc::exhausted;
    default: return http_status >= 400 && http_status < 500 ? Errc::invalid_argument : Errc::unavailable;
  }
}

// What a proxy says, on one short line; nothing when it is a page.
std::string words_of(std::string_view body) {
  constexpr std::size_t words_max = 200;
  if (body.size() > words_max || body.find_first_of("\r\n<") != std::string_view::npos || !is_utf8(body)) return {};
  return std::string(body);
}

}  // namespace

std::string api_deed(std::string_view verb, const ApiObject& object) {
  std::string deed = fmt::format("{} {}", verb, rbac_resource(object));
  if (!object.name.empty()) deed += fmt::format(" '{}'", object.name);
  if (!object.namespace_name.empty()) deed += fmt::format(" in namespace '{}'", object.namespace_name);
  return deed;
}

Error api_error(std::string_view verb, const ApiObject& object, int http_status, std::string_view body) {
  const auto status = status_of(body);
  const std::string said = status ? status->message : words_of(body);
  std::string why;
  if (http_status == 403) {
    why = fmt::format(
        "the account of Reeve may not: grant the verb '{}' on '{}' {}", verb, rbac_resource(object),
        object.namespace_name.empty() ? "in the whole cluster (a ClusterRole)" : fmt::format("in namespace '{}'", object.namespace_name));
    if (!said.empty()) why += fmt::format(" ({})", said);
  } else if (http_status == 401) {
    why = "the API server does not know the account of Reeve: its token or certificate is not valid (any more)";
  } else {
    why = status && !status->reason.empty() ? status->reason : fmt::format("the API server answers {}", http_status);
    if (!said.empty()) why += ": " + said;
  }
  return {code_of(http_status), fmt::format("cannot {}: {}", api_deed(verb, object), why)};
}

std::optional<Milliseconds> retry_after(const http::Headers& headers, std::string_view body) {
  if (const auto at = headers.find("Retry-After"); at != headers.end())
    if (const auto seconds = parse_number<int>(at->second); seconds && *seconds >= 0) return std::chrono::seconds(*seconds);
  const auto status = status_of(body);
  if (!status || !status->retry_after_seconds) return std::nullopt;
  return std::chrono::seconds(*status->retry_after_seconds);
}

}  // namespace reeve::kube
