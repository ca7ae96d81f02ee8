#include "testing/fake_object_api.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include "base/check.h"
#include "base/parse.h"
#include "codec/json_parse.h"

namespace reeve {
namespace {

namespace json = boost::json;

std::string text_at(const json::value& object, std::string_view field, std::string_view key) {
  const json::value* part = object.is_object() ? object.get_object().if_contains(field) : nullptr;
  const json::value* value = part != nullptr && part->is_object() ? part->get_object().if_contains(key) : nullptr;
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

http::Response json_of(int code, const json::value& value) { return http::json_response(code, json::serialize(value)); }

void merge(json::value& into, const json::value& change) {
  if (!change.is_object()) {
    into = change;
    return;
  }
  if (!into.is_object()) into.emplace_object();
  for (const auto& [key, value] : change.get_object()) {
    if (value.is_null())
      into.get_object().erase(key);
    else
      merge(into.get_object()[key], value);
  }
}

http::Response missing(const std::string& path) { return FakeObjectApi::status(404, "NotFound", path + " not found"); }

}  // namespace

FakeObjectApi::FakeObjectApi() {
  auto server = http::Server::start({}, http::immediate([this](const http::Request& request) { return answer(request); }));
  REEVE_CHECK(server.ok());
  server_ = std::move(server).value();
}

std::string FakeObjectApi::url() const { return fmt::format("http://127.0.0.1:{}", server_->port()); }

http::Response FakeObjectApi::status(int code, const std::string& reason, const std::string& message, const std::string& more) {
  return http::json_response(code,
                             fmt::format(R"({{"kind":"Status","apiVersion":"v1","status":"Failure","reason":{},"message":{},"code":{}{}}})",
                                         json::serialize(json::value(reason)), json::serialize(json::value(message)), code, more));
}

void FakeObjectApi::answer_next(http::Response response) {
  const std::lock_guard lock(mutex_);
  prepared_.push_back(std::move(response));
}

void FakeObjectApi::want_token(const std::string& token) {
  const std::lock_guard lock(mutex_);
  token_ = token;
}

std::optional<json::value> FakeObjectApi::object(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto at = objects_.find(path);
  return at == objects_.end() ? std::nullopt : std::optional(at->second);
}

std::vector<json::value> FakeObjectApi::below(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  std::vector<json::value> found;
  for (const auto& [key, object] : objects_)
    if (key.starts_with(path + "/")) found.push_back(object);
  return found;
}

void FakeObjectApi::put(const std::string& path, json::value object) {
  const std::lock_guard lock(mutex_);
  keep(200, path, std::move(object));
}

void FakeObjectApi::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  objects_.erase(path);
}

std::vector<http::Request> FakeObjectApi::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

http::Response FakeObjectApi::keep(int code, const std::string& path, json::value object) {
  json::value& metadata = object.as_object()["metadata"];
  if (!metadata.is_object()) metadata.emplace_object();
  metadata.get_object()["resourceVersion"] = std::to_string(++version_);
  if (!metadata.get_object().contains("uid")) metadata.get_object()["uid"] = fmt::format("uid-{}", version_);
  json::value& kept = objects_[path] = std::move(object);
  return json_of(code, kept);
}

http::Response FakeObjectApi::answer(const http::Request& request) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(request);
  if (!prepared_.empty()) {
    auto next = std::move(prepared_.front());
    prepared_.pop_front();
    return next;
  }
  if (!token_.empty() && request.header("Authorization") != "Bearer " + token_) return status(401, "Unauthorized", "Unauthorized");
  json::value body;
  if (!request.body.empty()) {
    auto parsed = parse_json(request.body);
    if (!parsed) return status(400, "BadRequest", parsed.error().message);
    body = std::move(parsed).value();
  }
  if (request.method == "GET") return objects_.contains(request.path) ? read(request) : list(request);
  if (request.method == "POST") return create(request, std::move(body));
  if (request.method == "PUT") return replace(request, std::move(body));
  if (request.method == "PATCH") return patch(request, body);
  if (request.method == "DELETE") return erase(request, body);
  return status(405, "MethodNotAllowed", request.method);
}

http::Response FakeObjectApi::read(const http::Request& request) { return json_of(200, objects_.at(request.path)); }

http::Response FakeObjectApi::list(const http::Request& request) {
  std::string collection = request.path.substr(request.path.rfind('/') + 1);
  const bool is_collection = collection.ends_with('s') && request.path.find('/') != std::string::npos;
  if (!is_collection) return missing(request.path);
  const auto limit = parse_number<std::size_t>(request.parameter("limit").value_or("1000000")).value_or(1'000'000);
  const std::string after(request.parameter("continue").value_or(""));
  json::array items;
  std::string more;
  for (const auto& [path, object] : objects_) {
    if (!path.starts_with(request.path + "/") || path <= after) continue;
    if (items.size() == limit) break;
    items.push_back(object);
    more = path;
  }
  const bool last = items.size() < limit;
  return json_of(200, {{"kind", "List"},
                       {"metadata", {{"resourceVersion", std::to_string(version_)}, {"continue", last ? "" : more}}},
                       {"items", std::move(items)}});
}

http::Response FakeObjectApi::create(const http::Request& request, json::value body) {
  const std::string path = request.path + "/" + text_at(body, "metadata", "name");
  if (objects_.contains(path)) return status(409, "AlreadyExists", path + " already exists");
  return keep(201, path, std::move(body));
}

http::Response FakeObjectApi::replace(const http::Request& request, json::value body) {
  const auto at = objects_.find(request.path);
  if (at == objects_.end()) return missing(request.path);
  const std::string wanted = text_at(body, "metadata", "resourceVersion");
  if (!wanted.empty() && wanted != text_at(at->second, "metadata", "resourceVersion"))
    return status(409, "Conflict", "the object has been modified; please apply your changes to the latest version and try again");
  return keep(200, request.path, std::move(body));
}

http::Response FakeObjectApi::patch(const http::Request& request, const json::value& body) {
  constexpr std::string_view below = "/status";
  const bool of_status = request.path.ends_with(below);
  const std::string path = of_status ? request.path.substr(0, request.path.size() - below.size()) : request.path;
  const auto at = objects_.find(path);
  if (at == objects_.end()) {
    if (request.header("Content-Type") != "application/apply-patch+yaml") return missing(path);
    return keep(201, path, body);
  }
  json::value patched = at->second;
  if (of_status)
    merge(patched.as_object()["status"], body.at("status"));
  else
    merge(patched, body);
  return keep(200, path, std::move(patched));
}

http::Response FakeObjectApi::erase(const http::Request& request, const json::value& body) {
  const auto at = objects_.find(request.path);
  if (at == objects_.end()) return missing(request.path);
  for (const char* key : {"uid", "resourceVersion"}) {
    const std::string wanted = text_at(body, "preconditions", key);
    if (!wanted.empty() && wanted != text_at(at->second, "metadata", key)) return status(409, "Conflict", "the precondition failed");
  }
  objects_.erase(at);
  return status(200, "", "");
}

}  // namespace reeve
