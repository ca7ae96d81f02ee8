#include "adapters/scraper/scraper.h"

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <list>
#include <mutex>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "net/http/server.h"
#include "testing/fake_clock.h"
#include "wire/observation/observation_json.h"

namespace reeve {
namespace {

using boost::asio::ip::tcp;
using Clock_ = std::chrono::steady_clock;

std::string exposition(const std::string& node, int temperature = 41) {
  return fmt::format("DCGM_FI_DEV_GPU_TEMP{{gpu=\"0\",UUID=\"GPU-{0}\",modelName=\"Tesla T4\",hostname=\"{0}\"}} {1}\n", node, temperature);
}

std::string reply(const std::string& body, const std::string& status = "200 OK") {
  return fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\n\r\n{}", status, body.size(), body);
}

// A peer that does to each connection what the test says, on a thread of its own.
class Peer {
 public:
  using Act = std::function<void(tcp::socket&)>;

  explicit Peer(Act act) : act_(std::move(act)), acceptor_(io_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
    accepting_ = std::jthread([this] { accept(); });
  }
  ~Peer() {
    ending_ = true;
    tcp::socket poke(io_);  // wakes accept()
    boost::system::error_code ignored;
    poke.connect(acceptor_.local_endpoint(), ignored);
    accepting_.join();
    const std::lock_guard lock(mutex_);
    for (tcp::socket& socket : sockets_) socket.shutdown(tcp::socket::shutdown_both, ignored);
  }

  std::string url() const { return fmt::format("http://127.0.0.1:{}", acceptor_.local_endpoint().port()); }
  int connections() const { return connections_; }

 private:
  void accept() {
    for (;;) {
      tcp::socket socket = acceptor_.accept();
      if (ending_) return;
      ++connections_;
      const std::lock_guard lock(mutex_);
      tcp::socket& kept = sockets_.emplace_back(std::move(socket));
      acting_.emplace_back([this, &kept] { act_(kept); });
    }
  }

