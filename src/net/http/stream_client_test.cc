#include "net/http/stream_client_case_test.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

namespace reeve::http {
namespace {

using std::chrono::steady_clock;
// Everything here holds for both.
class StreamClientOver : public testing::TestWithParam<bool> {
 protected:
  std::optional<ScriptedTls> secrets() const { return GetParam() ? std::optional(server_secrets()) : std::nullopt; }
};
INSTANTIATE_TEST_SUITE_P(Transport, StreamClientOver, testing::Bool(),
                         [](const auto& over) { return std::string(over.param ? "tls" : "plain"); });

TEST_P(StreamClientOver, a_connection_is_used_again_after_a_whole_body) {
  ScriptedServer server(answer_all, secrets());
  const auto client = client_of(server.url());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(get(*client, i % 2 == 0 ? "GET" : "POST", i % 2 == 0 ? "" : "body"), "200 connection 1");
}

TEST_P(StreamClientOver, a_body_that_was_not_read_costs_the_connection) {
  ScriptedServer server(answer_all, secrets());
  const auto client = client_of(server.url());
  ASSERT_TRUE(client->send("GET", "/", {}, ""));
  EXPECT_EQ(get(*client), "200 connection 2");
}

TEST_P(StreamClientOver, a_kept_connection_that_the_server_closed_is_opened_again) {
  ScriptedServer server(
      [](ScriptedPeer& peer) {
        peer.read_request();
        peer.write(http_answer(200, fmt::format("connection {}", peer.number())));
      },
      secrets());
  const auto client = client_of(server.url());
  for (int i = 1; i <= 4; ++i) {
    EXPECT_EQ(get(*client, i % 2 == 0 ? "POST" : "GET"), fmt::format("200 connection {}", i));
    std::this_thread::sleep_for(Milliseconds(20));
  }
}

// The server reads the request and closes: only the client can tell that it was the kept connection's age.
TEST_P(StreamClientOver, a_read_is_repeated_once_and_a_write_is_not) {
  ScriptedServer server(
      [](ScriptedPeer& peer) {
        peer.read_request();
        peer.write(http_answer(200, fmt::format("connection {}", peer.number())));
        peer.read_request();
      },
      secrets());
  const auto client = client_of(server.url());
  EXPECT_EQ(get(*client), "200 connection 1");
  EXPECT_EQ(get(*client), "200 connection 2");
  EXPECT_EQ(get(*client, "POST"),
            fmt::format("cannot read the answer of {}: the connection was closed before an answer came", server.url()));
  EXPECT_EQ(get(*client, "POST"), "200 connection 3");
}

TEST_P(StreamClientOver, a_fresh_connection_that_closes_unheard_is_not_tried_again) {
  ScriptedServer server([](ScriptedPeer& peer) { peer.read_request(); }, secrets());
  const auto client = client_of(server.url());
  EXPECT_EQ(get(*client), fmt::format("cannot read the answer of {}: the connection was closed before an answer came", server.url()));
  EXPECT_EQ(server.connections(), 1);
}

TEST_P(StreamClientOver, connection_close_is_obeyed) {
  ScriptedServer server(
      [](ScriptedPeer& peer) {
        while (peer.read_request()) peer.write(http_answer(200, fmt::format("connection {}", peer.number()), "Connection: close\r\n"));
      },
      secrets());
  const auto client = client_of(server.url());
  EXPECT_EQ(get(*client), "200 connection 1");
  EXPECT_EQ(get(*client), "200 connection 2");
}

TEST_P(StreamClientOver, a_chunked_body_is_the_same_however_it_is_cut) {
  std::string body;
  for (int i = 0; i < 300; ++i) body += fmt::format("{{\"line\":{}}}\n", i);
  const auto pieces = [&](ScriptedPeer& peer) {
    while (const auto request = peer.read_request()) {
      const auto at = request->find("X-Piece: ") + 9;
      const std::size_t size = std::stoul(request->substr(at));
      std::string whole(chunked_head);
      for (std::size_t i = 0; i < body.size(); i += size) whole += http_chunk(std::string_view(body).substr(i, size));
      whole += last_chunk;
      for (std::size_t i = 0; i < whole.size(); i += size) peer.write(std::string_view(whole).substr(i, size));
    }
  };
  ScriptedServer server(pieces, secrets());
  const auto client = client_of(server.url());
  for (std::size_t size = 1; size <= 500; size += size < 20 ? 1 : 23) {
    ASSERT_TRUE(client->send("GET", "/", {{"X-Piece", std::to_string(size)}}, ""));
    const auto got = client->read_all(patience, plenty);
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(*got, body) << size;
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST_P(StreamClientOver, a_piece_is_handed_on_before_the_next_one_comes) {
  std::atomic<bool> seen = false;
  ScriptedServer server(
      [&](ScriptedPeer& peer) {
        peer.read_request();
        peer.write(std::string(chunked_head) + http_chunk("first"));
        const auto until = steady_clock::now() + patience;
        while (!seen && steady_clock::now() < until) std::this_thread::sleep_for(Milliseconds(1));
        peer.write(http_chunk("second") + std::string(last_chunk));
        peer.wait_for_end();
      },
      secrets());
  const auto client = client_of(server.url());
  ASSERT_TRUE(client->send("GET", "/", {}, ""));
  EXPECT_EQ(client->read_some(patience).value(), "first");
  seen = true;
  EXPECT_EQ(client->read_some(patience).value(), "second");
  EXPECT_EQ(client->read_some(patience).value(), "");
  EXPECT_EQ(client->read_some(patience).value(), "");
}

TEST_P(StreamClientOver, a_large_body_comes_whole) {
  std::string body(5'000'000, 'x');
  for (std::size_t i = 0; i < body.size(); i += 97) body[i] = static_cast<char>('a' + i % 26);
  ScriptedServer server(
      [&](ScriptedPeer& peer) {
        while (peer.read_request()) peer.write(http_answer(200, body));
      },
      secrets());
  const auto client = client_of(server.url());
  EXPECT_EQ(get(*client), "200 " + body);
  ASSERT_TRUE(client->send("GET", "/", {}, ""));
  const auto over = client->read_all(patience, body.size() - 1);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, Errc::invalid_argument);
  EXPECT_EQ(get(*client), "200 " + body);
}

TEST_P(StreamClientOver, a_large_request_arrives_whole) {
  ScriptedServer server(
      [&](ScriptedPeer& peer) {
        while (const auto request = peer.read_request()) peer.write(http_answer(200, std::to_string(request->size() > 3'000'000)));
      },
      secrets());
  EXPECT_EQ(get(*client_of(server.url()), "PUT", std::string(3'000'000, 'y')), "200 1");
}

// Cut in the head, in the length's body, in a chunk and between chunks, with and without TLS's farewell.
TEST_P(StreamClientOver, a_body_that_is_cut_is_never_a_silent_end) {
  const std::string chunks = std::string(chunked_head) + http_chunk("some") + http_chunk("more");
  const std::vector<std::string> texts = {"HTTP/1.1 200 OK\r\nConte", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", chunks,
                                          chunks.substr(0, chunks.size() - 3), chunks + "0\r\n"};
  for (const bool rudely : {false, true})
    for (const std::string& text : texts) {
      ScriptedServer server(
          [&](ScriptedPeer& peer) {
            peer.read_request();
            peer.write(text);
            if (rudely) peer.cut();
          },
          secrets());
      const auto client = client_of(server.url());
      EXPECT_EQ(get(*client),
                fmt::format("cannot read the answer of {}: the connection was closed before the answer was whole", server.url()))
          << text;
    }
}

TEST_P(StreamClientOver, a_body_without_a_length_ends_with_the_connection) {
  ScriptedServer server(
      [](ScriptedPeer& peer) {
        peer.read_request();
        peer.write("HTTP/1.1 200 OK\r\n\r\nall of it");
        if (peer.number() == 2) peer.cut();
      },
      secrets());
  const auto client = client_of(server.url());
  EXPECT_EQ(get(*client), "200 all of it");
  const std::string cut = get(*client);
  if (!GetParam()) return;  // plain TCP cannot tell a cut from an end
  EXPECT_EQ(cut, fmt::format("cannot read the answer of {}: the connection was closed before the answer was whole", server.url()));
}

TEST_P(StreamClientOver, a_silent_server_is_timed_out) {
  ScriptedServer server(
      [](ScriptedPeer& peer) {
        peer.read_request();
        if (peer.number() == 2) peer.write(std::string(chunked_head) + http_chunk("x"));
        peer.wait_for_end();
      },
      secrets());
  const auto client = client_of(server.url(), {.response_timeout = Milliseconds(50)});
  const auto answer = client->send("GET", "/", {}, "");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error(), (Error{Errc::timed_out, fmt::format("cannot read the answer of {}: nothing came in 50 ms", server.url())}));
  ASSERT_TRUE(client->send("GET", "/", {}, ""));
  EXPECT_EQ(client->read_some(Milliseconds(50)).value(), "x");
  const auto silence = client->read_some(Milliseconds(50));
  ASSERT_FALSE(silence);
  EXPECT_EQ(silence.error().code, Errc::timed_out);
  const auto after = client->read_some(Milliseconds(50));
  ASSERT_FALSE(after) << "a failed answer must not look as if it had ended";
  EXPECT_EQ(after.error().code, Errc::unavailable);
}

TEST_P(StreamClientOver, a_handshake_or_an_accept_that_never_comes_is_timed_out) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const auto url = fmt::format("{}://127.0.0.1:{}", GetParam() ? "https" : "http", ntohs(address.sin_port));
  const auto client = client_of(url, {.connect_timeout = Milliseconds(50), .response_timeout = Milliseconds(50)});
  const auto answer = client->send("GET", "/", {}, "");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::timed_out);
  EXPECT_NE(answer.error().message.find(url), std::string::npos);
  ::close(listener);
}

