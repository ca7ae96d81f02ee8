#include "net/http/stream_client_case_test.h"

#include <gtest/gtest.h>

#include <thread>

#include "net/http/client.h"

namespace reeve::http {
namespace {

const TestAuthority& stranger() {
  static const TestAuthority other("a stranger");
  return other;
}

std::string expect_failure(const std::string& url, const StreamClientOptions& options) {
  const auto client = client_of(url, options);
  const auto answer = client->send("GET", "/", {}, "");
  if (answer) {
    ADD_FAILURE() << "it was trusted";
    return {};
  }
  EXPECT_EQ(answer.error().code, Errc::unavailable);
  return answer.error().message;
}

TEST(StreamClientTls, a_certificate_of_a_trusted_authority_is_accepted) {
  ScriptedServer server(answer_all, server_secrets());
  EXPECT_EQ(get(*client_of(server.url())), "200 connection 1");
}

TEST(StreamClientTls, the_request_arrives_as_it_was_given) {
  std::string request;
  ScriptedServer server(
      [&](ScriptedPeer& peer) {
        request = peer.read_request().value_or("");
        peer.write(http_answer(201, ""));
        peer.wait_for_end();
      },
      server_secrets());
  const auto client = client_of(server.url());
  const auto head = client->send("POST", "/a?b=c", {{"Authorization", "Bearer t"}, {"Accept", "application/json"}}, "{}");
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(head->status, 201);
  EXPECT_EQ(request, fmt::format("POST /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAccept: application/json\r\nAuthorization: Bearer t\r\n"
                                 "Content-Length: 2\r\n\r\n{{}}",
                                 server.port()));
}

TEST(StreamClientTls, another_authority_is_refused) {
  ScriptedServer server(answer_all, server_secrets());
  const auto message = expect_failure(server.url(), {.tls = {.ca_pem = stranger().certificate_pem()}});
  EXPECT_EQ(message, fmt::format("cannot reach {}: the certificate is not trusted: unable to get local issuer certificate", server.url()));
}

TEST(StreamClientTls, the_system_does_not_trust_a_private_authority) {
  ScriptedServer server(answer_all, server_secrets());
  auto client = StreamClient::create(server.url(), {});
  ASSERT_TRUE(client) << client.error().message;
  const auto answer = (*client)->send("GET", "/", {}, "");
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("the certificate is not trusted"), std::string::npos) << answer.error().message;
}

TEST(StreamClientTls, a_certificate_for_another_name_is_refused) {
  ScriptedServer named({answer_all}, ScriptedTls{.own = authority().issue({.names = {"api.example.org"}})});
  EXPECT_EQ(expect_failure(named.url(), {}), fmt::format("cannot reach {}: the certificate is not for '127.0.0.1'", named.url()));
  const std::string by_name = named.url("localhost");
  EXPECT_EQ(expect_failure(by_name, {}), fmt::format("cannot reach {}: the certificate is not for 'localhost'", by_name));
  EXPECT_EQ(get(*client_of(named.url(), {.tls = {.server_name = "api.example.org"}})), "200 connection 3");
}

TEST(StreamClientTls, the_name_is_told_to_the_server_and_an_address_is_not) {
  std::vector<std::string> names;
  ScriptedServer server(
      [&](ScriptedPeer& peer) {
        names.push_back(peer.server_name());
        answer_all(peer);
      },
      server_secrets());
  EXPECT_EQ(get(*client_of(server.url("localhost"))), "200 connection 1");
  EXPECT_EQ(get(*client_of(server.url())), "200 connection 2");
  EXPECT_EQ(get(*client_of(server.url(), {.tls = {.server_name = "api.example.org"}})), "200 connection 3");
  EXPECT_EQ(names, (std::vector<std::string>{"localhost", "", "api.example.org"}));
}

TEST(StreamClientTls, an_expired_certificate_is_refused) {
  ScriptedServer server(answer_all,
                        ScriptedTls{.own = authority().issue({.names = {"127.0.0.1"}, .valid_for = std::chrono::seconds(-60)})});
  EXPECT_NE(expect_failure(server.url(), {}).find("the certificate is not trusted: certificate has expired"), std::string::npos);
}

TEST(StreamClientTls, without_verification_anything_is_accepted) {
  ScriptedServer server(answer_all, ScriptedTls{.own = stranger().issue({.names = {"elsewhere"}})});
  EXPECT_EQ(get(*client_of(server.url(), {.tls = {.verify_peer = false}})), "200 connection 1");
}

TEST(StreamClientTls, a_client_certificate_is_shown_when_it_is_demanded) {
  auto secrets = server_secrets();
  secrets.client_ca_pem = authority().certificate_pem();
  ScriptedServer server(answer_all, secrets);
  const auto own = authority().issue({.common_name = "reeve"});
  EXPECT_EQ(get(*client_of(server.url(), {.tls = {.certificate_pem = own.certificate_pem, .key_pem = own.key_pem}})), "200 connection 1");
  const auto none = get(*client_of(server.url()));
  EXPECT_EQ(none, fmt::format("cannot read the answer of {}: the server demands a client certificate", server.url()));
  const auto foreign = stranger().issue({.common_name = "reeve"});
  const auto refused = get(*client_of(server.url(), {.tls = {.certificate_pem = foreign.certificate_pem, .key_pem = foreign.key_pem}}));
  EXPECT_NE(refused.find("the server refuses the client certificate"), std::string::npos) << refused;
}

TEST(StreamClientTls, unusable_certificates_and_keys_are_told_before_anything_is_sent) {
  const auto own = authority().issue({.common_name = "reeve"});
  const auto other = authority().issue({.common_name = "other"});
  const std::vector<std::pair<TlsOptions, std::string>> wrong = {
      {{.ca_pem = "nonsense"}, "trusted certificates"},
      {{.ca_pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}, "trusted certificates"},
      {{.certificate_pem = "nonsense", .key_pem = own.key_pem}, "client certificate"},
      {{.certificate_pem = own.certificate_pem, .key_pem = "nonsense"}, "client key"},
      {{.certificate_pem = own.certificate_pem}, "it has no key"},
      {{.key_pem = own.key_pem}, "it has no certificate"},
      {{.certificate_pem = own.certificate_pem, .key_pem = other.key_pem}, "key"}};
  for (const auto& [tls, part] : wrong) {
    const auto client = StreamClient::create("https://127.0.0.1:1", {.tls = tls});
    ASSERT_FALSE(client) << part;
    EXPECT_EQ(client.error().code, Errc::invalid_argument);
    EXPECT_NE(client.error().message.find(part), std::string::npos) << client.error().message;
  }
}

TEST(StreamClientTls, a_server_of_plain_http_is_named_as_such) {
  ScriptedServer plain([](ScriptedPeer& peer) { peer.write(http_answer(400, "no TLS here")); });
  EXPECT_EQ(expect_failure(fmt::format("https://127.0.0.1:{}", plain.port()), {}),
            fmt::format("cannot reach https://127.0.0.1:{}: the server does not speak TLS there", plain.port()));
}

TEST(HttpsRequest, a_single_request_speaks_tls) {
  ScriptedServer server(answer_all, server_secrets());
  const auto answer = request("GET", server.url() + "/a?b", {}, "", {.tls = {.ca_pem = authority().certificate_pem()}});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(*answer->body, "connection 1");
  const auto refused = request("GET", server.url(), {}, "", {.tls = {.ca_pem = stranger().certificate_pem()}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
}

TEST(HttpsRequest, the_deadline_is_for_the_whole_exchange) {
  ScriptedServer server(
      [](ScriptedPeer& peer) {
        peer.read_request();
        peer.write(chunked_head);
        while (peer.write(http_chunk("drop"))) std::this_thread::sleep_for(Milliseconds(10));
      },
      server_secrets());
  const auto answer =
      request("GET", server.url(), {}, "", {.timeout = Milliseconds(200), .tls = {.ca_pem = authority().certificate_pem()}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::timed_out);
}

}  // namespace
}  // namespace reeve::http
