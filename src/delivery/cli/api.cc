#include "delivery/cli/api.h"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "codec/json_parse.h"
#include "delivery/cli/json_access.h"

namespace reeve::cli {
namespace {

constexpr std::size_t page_size_max = 1000;  // the most that the server gives at once
constexpr std::size_t body_excerpt_max = 200;

std::string with_parameters(std::string path, const Parameters& parameters) {
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    path += separator;
    path += percent_encoded(name) + '=' + percent_encoded(value);
    separator = '&';
  }
  return path;
}

Errc code_of_status(int status) {
  switch (status) {
    case 401:
    case 403: return Errc::unauthorized;
    case 404:
    case 410: return Errc::not_found;
    case 409:
    case 412: return Errc::conflict;
    case 429: return Errc::exhausted;
    default: return status >= 400 && status < 500 ? Errc::invalid_argument : Errc::internal;
  }
}

Error problem_of(const http::Response& response, const Json& document) {
  const Errc code = code_of_status(response.status);
  std::string detail = text_at(document, "detail");
  if (detail.empty()) detail = text_at(document, "title");
  if (detail.empty())
    detail = fmt::format("the server answered {}{}", response.status,
                         response.body && !response.body->empty() ? ": " + response.body->substr(0, body_excerpt_max) : std::string());
  return Error{code, std::move(detail), text_at(document, "field")};
}

}  // namespace

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~,:";
  std::string encoded;
  for (const char c : text) {
    if (plain.find(c) != std::string_view::npos)
      encoded += c;
    else
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

Api::Api(const Console& console, std::string server, std::string ca_file, Milliseconds timeout)
    : console_(console), server_(std::move(server)), ca_file_(std::move(ca_file)), timeout_(timeout) {
  if (server_.find("://") == std::string::npos) server_ = "http://" + server_;
  while (server_.ends_with('/')) server_.pop_back();
}

Result<Json> Api::send(const std::string& method, const std::string& path, const Parameters& parameters, http::Headers headers,
                       const std::string& body) const {
  headers.emplace("Accept", "application/json");
  headers.emplace("User-Agent", "reeve-cli/" + console_.version);
  Call call{method, server_ + with_parameters(path, parameters), std::move(headers), body, timeout_};
  if (!ca_file_.empty()) {
    auto trusted = console_.read_file(ca_file_);
    if (!trusted) return trusted.error();
    call.ca_pem = std::move(*trusted);
  }
  const auto response = console_.exchange(call);
  if (!response) {
    Error error = response.error();
    const bool untrusted = error.message.find("not trusted") != std::string::npos;
    if (error.code == Errc::unavailable || error.code == Errc::timed_out)
      error.message =
          fmt::format("cannot reach the server at {}: {}; give its {}", server_, error.message,
                      untrusted ? "authority's certificate with --ca-file or REEVE_CA_FILE" : "address with --server or REEVE_SERVER");
    return error;
  }
  const std::string empty;
  const std::string& text = response->body ? *response->body : empty;
  auto document = text.empty() ? Result<Json>(Json()) : parse_json(text);
  if (response->status >= 400) return problem_of(*response, document ? *document : Json());
  if (!document)
    return Error{Errc::internal,
                 fmt::format("cannot read the answer of {}: {}; is this a Reeve server?", server_, document.error().message)};
  return document;
}

Result<Json> Api::get(const std::string& path, const Parameters& parameters) const { return send("GET", path, parameters, {}, {}); }

Result<Json> Api::list(const std::string& path, Parameters parameters, std::optional<std::size_t> limit) const {
  const Parameters filters = parameters;
  Json whole;
  for (std::string cursor;;) {
    parameters = filters;
    const std::size_t have = whole.is_object() ? items_of(whole).size() : 0;
    parameters.emplace_back("limit", fmt::to_string(std::min(page_size_max, limit.value_or(page_size_max + have) - have)));
    if (!cursor.empty()) parameters.emplace_back("cursor", cursor);
    auto page = get(path, parameters);
    if (!page) return page.error();
    const std::string next = text_at(*page, "next_cursor");
    if (!whole.is_object()) {
      if (!page->is_object() || member(*page, "items") == nullptr)
        return Error{Errc::internal, fmt::format("cannot read the answer to {}: it is no list; is this a Reeve server?", path)};
      whole = std::move(*page);
    } else {
      auto& items = whole.get_object()["items"].get_array();
      for (const Json& item : items_of(*page)) items.push_back(item);
      if (auto* cursor_now = whole.get_object().if_contains("next_cursor")) *cursor_now = page->at("next_cursor");
    }
    const std::size_t count = items_of(whole).size();
    if (next.empty() || next == cursor || (limit && count >= *limit)) return whole;
    cursor = next;
  }
}

Result<Json> Api::post(const std::string& path, const std::string& body, const std::string& idempotency_key) const {
  http::Headers headers{{"Content-Type", "application/json"}};
  if (!idempotency_key.empty()) headers.emplace("Idempotency-Key", idempotency_key);
  auto answer = send("POST", path, {}, headers, body);
  const bool unanswered = !answer && (answer.error().code == Errc::unavailable || answer.error().code == Errc::timed_out);
  if (unanswered && !idempotency_key.empty()) answer = send("POST", path, {}, headers, body);
  return answer;
}

Result<Json> Api::remove(const std::string& path) const { return send("DELETE", path, {}, {}, {}); }

}  // namespace reeve::cli