  Act act_;
  boost::asio::io_context io_;
  tcp::acceptor acceptor_;
  std::atomic<bool> ending_ = false;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;
  std::list<tcp::socket> sockets_;
  std::list<std::jthread> acting_;
  std::jthread accepting_;
};

// Path of the next request; empty when the client is gone.
std::string hear(tcp::socket& socket) {
  boost::system::error_code error;
  std::string text;
  boost::asio::read_until(socket, boost::asio::dynamic_buffer(text), "\r\n\r\n", error);
  const std::size_t start = text.find(' ') + 1;
  return error ? std::string() : text.substr(start, text.find(' ', start) - start);
}

void say(tcp::socket& socket, const std::string& bytes) {
  boost::system::error_code ignored;
  boost::asio::write(socket, boost::asio::buffer(bytes), ignored);
}

Peer::Act answers(std::string bytes) {
  return [bytes = std::move(bytes)](tcp::socket& socket) {
    while (!hear(socket).empty()) say(socket, bytes);
  };
}

Peer::Act answers_once(std::string bytes) {
  return [bytes = std::move(bytes)](tcp::socket& socket) {
    if (!hear(socket).empty()) say(socket, bytes);
    boost::system::error_code ignored;
    socket.shutdown(tcp::socket::shutdown_both, ignored);
  };
}

const Peer::Act is_silent = [](tcp::socket& socket) {
  hear(socket);
  hear(socket);  // until the client goes
};

// A byte now and then keeps no deadline away.
const Peer::Act drips = [](tcp::socket& socket) {
  hear(socket);
  say(socket, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
  boost::system::error_code error;
  while (!error) {
    boost::asio::write(socket, boost::asio::buffer("x", 1), error);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
};

Target target(const std::string& url) { return {url, ObservationSource::dcgm_exporter, {}, {}}; }

struct ScraperTest : testing::Test {
  FakeClock clock{};
  ScraperOptions options{};
  std::unique_ptr<Scraper> scraper{};

  std::map<std::string, Result<NodeObservation>> round(const std::vector<Target>& targets, Milliseconds deadline = Milliseconds(5000)) {
    if (!scraper) scraper = make_scraper(clock, options);
    std::map<std::string, Result<NodeObservation>> heard;
    const auto found = [&](const Target& one, Result<NodeObservation> result) {
      EXPECT_TRUE(heard.emplace(one.url, std::move(result)).second) << one.url << " was told twice";
    };
    scraper->observe_all(targets, deadline, found);
    EXPECT_EQ(heard.size(), targets.size());
    return heard;
  }
  Result<NodeObservation> one(const std::string& url, Milliseconds deadline = Milliseconds(5000)) {
    return round({target(url)}, deadline).at(url);
  }
  std::string failure(const std::string& url, Milliseconds deadline = Milliseconds(5000)) {
    const auto result = one(url, deadline);
    return result ? "it succeeded" : result.error().message;
  }
};

TEST_F(ScraperTest, a_node_is_observed_over_one_connection_that_is_kept) {
  Peer peer(answers(reply(exposition("n1"))));
  for (int i = 0; i < 3; ++i) {
    const auto seen = one(peer.url());
    ASSERT_TRUE(seen.ok()) << seen.error().message;
    EXPECT_EQ(seen->node.text, "n1");
    EXPECT_EQ(seen->at, clock.now());
    EXPECT_EQ(seen->source, ObservationSource::dcgm_exporter);
    EXPECT_EQ(seen->devices[0].values.get(Metric::gpu_temperature), 41);
  }
  EXPECT_EQ(peer.connections(), 1);
}

TEST_F(ScraperTest, another_vendors_exporter_is_read_in_its_own_language) {
  Peer peer(answers(reply("gpu_package_power{gpu_id=\"0\",serial_number=\"S1\",hostname=\"n1\"} 702\n")));
  EXPECT_FALSE(one(peer.url()).ok());
  Target amd = target(peer.url());
  amd.kind = ObservationSource::amd_exporter;
  const auto seen = round({amd}, Milliseconds(5000)).at(peer.url());
  ASSERT_TRUE(seen.ok()) << seen.error().message;
  EXPECT_EQ(seen->source, ObservationSource::amd_exporter);
  EXPECT_EQ(seen->devices.at(0).uuid.text, "AMD-S1");
}

TEST_F(ScraperTest, a_connection_that_was_closed_while_idle_is_made_anew) {
  Peer peer(answers_once(reply(exposition("n1"))));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(one(peer.url()).ok());
  EXPECT_EQ(peer.connections(), 3);
}

TEST_F(ScraperTest, chunked_replies_are_read) {
  const std::string text = exposition("n1");
  Peer peer(answers(fmt::format("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{}\r\n{:x}\r\n{}\r\n0\r\n\r\n", 10,
                                text.substr(0, 10), text.size() - 10, text.substr(10))));
  EXPECT_EQ(one(peer.url())->node.text, "n1");
}

TEST_F(ScraperTest, a_path_of_the_target_goes_before_metrics) {
  std::string path;
  Peer peer([&](tcp::socket& socket) {
    path = hear(socket);
    say(socket, reply(exposition("n1")));
  });
  EXPECT_TRUE(one(peer.url() + "/node-7").ok());
  EXPECT_EQ(path, "/node-7/metrics");
}

TEST_F(ScraperTest, each_failure_says_what_happened) {
  options.body_bytes_max = 1000;
  const std::string nobody = Peer(is_silent).url();
  EXPECT_NE(failure(nobody).find("cannot connect to"), std::string::npos);
  const auto of = [&](std::string bytes) {
    Peer peer(answers_once(std::move(bytes)));
    return failure(peer.url());
  };
  const auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos ? testing::AssertionSuccess() : testing::AssertionFailure() << text;
  };
  EXPECT_TRUE(has(of(reply("gone", "404 Not Found")), "HTTP status 404"));
  EXPECT_TRUE(has(of("SSH-2.0-OpenSSH_9.2\r\n"), "the reply is no HTTP"));
  EXPECT_TRUE(has(of(reply("<html><body>hello</body></html>")), "without one metric line"));
  EXPECT_TRUE(has(of(reply("go_threads 7\n")), "names a GPU"));
  EXPECT_TRUE(has(of(reply(std::string(2000, 'x'))), "larger than 1000 bytes"));
  EXPECT_TRUE(has(of("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"), "larger than 1000 bytes"));
  EXPECT_TRUE(has(of("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhalf"), "closed before the reply was whole"));
  EXPECT_TRUE(has(of(""), "closed before the reply was whole"));
  EXPECT_TRUE(has(of("HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'x') + "\r\n\r\n"), "no HTTP"));
}

TEST_F(ScraperTest, urls_that_cannot_be_asked_fail_alone) {
  Peer peer(answers(reply(exposition("n1"))));
  const auto heard = round({target("https://127.0.0.1:1"), target("nonsense"), target(peer.url()), target("http://nowhere.invalid:1")});
  EXPECT_EQ(heard.at("https://127.0.0.1:1").error().code, Errc::unsupported);
  EXPECT_EQ(heard.at("nonsense").error().code, Errc::invalid_argument);
  EXPECT_NE(heard.at("http://nowhere.invalid:1").error().message.find("cannot find 'nowhere.invalid'"), std::string::npos);
  EXPECT_TRUE(heard.at(peer.url()).ok());
}

TEST_F(ScraperTest, a_slow_a_dead_and_a_dripping_node_do_not_delay_the_others) {
  Peer silent(is_silent), good(answers(reply(exposition("n1"))));
  Peer dripping(drips);
  scraper = make_scraper(clock, options);
  const auto start = Clock_::now();
  std::map<std::string, std::pair<Clock_::duration, Errc>> heard;
  const std::vector<Target> targets{target(silent.url()), target(dripping.url()), target(good.url()), target("http://127.0.0.1:1")};
  scraper->observe_all(targets, Milliseconds(600), [&](const Target& which, const Result<NodeObservation>& result) {
    heard[which.url] = {Clock_::now() - start, result ? Errc::internal : result.error().code};
  });
  ASSERT_EQ(heard.size(), 4u);
  EXPECT_LT(heard[good.url()].first, std::chrono::milliseconds(400));
  EXPECT_EQ(heard["http://127.0.0.1:1"].second, Errc::unavailable);
  EXPECT_EQ(heard[silent.url()].second, Errc::timed_out);
  EXPECT_EQ(heard[dripping.url()].second, Errc::timed_out);
  EXPECT_LT(Clock_::now() - start, std::chrono::seconds(5));
}

TEST_F(ScraperTest, more_targets_than_sockets_go_in_waves_that_share_the_time) {
  options.sockets_max = 2;
  Peer silent(is_silent), good(answers(reply(exposition("n1"))));
  std::vector<Target> targets{target(silent.url()), target(silent.url() + "/2"), target(good.url()), target(good.url() + "/2")};
  const auto heard = round(targets, Milliseconds(200));
  EXPECT_TRUE(heard.at(good.url()).ok());
  EXPECT_TRUE(heard.at(good.url() + "/2").ok());
  EXPECT_EQ(heard.at(silent.url()).error().code, Errc::timed_out);
}

TEST_F(ScraperTest, stop_ends_a_round_at_once_and_for_good) {
  Peer silent(is_silent);
  scraper = make_scraper(clock, options);
  std::jthread stopping([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    scraper->stop();
  });
  const auto start = Clock_::now();
  EXPECT_NE(failure(silent.url(), Milliseconds(10'000)).find("the collector stops"), std::string::npos);
  EXPECT_NE(failure(silent.url(), Milliseconds(10'000)).find("the collector stops"), std::string::npos);
  EXPECT_LT(Clock_::now() - start, std::chrono::seconds(5));
}

TEST_F(ScraperTest, many_nodes_on_several_threads_are_each_told_once) {
  options.threads = 3;
  std::atomic<int> asked = 0;
  auto server = http::Server::start({}, http::immediate([&](const http::Request& request) {
                                      ++asked;
                                      return http::text_response(200, "text/plain", exposition("n" + request.path.substr(1, 3)));
                                    }));
  ASSERT_TRUE(server.ok());
  std::vector<Target> targets;
  for (int i = 100; i < 300; ++i) targets.push_back(target(fmt::format("http://127.0.0.1:{}/{}", (*server)->port(), i)));
  for (int i = 0; i < 2; ++i)
    for (const auto& [url, result] : round(targets)) {
      ASSERT_TRUE(result.ok()) << result.error().message;
      EXPECT_EQ(result->node.text, "n" + url.substr(url.size() - 3));
    }
  EXPECT_EQ(asked, 400);
}

// A Reeve agent whose answers can be changed, with a count of the requests for its inventory.
struct Agent {
  std::mutex mutex{};
  std::string version = "1", serial = "S1", more{};
  bool devices_fail = false, devices_gone = false;
  int devices_asked = 0;
  std::unique_ptr<http::Server> server{};

  Agent() {
    auto started = http::Server::start({}, http::immediate([this](const http::Request& request) { return answer(request); }));
    server = std::move(started).value();
  }
  ~Agent() { server.reset(); }

  std::string url() const { return fmt::format("http://127.0.0.1:{}", server->port()); }
  http::Response answer(const http::Request& request) {
    const std::lock_guard lock(mutex);
    if (request.path == "/metrics")
      return http::text_response(
          200, "text/plain", exposition("n1", 50) + "reeve_agent_inventory_info{hostname=\"n1\",version=\"" + version + "\"} 1\n" + more);
    ++devices_asked;
    if (devices_fail) return http::text_response(500, "text/plain", "no");
    NodeObservation inventory;
    inventory.node = NodeName{"n1"};
    if (devices_gone) return http::json_response(200, wire::to_json(inventory));
    DeviceObservation& device = inventory.devices.emplace_back();
    device.uuid = GpuUuid{"GPU-n1"};
    device.serial = serial;
    return http::json_response(200, wire::to_json(inventory));
  }
};

TEST_F(ScraperTest, an_agents_inventory_is_fetched_only_when_its_version_changes) {
  Agent agent;
  for (int i = 0; i < 3; ++i) {
    const auto seen = one(agent.url());
    ASSERT_TRUE(seen.ok()) << seen.error().message;
    EXPECT_EQ(seen->source, ObservationSource::reeve_agent);
    EXPECT_EQ(seen->devices[0].serial, "S1");
    EXPECT_EQ(seen->devices[0].values.get(Metric::gpu_temperature), 50);
  }
  EXPECT_EQ(agent.devices_asked, 1);
  agent.version = "2";
  agent.serial = "S2";
  EXPECT_EQ(one(agent.url())->devices[0].serial, "S2");
  EXPECT_EQ(agent.devices_asked, 2);
}

TEST_F(ScraperTest, an_agent_that_repeats_its_last_look_grows_stale) {
  Agent agent;
  agent.more = "reeve_agent_observation_timestamp_seconds{hostname=\"n1\"} 1700000000.250\n";
  const Timestamp first = clock.now();
  EXPECT_EQ(one(agent.url())->at, first);
  clock.advance(Milliseconds(30'000));
  EXPECT_EQ(one(agent.url())->at, first);
  agent.more = "reeve_agent_observation_timestamp_seconds{hostname=\"n1\"} 1700000030.250\n";
  EXPECT_EQ(one(agent.url())->at, clock.now());
}

TEST_F(ScraperTest, an_agent_without_a_driver_is_a_failure_and_no_empty_node) {
  Agent agent;
  agent.more = "reeve_agent_driver_up{hostname=\"n1\"} 0\n";
  EXPECT_NE(failure(agent.url()).find("cannot use the GPU driver"), std::string::npos);
  EXPECT_EQ(agent.devices_asked, 0);
}

TEST_F(ScraperTest, an_inventory_of_the_moment_when_the_driver_went_is_not_kept) {
  Agent agent;
  agent.devices_gone = true;
  EXPECT_NE(failure(agent.url()).find("changed while it was asked"), std::string::npos);
  agent.devices_gone = false;
  EXPECT_EQ(one(agent.url())->devices[0].serial, "S1");
  EXPECT_EQ(agent.devices_asked, 2);
}

TEST_F(ScraperTest, an_inventory_that_fails_is_asked_for_again_and_the_old_one_serves_meanwhile) {
  Agent agent;
  agent.devices_fail = true;
  EXPECT_NE(failure(agent.url()).find("/v1/devices"), std::string::npos);
  agent.devices_fail = false;
  EXPECT_EQ(one(agent.url())->devices[0].serial, "S1");
  agent.version = "2";
  agent.devices_fail = true;
  EXPECT_EQ(one(agent.url())->devices[0].serial, "S1");
  agent.devices_fail = false;
  agent.serial = "S2";
  EXPECT_EQ(one(agent.url())->devices[0].serial, "S2");
}

}  // namespace
}  // namespace reeve
