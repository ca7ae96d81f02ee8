#include "net/http/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "net/http/client.h"
#include "net/http/router.h"

namespace reeve::http {
namespace {

using std::chrono::steady_clock;

// A client that sends what it is told to, right or wrong.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  ~RawClient() { ::close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  void send(std::string_view text) {
    while (!text.empty()) {
      const auto sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void get(const std::string& path, const std::string& more = "") { send("GET " + path + " HTTP/1.1\r\nHost: x\r\n" + more + "\r\n"); }
  void stop_sending() { ::shutdown(fd_, SHUT_WR); }

  // Reads until `part` has come; false at the end of file or after `patience`.
  bool read_until(std::string_view part, Milliseconds patience = Milliseconds(10'000)) {
    const auto until = steady_clock::now() + patience;
    while (text_.find(part) == std::string::npos)
      if (!read_some(until)) return false;
    return true;
  }
  bool read_to_end(Milliseconds patience = Milliseconds(10'000)) {
    const auto until = steady_clock::now() + patience;
    while (read_some(until)) {
    }
    return at_end_;
  }
  const std::string& text() const { return text_; }
  void forget() { text_.clear(); }

 private:
  bool read_some(steady_clock::time_point until) {
    pollfd waiting{.fd = fd_, .events = POLLIN, .revents = 0};
    const auto left = std::chrono::duration_cast<Milliseconds>(until - steady_clock::now()).count();
    if (left <= 0 || ::poll(&waiting, 1, static_cast<int>(left)) != 1) return false;
    std::array<char, 65536> bytes{};
    const auto got = ::recv(fd_, bytes.data(), bytes.size(), 0);
    if (got <= 0) {
      at_end_ = got == 0;
      return false;
    }
    text_.append(bytes.data(), static_cast<std::size_t>(got));
    return true;
  }

  int fd_;
  bool connected_ = false;
  bool at_end_ = false;
  std::string text_{};
};

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

// Streams and responders that handlers have put aside.
struct Shelf {
  std::mutex mutex{};
  std::condition_variable came{};
  std::shared_ptr<Responder> responder{};
  std::shared_ptr<Stream> stream{};

  std::shared_ptr<Stream> wait_for_stream() {
    std::unique_lock lock(mutex);
    came.wait_for(lock, Milliseconds(10'000), [&] { return stream != nullptr; });
    return stream;
  }
  std::shared_ptr<Responder> take_responder() {
    std::unique_lock lock(mutex);
    came.wait_for(lock, Milliseconds(10'000), [&] { return responder != nullptr; });
    return std::exchange(responder, nullptr);
  }
};

Handler test_handler(Shelf& shelf) {
  const auto echo = immediate([](const Request& request) { return text_response(200, "text/plain", request.method + " " + request.body); });
  const auto big = immediate([](const Request&) { return json_response(200, std::string(200'000, 'x')); });
  const auto drop = [](const Request&, const std::shared_ptr<Responder>&) {};
  const auto raise = [](const Request&, const std::shared_ptr<Responder>&) { throw std::runtime_error("bug"); };
  const auto later = [&shelf](const Request&, std::shared_ptr<Responder> responder) {
    const std::lock_guard lock(shelf.mutex);
    shelf.responder = std::move(responder);
    shelf.came.notify_all();
  };
  const auto stream = [&shelf](const Request&, const std::shared_ptr<Responder>& responder) {
    auto opened = responder->start_stream(text_response(200, "text/event-stream", ""));
    const std::lock_guard lock(shelf.mutex);
    shelf.stream = std::move(opened);
    shelf.came.notify_all();
  };
  const auto evil = immediate([](const Request&) { return Response{.status = 200, .headers = {{"X-A", "1\r\nX-B: 2"}}}; });
  const auto router =
      std::make_shared<Router>(std::vector<Route>{{"GET", "/echo", echo},
                                                  {"POST", "/echo", echo},
                                                  {"GET", "/big", big},
                                                  {"GET", "/drop", drop},
                                                  {"GET", "/raise", raise},
                                                  {"GET", "/later", later},
                                                  {"GET", "/stream", stream},
                                                  {"GET", "/evil", evil},
                                                  {"GET", "/none", immediate([](const Request&) { return Response{.status = 204}; })}},
                               immediate([](const Request&) { return text_response(404, "text/plain", "none"); }),
                               immediate([](const Request&) { return text_response(405, "text/plain", "none"); }));
  return [router](Request request, std::shared_ptr<Responder> responder) { router->handle(std::move(request), std::move(responder)); };
}

class HttpServer : public ::testing::Test {
 protected:
  void start(ServerOptions options = {}) {
    auto started = Server::start(options, test_handler(shelf));
    ASSERT_TRUE(started) << started.error().message;
    server = std::move(*started);
  }
  std::string url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(server->port()) + path; }

  Shelf shelf{};
  std::unique_ptr<Server> server{};
};

TEST_F(HttpServer, answers_with_length_and_date) {
  start();
  RawClient client(server->port());
  client.get("/echo");
  ASSERT_TRUE(client.read_until("GET "));
  EXPECT_TRUE(client.text().starts_with("HTTP/1.1 200 OK\r\nDate: ")) << client.text();
  EXPECT_NE(client.text().find("Content-Length: 4\r\n"), std::string::npos);
}

TEST_F(HttpServer, pipelined_requests_are_answered_in_order) {
  start();
  RawClient client(server->port());
  std::string requests;
  for (int i = 0; i < 200; ++i) requests += "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n" + std::to_string(1000 + i);
  client.send(requests);
  ASSERT_TRUE(client.read_until("POST 1199"));
  for (int i = 1; i < 200; ++i)
    EXPECT_LT(client.text().find("POST " + std::to_string(999 + i)), client.text().find("POST " + std::to_string(1000 + i)));
}

TEST_F(HttpServer, a_request_in_single_bytes_is_read) {
  start();
  RawClient client(server->port());
  for (const char c : std::string("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"))
    client.send({&c, 1});
  EXPECT_TRUE(client.read_until("POST ab"));
}

TEST_F(HttpServer, a_client_that_only_stops_sending_gets_its_answer) {
  start();
  RawClient client(server->port());
  client.get("/echo");
  client.stop_sending();
  EXPECT_TRUE(client.read_to_end());
  EXPECT_NE(client.text().find("200 OK"), std::string::npos);
}

TEST_F(HttpServer, head_has_the_length_and_no_body) {
  start();
  RawClient client(server->port());
  client.send("HEAD /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(client.read_to_end());
  EXPECT_NE(client.text().find("Content-Length: 200000\r\n"), std::string::npos);
  EXPECT_TRUE(client.text().ends_with("\r\n\r\n"));
}

TEST_F(HttpServer, no_content_has_no_length) {
  start();
  RawClient client(server->port());
  client.get("/none", "Connection: close\r\n");
  ASSERT_TRUE(client.read_to_end());
  EXPECT_TRUE(client.text().starts_with("HTTP/1.1 204 No Content"));
  EXPECT_EQ(client.text().find("Content-Length"), std::string::npos);
}

TEST_F(HttpServer, malformed_requests_are_400_and_the_server_lives) {
  start();
  for (const char* text :
       {"\x01\x02\x03\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "GET noslash HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "GET / HTTP/1.1\r\nHost x\r\n\r\n"}) {
    RawClient client(server->port());
    client.send(text);
    EXPECT_TRUE(client.read_to_end()) << text;
    EXPECT_TRUE(client.text().starts_with("HTTP/1.1 400 ")) << text << " -> " << client.text();
  }
  EXPECT_TRUE(request("GET", url("/echo"), {}, ""));
}

TEST_F(HttpServer, a_body_over_the_limit_is_413) {
  start({.body_bytes_max = 1000});
  RawClient declared(server->port());
  declared.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'x'));
  EXPECT_TRUE(declared.read_to_end());
  EXPECT_TRUE(declared.text().starts_with("HTTP/1.1 413 ")) << declared.text();
  EXPECT_NE(declared.text().find("PAYLOAD_TOO_LARGE"), std::string::npos);
  RawClient chunked(server->port());
  chunked.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
               ("800\r\n" + std::string(0x800, 'x') + "\r\n0\r\n\r\n"));
  EXPECT_TRUE(chunked.read_to_end());
  EXPECT_TRUE(chunked.text().starts_with("HTTP/1.1 413 ")) << chunked.text();
}

TEST_F(HttpServer, a_body_of_just_the_limit_passes) {
  start({.body_bytes_max = 100'000});
  const auto response = request("POST", url("/echo"), {}, std::string(100'000, 'y'));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body->size(), 100'005U);
}

TEST_F(HttpServer, a_header_over_the_limit_is_431) {
  start({.header_bytes_max = 2000});
  for (const std::string& text : {"GET /echo HTTP/1.1\r\nHost: x\r\nX: " + std::string(3000, 'x') + "\r\n\r\n",
                                  "GET /" + std::string(3000, 'x') + " HTTP/1.1\r\nHost: x\r\n\r\n",
                                  "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(30'000, 'x')}) {
    RawClient client(server->port());
    client.send(text);
    EXPECT_TRUE(client.read_to_end());
    EXPECT_TRUE(client.text().starts_with("HTTP/1.1 431 ")) << client.text();
  }
}

TEST_F(HttpServer, a_slow_loris_gets_408) {
  start({.request_timeout = Milliseconds(100)});
  RawClient client(server->port());
  client.send("GET /echo HTTP/1.1\r\nHo");
  EXPECT_TRUE(client.read_to_end());
  EXPECT_TRUE(client.text().starts_with("HTTP/1.1 408 ")) << client.text();
}

TEST_F(HttpServer, an_idle_connection_is_closed_without_a_word) {
  start({.idle_timeout = Milliseconds(100)});
  RawClient client(server->port());
  EXPECT_TRUE(client.read_to_end());
  EXPECT_EQ(client.text(), "");
}

TEST_F(HttpServer, a_hundred_idle_connections_do_not_block_a_request) {
  start();
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 100; ++i) {
    idle.push_back(std::make_unique<RawClient>(server->port()));
    if (i % 2 == 0) idle.back()->send("GET /echo HT");
  }
  const auto begin = steady_clock::now();
  const auto response = request("GET", url("/echo"), {}, "");
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_LT(steady_clock::now() - begin, Milliseconds(1000));
}

TEST_F(HttpServer, connections_over_the_limit_are_accepted_later) {
  start({.threads = 1, .connections_max = 2});
  auto first = std::make_unique<RawClient>(server->port());
  first->get("/echo");
  ASSERT_TRUE(first->read_until("GET "));
  RawClient second(server->port());
  second.get("/echo");
  ASSERT_TRUE(second.read_until("GET "));
  RawClient third(server->port());
  third.get("/echo");
  EXPECT_FALSE(third.read_until("GET ", Milliseconds(100)));
  first.reset();
  EXPECT_TRUE(third.read_until("GET "));
}

TEST_F(HttpServer, a_dropped_responder_is_500_and_the_connection_goes_on) {
  start();
  RawClient client(server->port());
  client.get("/drop");
  EXPECT_TRUE(client.read_until("500 Internal Server Error"));
  client.get("/raise");
  client.get("/echo");
  EXPECT_TRUE(client.read_until("200 OK"));
  EXPECT_EQ(count(client.text(), "500 Internal"), 2U);
}

TEST_F(HttpServer, another_thread_may_answer) {
  start();
  RawClient client(server->port());
  client.get("/later");
  const auto responder = shelf.take_responder();
  ASSERT_NE(responder, nullptr);
  responder->respond(text_response(200, "text/plain", "late"));
  responder->respond(text_response(200, "text/plain", "twice"));
  EXPECT_TRUE(client.read_until("late"));
  client.get("/echo");
  EXPECT_TRUE(client.read_until("GET "));
  EXPECT_EQ(client.text().find("twice"), std::string::npos);
}

TEST_F(HttpServer, an_answer_after_the_server_is_gone_is_dropped) {
  start();
  RawClient client(server->port());
  client.get("/later");
  auto responder = shelf.take_responder();
  ASSERT_NE(responder, nullptr);
  server.reset();
  responder->respond(text_response(200, "text/plain", "late"));
  responder.reset();
  EXPECT_TRUE(client.read_to_end());
}

TEST_F(HttpServer, a_stream_sends_chunks_until_it_is_closed) {
  start();
  RawClient client(server->port());
  client.get("/stream");
  const auto stream = shelf.wait_for_stream();
  ASSERT_NE(stream, nullptr);
  stream->send("data: 1\n\n");
  ASSERT_TRUE(client.read_until("9\r\ndata: 1\n\n\r\n"));
  stream->send("data: 2\n\n");
  ASSERT_TRUE(client.read_until("data: 2\n\n\r\n"));
  stream->close();
  EXPECT_TRUE(client.read_to_end());
  EXPECT_TRUE(client.text().ends_with("0\r\n\r\n"));
  EXPECT_NE(client.text().find("Transfer-Encoding: chunked"), std::string::npos);
}

TEST_F(HttpServer, a_stream_knows_that_its_client_is_gone) {
  start();
  auto client = std::make_unique<RawClient>(server->port());
  client->get("/stream");
  const auto stream = shelf.wait_for_stream();
  ASSERT_NE(stream, nullptr);
  ASSERT_TRUE(client->read_until("\r\n\r\n"));
  client.reset();
  const auto until = steady_clock::now() + Milliseconds(5000);
  while (stream->is_open() && steady_clock::now() < until) std::this_thread::sleep_for(Milliseconds(2));
  EXPECT_FALSE(stream->is_open());
}

TEST_F(HttpServer, a_reader_that_does_not_read_is_cut_off) {
  start({.stream_backlog_bytes_max = 1 << 20});
  RawClient client(server->port());
  client.get("/stream");
  const auto stream = shelf.wait_for_stream();
  ASSERT_NE(stream, nullptr);
  const auto chunk = std::make_shared<const std::string>(64 << 10, 'x');
  for (int i = 0; i < 10'000 && stream->is_open(); ++i) stream->send(chunk);
  EXPECT_FALSE(stream->is_open());
  EXPECT_TRUE(request("GET", url("/echo"), {}, ""));
}

TEST_F(HttpServer, gzip_is_sent_to_who_accepts_it) {
  start();
  const auto plain = request("GET", url("/big"), {}, "");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->headers.count("Content-Encoding"), 0U);
  const auto packed = request("GET", url("/big"), {{"Accept-Encoding", "gzip"}}, "");
  ASSERT_TRUE(packed);
  ASSERT_EQ(packed->headers.count("Content-Encoding"), 1U);
  std::string text(300'000, '\0');
  z_stream zip{};
  ASSERT_EQ(inflateInit2(&zip, 15 + 32), Z_OK);
  zip.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed->body->data()));
  zip.avail_in = static_cast<uInt>(packed->body->size());
  zip.next_out = reinterpret_cast<Bytef*>(text.data());
  zip.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&zip, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(zip.total_out, 200'000U);
  inflateEnd(&zip);
}

TEST_F(HttpServer, a_client_that_waits_for_leave_to_send_gets_it) {
  start();
  RawClient client(server->port());
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  ASSERT_TRUE(client.read_until("100 Continue\r\n\r\n"));
  client.send("abc");
  EXPECT_TRUE(client.read_until("POST abc"));
}

TEST_F(HttpServer, an_old_client_gets_its_connection_closed) {
  start();
  RawClient client(server->port());
  client.send("GET /echo HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(client.read_to_end());
  EXPECT_NE(client.text().find("GET "), std::string::npos);
}

TEST_F(HttpServer, a_header_value_cannot_begin_another_header) {
  start();
  RawClient client(server->port());
  client.get("/evil");
  ASSERT_TRUE(client.read_until("\r\n\r\n"));
  EXPECT_EQ(client.text().find("\nX-B"), std::string::npos);
}

TEST_F(HttpServer, a_port_that_is_taken_is_not_shared) {
  start();
  const auto second = Server::start({.port = server->port()}, test_handler(shelf));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::unavailable);
}

TEST(HttpClient, urls_are_taken_apart) {
  const auto url = parse_url("http://h:81/p?q#f");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host + " " + url->port + " " + url->target, "h 81 /p?q");
  EXPECT_EQ(parse_url("http://h")->target, "/");
  EXPECT_EQ(parse_url("https://h?x")->target, "/?x");
  EXPECT_EQ(parse_url("http://[::1]:8/")->host, "::1");
  for (const char* text : {"", "h", "ftp://h", "http://", "http://h:0", "http://h:x", "http://u@h", "http://h/a b", "http://h/a\r\nb"})
    EXPECT_FALSE(parse_url(text)) << text;
}

TEST(HttpClient, nobody_there_is_unavailable) {
  const auto answer = request("GET", "http://127.0.0.1:1/", {}, "");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::unavailable);
}

TEST_F(HttpServer, a_client_gives_up_at_its_deadline) {
  start();
  const auto answer = request("GET", url("/later"), {}, "", {.timeout = Milliseconds(50)});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::timed_out);
}

}  // namespace
}  // namespace reeve::http
