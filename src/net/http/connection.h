#pragma once
// One client's connection, and what the connections of one event loop share. Private to net/http.

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "net/http/gzip.h"
#include "net/http/message.h"
#include "net/http/server.h"

namespace reeve::http {

using SteadyTime = std::chrono::steady_clock::time_point;
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

class Connection;

// One thread runs io; only post() may be called from others.
struct Loop {
  Loop(const ServerOptions& server_options, Handler server_handler, std::shared_ptr<std::atomic<std::size_t>> open)
      : options(server_options), handler(std::move(server_handler)), open_everywhere(std::move(open)) {}

  // Runs `task` on the loop's thread; drops it once the loop stops. In the loop's own thread: at once.
  void post(std::function<void()> task);
  // Refuses further tasks, then posts `last`.
  void stop(std::function<void()> last);
  const std::string& http_date();  // now, as the Date header wants it

  const ServerOptions options;
  const Handler handler;
  const std::shared_ptr<std::atomic<std::size_t>> open_everywhere;  // connections of all loops
  boost::asio::io_context io{1};
  std::unordered_set<Connection*> connections{};
  GzipCache gzip_cache{};

 private:
  std::mutex mutex_{};  // guards stopping_, so that no task is posted that nobody would run
  bool stopping_ = false;
  std::time_t date_second_ = 0;
  std::string date_{};
};

// What a Stream and its connection both know; any thread.
struct StreamState {
  std::atomic<bool> open{true};
  std::atomic<std::size_t> backlog{0};  // bytes sent by the handler that the kernel has not taken yet
};

// All methods on the loop's thread. Keeps itself alive while an operation or a responder needs it.
class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Loop> loop, Socket socket);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  void respond(Response response);
  void start_stream(Response head, std::shared_ptr<StreamState> state);
  void push(std::shared_ptr<const std::string> chunk);
  void end_stream();
  void enforce_deadline(SteadyTime now);
  void close();
  const std::shared_ptr<Loop>& loop() const { return loop_; }

 private:
  enum class Phase { idle, reading, handling, writing, streaming, lingering, closed };
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  void begin_request();
  void read_more();
  void on_read(boost::system::error_code error, std::size_t bytes);
  void parse();
  void on_parse_error(boost::system::error_code error);
  bool send_continue_if_expected();
  void dispatch();
  void refuse(int status, std::string_view code, std::string_view detail);
  void send_head_and_body(Response& response);
  void compress(Response& response);
  std::string head_text(const Response& response, std::optional<std::size_t> length) const;
  void write_some();
  void on_written(std::size_t bytes);
  void finish_response();
  void write_chunks();
  void watch_for_hang_up();
  void linger();
  void discard();
  void set_deadline(Milliseconds from_now) { deadline_ = std::chrono::steady_clock::now() + from_now; }

  std::shared_ptr<Loop> loop_;
  Socket socket_;
  std::string client_address_{};
  Phase phase_ = Phase::idle;
  SteadyTime deadline_ = SteadyTime::max();
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_{};
  bool header_seen_ = false;
  // Of the exchange in progress.
  bool head_only_ = false;
  bool keep_alive_ = false;
  bool http_1_0_ = false;
  bool gzip_accepted_ = false;
  // What is being written: head, then body, `written_` bytes of both gone.
  std::string head_{};
  std::shared_ptr<const std::string> body_{};
  std::size_t written_ = 0;
  // A stream's rest.
  std::shared_ptr<StreamState> stream_{};
  std::deque<std::shared_ptr<const std::string>> chunks_{};
  bool chunk_in_flight_ = false;
  bool stream_ending_ = false;
  std::size_t lingered_ = 0;
  std::array<char, 4096> discarded_{};
};

// Accounts for `connection` in its loop, then lets it read. Called on the loop's thread.
void open_connection(const std::shared_ptr<Loop>& loop, Socket socket);

}  // namespace reeve::http