TEST_P(StreamClientOver, cancel_from_another_thread_ends_a_wait_and_all_later_calls) {
  ScriptedServer server(
      [](ScriptedPeer& peer) {
        peer.read_request();
        peer.write(std::string(chunked_head) + http_chunk("x"));
        peer.wait_for_end();
      },
      secrets());
  const auto client = client_of(server.url());
  ASSERT_TRUE(client->send("GET", "/", {}, ""));
  EXPECT_EQ(client->read_some(patience).value(), "x");
  std::jthread other([&] {
    std::this_thread::sleep_for(Milliseconds(30));
    client->cancel();
  });
  const auto begin = steady_clock::now();
  const auto piece = client->read_some(std::chrono::hours(1000));
  ASSERT_FALSE(piece);
  EXPECT_EQ(piece.error(), (Error{Errc::unavailable, fmt::format("cannot read the answer of {}: the call was cancelled", server.url())}));
  EXPECT_LT(steady_clock::now() - begin, patience);
  const auto later = client->send("GET", "/", {}, "");
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error(), (Error{Errc::unavailable, fmt::format("cannot reach {}: the call was cancelled", server.url())}));
}

TEST_P(StreamClientOver, what_is_no_http_is_said_to_be_none) {
  ScriptedServer server(
      [](ScriptedPeer& peer) {
        peer.read_request();
        peer.write("SSH-2.0-OpenSSH_9.2\r\n");
      },
      secrets());
  const std::string message = get(*client_of(server.url()));
  EXPECT_TRUE(message.starts_with(fmt::format("cannot read the answer of {}: the answer is no HTTP (", server.url()))) << message;
}

