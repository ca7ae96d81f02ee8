#include "delivery/web/web_routes.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace reeve::web {
namespace {

// Pages that have an address of their own; web/src/App.tsx knows the same.
constexpr std::array page_paths{"/", "/gpus/{id}", "/allocations"};
constexpr std::string_view index_path = "/index.html";
constexpr std::string_view hashed_prefix = "/assets/";

// All that the page loads comes from here; nobody may frame it.
constexpr std::string_view content_policy =
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

constexpr std::string_view no_dashboard =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Reeve</title>"
    "<p>This binary was built without the dashboard: run <code>npm ci &amp;&amp; npm run build</code> in <code>web/</code> and build again."
    "<p>The API is at <a href=\"/api/v1/overview\">/api/v1</a>, its description at <a href=\"/openapi.json\">/openapi.json</a>.";

constexpr std::array<std::pair<std::string_view, std::string_view>, 9> content_types{{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".json", "application/json"},
    {".txt", "text/plain; charset=utf-8"},
    {".png", "image/png"},
    {".woff2", "font/woff2"},
    {".ico", "image/x-icon"},
}};

std::string_view content_type(std::string_view path) {
  for (const auto& [ending, type] : content_types) {
    if (path.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

// FNV-1a: names a content; nothing depends on it being hard to forge.
std::string entity_tag(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  return fmt::format("\"{:016x}\"", hash);
}

http::Headers common_headers(std::string_view path) {
  http::Headers headers;
  headers.emplace("Content-Type", content_type(path));
  headers.emplace("X-Content-Type-Options", "nosniff");
  headers.emplace("Content-Security-Policy", content_policy);
  headers.emplace("Referrer-Policy", "same-origin");
  headers.emplace("Cache-Control", path.starts_with(hashed_prefix) ? "public, max-age=31536000, immutable" : "no-cache");
  return headers;
}

// A whole answer, prepared once.
struct Prepared {
  http::Response found{};
  http::Response not_modified{};
  std::string tag{};
};

std::shared_ptr<const Prepared> prepare(const Asset& asset) {
  auto prepared = std::make_shared<Prepared>();
  prepared->tag = entity_tag(asset.bytes);
  http::Headers headers = common_headers(asset.path);
  headers.emplace("ETag", prepared->tag);
  prepared->not_modified = {304, headers, nullptr};
  prepared->found = {200, std::move(headers), std::make_shared<const std::string>(asset.bytes)};
  return prepared;
}

// If-None-Match compares weakly: a proxy that packed the body has put W/ before the tag.
bool knows(const http::Request& request, const std::string& tag) {
  const auto known = request.header("If-None-Match");
  return known && known->find(tag) != std::string_view::npos;
}

http::Handler serve(std::shared_ptr<const Prepared> prepared) {
  return http::immediate([prepared = std::move(prepared)](const http::Request& request) {
    return knows(request, prepared->tag) ? prepared->not_modified : prepared->found;
  });
}

http::Response without_dashboard() {
  http::Headers headers = common_headers(index_path);
  return {503, std::move(headers), std::make_shared<const std::string>(no_dashboard)};
}

std::optional<Asset> find_index(const std::vector<Asset>& assets) {
  for (const Asset& asset : assets) {
    if (asset.path == index_path) return asset;
  }
  return std::nullopt;
}

bool is_api(std::string_view path) { return path.starts_with("/api/") || path.starts_with("/k8s-monitor/"); }

bool wants_page(const http::Request& request) {
  const auto accept = request.header("Accept");
  return (request.method == "GET" || request.method == "HEAD") && !is_api(request.path) && !request.path.starts_with(hashed_prefix) &&
         accept && accept->find("text/html") != std::string_view::npos;
}

}  // namespace

std::vector<http::Route> web_routes(const std::vector<Asset>& assets) {
  std::vector<http::Route> routes;
  for (const Asset& asset : assets) routes.push_back({"GET", std::string(asset.path), serve(prepare(asset))});
  const std::optional<Asset> index = find_index(assets);
  if (!index) {
    routes.push_back({"GET", "/", http::immediate([](const http::Request&) { return without_dashboard(); })});
    return routes;
  }
  const auto page = prepare(*index);
  for (const char* path : page_paths) routes.push_back({"GET", path, serve(page)});
  return routes;
}

http::Handler page_or(http::Handler not_found, const std::vector<Asset>& assets) {
  const std::optional<Asset> index = find_index(assets);
  if (!index) return not_found;
  return
      [page = serve(prepare(*index)), not_found = std::move(not_found)](http::Request request, std::shared_ptr<http::Responder> responder) {
        const http::Handler& answer = wants_page(request) ? page : not_found;
        answer(std::move(request), std::move(responder));
      };
}

}  // namespace reeve::web
