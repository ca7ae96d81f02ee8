#include "delivery/cli/allocate.h"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/parse.h"
#include "delivery/cli/document_text.h"
#include "delivery/cli/json_access.h"
#include "delivery/cli/text_table.h"

namespace reeve::cli {
namespace {

using boost::json::object;

void put(object& body, std::string_view name, const std::string& text) {
  if (!text.empty()) body[name] = text;
}

Status put_labels(object& body, const std::vector<std::string>& labels) {
  if (labels.empty()) return Done{};
  Json& kept = body["labels"];
  if (!kept.is_object()) kept = object();
  for (const std::string& label : labels) {
    const std::size_t sign = label.find('=');
    if (sign == std::string::npos || sign == 0)
      return Error{Errc::invalid_argument, fmt::format("cannot read label '{}': write KEY=VALUE", label)};
    kept.get_object()[label.substr(0, sign)] = label.substr(sign + 1);
  }
  return Done{};
}

Status put_end(object& body, const AllocateRequest& request, Timestamp now) {
  if (!request.until.empty()) {
    if (!parse_rfc3339(request.until))
      return Error{Errc::invalid_argument,
                   fmt::format("cannot read --until '{}': write a time with a zone, as in 2026-11-24T18:00:00Z", request.until)};
    body["planned_release_at"] = request.until;
  }
  if (!request.duration.empty()) {
    const auto duration = parse_duration(request.duration);
    if (!duration)
      return Error{Errc::invalid_argument,
                   fmt::format("cannot read --for '{}': write a number with s, m, h, d or w, as in 8h", request.duration)};
    body["planned_release_at"] = to_rfc3339(now + *duration);
  }
  return Done{};
}

Result<object> body_of_file(const Console& console, const std::string& path) {
  if (path.empty()) return object();
  const auto text = console.read_file(path);
  if (!text) return text.error();
  auto document = parse_yaml(*text);
  if (!document) return Error{document.error().code, fmt::format("cannot use '{}': {}", path, document.error().message)};
  if (!document->is_object())
    return Error{Errc::invalid_argument, fmt::format("cannot use '{}': it holds no fields such as 'namespace: team-a'", path)};
  return std::move(document->get_object());
}

Result<object> body_of(const Console& console, const AllocateRequest& request) {
  auto body = body_of_file(console, request.file);
  if (!body) return body;
  put(*body, "namespace", request.namespace_name);
  put(*body, "pod", request.pod);
  put(*body, "container", request.container);
  put(*body, "workload_type", request.workload_type);
  put(*body, "priority", request.priority);
  put(*body, "model", request.model);
  put(*body, "architecture", request.architecture);
  put(*body, "mig_profile", request.mig_profile);
  put(*body, "node", request.node);
  put(*body, "device", request.device);
  put(*body, "user", request.user);
  put(*body, "team", request.team);
  put(*body, "project", request.project);
  if (request.use_mig) (*body)["use_mig"] = true;
  if (request.memory_gb) (*body)["memory_gb"] = *request.memory_gb;
  if (request.max_cost_per_hour_usd) (*body)["max_cost_per_hour_usd"] = *request.max_cost_per_hour_usd;
  if (auto labels = put_labels(*body, request.labels); !labels) return labels.error();
  if (auto end = put_end(*body, request, console.now()); !end) return end.error();
  for (const char* needed : {"namespace", "pod"})
    if (!body->contains(needed))
      return Error{Errc::invalid_argument, fmt::format("cannot allocate: no {0} is given; add --{0}, or '{0}:' to the file", needed)};
  return body;
}

void print_granted(const Session& session, const Json& allocation) {
  const std::string id = text_at(allocation, "id");
  switch (session.output()) {
    case Output::json:
    case Output::yaml: return print_document(session, allocation);
    case Output::name: session.console.out << "allocation/" << id << '\n'; return;
    case Output::table:
    case Output::wide: break;
  }
  const std::string memory = text_at(allocation, "allocated_memory_gb");
  const std::string cost = usd_text(number_at(allocation, "cost_per_hour_usd"));
  session.console.out << fmt::format("allocation/{}: {} holds {}{}{}\n", id,
                                     text_at(allocation, "namespace") + "/" + text_at(allocation, "pod"), text_at(allocation, "resource"),
                                     memory.empty() ? "" : ", " + memory + " GB", cost == "-" ? "" : ", " + cost + " an hour");
}

void print_released(const Session& session, const Json& allocation, const std::string& id) {
  if (session.output() == Output::json || session.output() == Output::yaml) return print_document(session, allocation);
  session.console.out << "allocation/" << id;
  if (session.output() != Output::name) {
    const std::string resource = text_at(allocation, "resource");
    const std::string cost = usd_text(number_at(allocation, "total_cost_usd"));
    session.console.out << " released" << (resource.empty() ? "" : ": " + resource + " is free")
                        << (cost == "-" ? "" : ", it cost " + cost);
  }
  session.console.out << '\n';
}

}  // namespace

std::optional<Milliseconds> parse_duration(std::string_view text) {
  constexpr std::int64_t weeks_max = 5200;  // a century: beyond it is a slip of the finger
  if (text.size() < 2) return std::nullopt;
  const auto number = parse_number<std::int64_t>(text.substr(0, text.size() - 1));
  if (!number || *number <= 0) return std::nullopt;
  std::int64_t seconds = 0;
  switch (text.back()) {
    case 's': seconds = 1; break;
    case 'm': seconds = 60; break;
    case 'h': seconds = 3600; break;
    case 'd': seconds = 86'400; break;
    case 'w': seconds = 604'800; break;
    default: return std::nullopt;
  }
  if (*number > weeks_max * 604'800 / seconds) return std::nullopt;
  return Milliseconds(*number * seconds * 1000);
}

Status allocate(const Session& session, const AllocateRequest& request) {
  const auto body = body_of(session.console, request);
  if (!body) return body.error();
  if (request.dry_run) {
    print_document(session, *body);
    return Done{};
  }
  const std::string key = request.idempotency_key.empty() ? session.console.new_key() : request.idempotency_key;
  const auto granted = session.api().post("/api/v1/allocations", boost::json::serialize(*body), key);
  if (!granted) {
    Error error = granted.error();
    if (error.code == Errc::timed_out)
      error.message += fmt::format("; to ask again without a second allocation: --idempotency-key {}", key);
    return error;
  }
  print_granted(session, *granted);
  return Done{};
}

Status release(const Session& session, const std::vector<std::string>& ids) {
  const Api api = session.api();
  Status first = Done{};
  for (const std::string& given : ids) {
    const std::string id = given.starts_with("allocation/") ? given.substr(11) : given;  // as -o name prints it
    const auto ended = api.remove("/api/v1/allocations/" + percent_encoded(id));
    if (ended) {
      print_released(session, *ended, id);
      continue;
    }
    if (first)
      first = ended.error();
    else
      fail(session.console, ended.error());
    if (ended.error().code == Errc::unavailable) break;  // the others would wait for the same silence
  }
  return first;
}

}  // namespace reeve::cli
