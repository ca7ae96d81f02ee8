#include "net/http/server.h"

#include <sys/socket.h>

#include <algorithm>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>

#include <fmt/format.h>

#include "net/http/connection.h"

namespace reeve::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using Acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, asio::io_context::executor_type>;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

// One thread with its own acceptor on the shared port.
class LoopThread {
 public:
  LoopThread(std::shared_ptr<Loop> loop, Acceptor acceptor)
      : loop_(std::move(loop)), acceptor_(std::move(acceptor)), sweep_(loop_->io.get_executor()), period_(sweep_period(loop_->options)) {
    accept();
    sweep_later();
    thread_ = std::jthread([loop = loop_] { loop->io.run(); });
  }
  ~LoopThread() {
    loop_->stop([this] {
      error_code ignored;
      acceptor_.close(ignored);
      sweep_.cancel();
      const std::vector<Connection*> open(loop_->connections.begin(), loop_->connections.end());
      for (Connection* connection : open) connection->close();
    });
    thread_.join();  // run() returns when the last operation has been told of its end
  }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

 private:
  static Milliseconds sweep_period(const ServerOptions& options) {
    return std::clamp(std::min(options.idle_timeout, options.request_timeout) / 4, Milliseconds(5), Milliseconds(500));
  }

  void accept() {
    accepting_ = true;
    acceptor_.async_accept([this](error_code error, Socket socket) {
      accepting_ = false;
      if (error == asio::error::operation_aborted || !acceptor_.is_open()) return;
      if (!error) open_connection(loop_, std::move(socket));
      // Full, or out of file descriptors: the next sweep tries again.
      if (!error && has_room()) accept();
    });
  }

  bool has_room() const { return loop_->open_everywhere->load() < loop_->options.connections_max; }

  // One timer a loop instead of one a connection: deadlines are checked some times in the shortest of them.
  void sweep_later() {
    sweep_.expires_after(period_);
    sweep_.async_wait([this](error_code error) {
      if (error || !acceptor_.is_open()) return;
      const SteadyTime now = std::chrono::steady_clock::now();
      const std::vector<Connection*> open(loop_->connections.begin(), loop_->connections.end());
      for (Connection* connection : open) connection->enforce_deadline(now);
      if (!accepting_ && has_room()) accept();
      sweep_later();
    });
  }

  std::shared_ptr<Loop> loop_;
  Acceptor acceptor_;
  Timer sweep_;
  Milliseconds period_;
  bool accepting_ = false;
  std::jthread thread_{};
};

class BeastServer final : public Server {
 public:
  explicit BeastServer(std::uint16_t port) : port_(port) {}
  std::uint16_t port() const override { return port_; }
  void add(std::shared_ptr<Loop> loop, Acceptor acceptor) {
    threads_.push_back(std::make_unique<LoopThread>(std::move(loop), std::move(acceptor)));
  }

 private:
  std::uint16_t port_;
  std::vector<std::unique_ptr<LoopThread>> threads_{};
};

// SO_REUSEPORT would let us share a port with another server of the same user without a word. A first bind
// without it tells whether the port is taken.
error_code probe_port(asio::io_context& io, tcp::endpoint& endpoint) {
  error_code error;
  Acceptor probe(io.get_executor());
  probe.open(endpoint.protocol(), error);
  if (!error) probe.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) probe.bind(endpoint, error);
  if (!error) probe.listen(1, error);
  if (!error) endpoint = probe.local_endpoint(error);
  return error;
}

error_code listen(Acceptor& acceptor, const tcp::endpoint& endpoint) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.set_option(ReusePort(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  return error;
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, Handler handler) {
  error_code error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error) return Error{Errc::invalid_argument, fmt::format("cannot listen on '{}': it is no IP address", options.address)};
  const auto open = std::make_shared<std::atomic<std::size_t>>(0);
  std::vector<std::shared_ptr<Loop>> loops;
  for (int i = 0; i < std::max(options.threads, 1); ++i) loops.push_back(std::make_shared<Loop>(options, handler, open));
  tcp::endpoint endpoint(address, options.port);
  const auto refuse = [&] {
    return Error{Errc::unavailable, fmt::format("cannot listen on {}:{}: {}", options.address, options.port, error.message())};
  };
  if (error = probe_port(loops.front()->io, endpoint); error) return refuse();
  std::vector<Acceptor> acceptors;
  for (const auto& loop : loops) {
    acceptors.emplace_back(loop->io.get_executor());
    if (error = listen(acceptors.back(), endpoint); error) return refuse();
  }
  auto server = std::make_unique<BeastServer>(endpoint.port());
  for (std::size_t i = 0; i < loops.size(); ++i) server->add(loops[i], std::move(acceptors[i]));
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace reeve::http
