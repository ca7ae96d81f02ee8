#include "adapters/kube/credentials.h"

#include <algorithm>

#include <fmt/format.h>

#include "adapters/kube/text_file.h"
#include "net/http/client.h"

namespace reeve::kube {
namespace {

// Empty: it cannot be sent, or there is none.
std::string usable_token(std::string text) {
  const auto visible = [](char c) { return c > 0x20 && c < 0x7F; };
  const auto begin = std::ranges::find_if(text, visible);
  const auto end = std::find_if(text.rbegin(), text.rend(), visible).base();
  if (begin >= end || !std::all_of(begin, end, visible)) return {};
  return {begin, end};
}

}  // namespace

Status set_server(ClusterAccess& access, std::string_view url) {
  if (url.find('@') != std::string_view::npos)  // a password is not to be repeated in a message
    return Error{Errc::invalid_argument, "cannot use the URL of the API server: it holds a user name"};
  const auto parsed = http::parse_url(url);
  if (!parsed) return parsed.error();
  if (parsed->target.find('?') != std::string::npos)
    return Error{Errc::invalid_argument, fmt::format("cannot use '{}' as an API server: it has a query", url)};
  const bool v6 = parsed->host.find(':') != std::string::npos;
  access.server = fmt::format("{}://{}{}{}:{}", parsed->scheme, v6 ? "[" : "", parsed->host, v6 ? "]" : "", parsed->port);
  access.base_path = parsed->target;
  while (access.base_path.ends_with('/')) access.base_path.pop_back();
  return Done{};
}

Credentials::Credentials(ClusterAccess access, Now now)
    : access_(std::move(access)), now_(std::move(now)), token_(usable_token(access_.token)) {}

// A file that is gone or empty for a moment leaves the token that we have.
void Credentials::read_token() {
  if (access_.token_file.empty()) return;
  read_at_ = now_();
  auto text = read_text_file(access_.token_file);
  if (!text) return;
  if (std::string token = usable_token(std::move(text).value()); !token.empty()) token_ = std::move(token);
}

http::Headers Credentials::headers() {
  http::Headers headers{{"User-Agent", "reeve/" REEVE_VERSION}};
  const std::lock_guard lock(mutex_);
  if (!read_at_ || now_() - *read_at_ >= token_age_max) read_token();
  shown_ = token_;
  if (!token_.empty()) headers.emplace("Authorization", "Bearer " + token_);
  return headers;
}

bool Credentials::renew() {
  const std::lock_guard lock(mutex_);
  read_token();
  return token_ != shown_;
}

Result<std::unique_ptr<http::StreamClient>> Credentials::connect(http::StreamClientOptions options) const {
  options.tls = access_.tls;
  auto client = http::StreamClient::create(access_.server, std::move(options));
  if (!client) return Error{client.error().code, fmt::format("cannot use cluster '{}': {}", access_.name, client.error().message)};
  return client;
}

}  // namespace reeve::kube