TEST_P(StreamClientOver, a_head_over_the_limit_is_refused) {
  ScriptedServer server(
      [](ScriptedPeer& peer) {
        peer.read_request();
        peer.write(http_answer(200, "", "X: " + std::string(5000, 'x') + "\r\n"));
        peer.wait_for_end();
      },
      secrets());
  EXPECT_EQ(get(*client_of(server.url(), {.head_bytes_max = 4000})),
            fmt::format("cannot read the answer of {}: the head of the answer is larger than 4000 bytes", server.url()));
}

TEST_P(StreamClientOver, answers_without_a_body_and_interim_answers_are_understood) {
  ScriptedServer server(
      [](ScriptedPeer& peer) {
        while (const auto request = peer.read_request()) {
          if (request->starts_with("HEAD"))
            peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
          else if (request->starts_with("DELETE"))
            peer.write("HTTP/1.1 204 No Content\r\n\r\n");
          else
            peer.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + http_answer(200, "real"));
        }
      },
      secrets());
  const auto client = client_of(server.url());
  EXPECT_EQ(get(*client, "HEAD"), "200 ");
  EXPECT_EQ(get(*client, "DELETE"), "204 ");
  EXPECT_EQ(get(*client, "PUT", "x"), "200 real");
  EXPECT_EQ(server.connections(), 1);
}

TEST_P(StreamClientOver, an_early_refusal_counts_even_when_the_request_is_not_read) {
  ScriptedServer server([](ScriptedPeer& peer) { peer.write(http_answer(413, "too large", "Connection: close\r\n")); }, secrets());
  EXPECT_EQ(get(*client_of(server.url()), "PUT", std::string(8 << 20, 'z')), "413 too large");
}

TEST_P(StreamClientOver, a_header_cannot_begin_another_one) {
  ScriptedServer server(answer_all, secrets());
  const auto client = client_of(server.url());
  for (const Headers& headers : {Headers{{"A", "1\r\nB: 2"}}, Headers{{"A\nB", "1"}}}) {
    const auto answer = client->send("GET", "/", headers, "");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::invalid_argument);
  }
  for (const char* target : {"", "x", "/a b", "/a\r\nX: y"}) EXPECT_FALSE(client->send("GET", target, {}, "")) << target;
  EXPECT_EQ(server.connections(), 0);
}

TEST(StreamClient, nobody_there_is_unavailable_and_named) {
  const auto client = client_of("http://127.0.0.1:1");
  const auto answer = client->send("GET", "/", {}, "");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error(), (Error{Errc::unavailable, "cannot reach http://127.0.0.1:1: Connection refused"}));
}

TEST(StreamClient, a_url_with_a_path_or_of_another_scheme_is_refused) {
  for (const char* url : {"https://h/x", "ftp://h", "h:1", ""}) {
    const auto client = StreamClient::create(url, {});
    ASSERT_FALSE(client) << url;
    EXPECT_EQ(client.error().code, Errc::invalid_argument);
  }
}

}  // namespace
}  // namespace reeve::http
