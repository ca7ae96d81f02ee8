#pragma once
// A client of a scripted server, plain or TLS: what the tests of StreamClient share.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "net/http/stream_client.h"
#include "testing/scripted_server.h"
#include "testing/test_certificates.h"

namespace reeve::http {

inline constexpr Milliseconds patience{10'000};
inline constexpr std::size_t plenty = 64 << 20;

inline const TestAuthority& authority() {
  static const TestAuthority one;
  return one;
}

inline ScriptedTls server_secrets() {
  return {.own = authority().issue({.common_name = "server", .names = {"127.0.0.1", "localhost", "api.example.org"}})};
}

inline std::unique_ptr<StreamClient> client_of(const std::string& url, StreamClientOptions options = {}) {
  if (options.tls.ca_pem.empty()) options.tls.ca_pem = authority().certificate_pem();
  auto client = StreamClient::create(url, std::move(options));
  EXPECT_TRUE(client) << client.error().message;
  return std::move(client).value();
}

// Status and body, or the error's text.
inline std::string get(StreamClient& client, const std::string& method = "GET", std::string_view body = {}) {
  const auto head = client.send(method, "/x", {}, body);
  if (!head) return head.error().message;
  const auto whole = client.read_all(patience, plenty);
  return whole ? fmt::format("{} {}", head->status, *whole) : whole.error().message;
}

inline void answer_all(ScriptedPeer& peer) {
  while (peer.read_request()) peer.write(http_answer(200, fmt::format("connection {}", peer.number())));
}

}  // namespace reeve::http
