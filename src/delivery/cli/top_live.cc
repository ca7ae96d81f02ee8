#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>

#include "delivery/cli/top.h"

namespace reeve::cli {
namespace {

constexpr Milliseconds redraw_interval{200};  // how late a new look or a new window size is seen
constexpr std::size_t lines_around_rows = 4;

volatile std::sig_atomic_t asked_to_end = 0;

// Raw keys and the alternate screen, until destroyed.
class Terminal final {
 public:
  Terminal() {
    ::tcgetattr(STDIN_FILENO, &before_);
    termios raw = before_;
    raw.c_lflag &= static_cast<tcflag_t>(~(ICANON | ECHO | ISIG));
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
    asked_to_end = 0;
    struct sigaction ended {};
    ended.sa_handler = [](int) { asked_to_end = 1; };
    ::sigaction(SIGTERM, &ended, &term_before_);
    ::sigaction(SIGHUP, &ended, &hup_before_);
    write("\x1b[?1049h\x1b[?25l");
  }
  ~Terminal() {
    write("\x1b[?25h\x1b[?1049l");
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    ::sigaction(SIGTERM, &term_before_, nullptr);
    ::sigaction(SIGHUP, &hup_before_, nullptr);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  static void write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
      if (written <= 0) return;  // the terminal is gone; the signal ends us
      text.remove_prefix(static_cast<std::size_t>(written));
    }
  }

 private:
  termios before_{};
  struct sigaction term_before_ {};
  struct sigaction hup_before_ {};
};

// Looks at the server on a thread of its own, so that keys never wait for it.
class Looker final {
 public:
  Looker(const Session& session, const TopRequest& request, TopData first)
      : session_(session), request_(request), data_(std::move(first)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

  TopData data() const {
    const std::lock_guard lock(mutex_);
    return data_;
  }

 private:
  void run(const std::stop_token& stop) {
    const auto interval = std::chrono::duration<double>(request_.interval_seconds);
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, stop, interval, [] { return false; }) && !stop.stop_requested()) {
      lock.unlock();
      auto next = fetch_top(session_, request_.parameters);
      lock.lock();
      if (next)
        data_ = std::move(*next);
      else
        data_.error = next.error().message;
    }
  }

  const Session& session_;
  const TopRequest& request_;
  mutable std::mutex mutex_{};
  std::condition_variable_any wake_{};
  TopData data_;
  std::jthread thread_;  // last: starts when all else is there, ends first
};

void fit_to_window(TopView& view) {
  winsize window{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0) return;
  view.width = window.ws_col;
  view.height = window.ws_row;
}

// From the top left corner, each line cleared to its end: no flicker. The last line feed would scroll.
std::string frame(const TopData& data, const TopView& view) {
  std::string screen = top_screen(data, view);
  if (!screen.empty()) screen.pop_back();
  std::string text = "\x1b[H";
  for (const char c : screen) {
    if (c == '\n') text += "\x1b[K\r";
    text += c;
  }
  return text + "\x1b[K\x1b[J";
}

// What was typed, once something was or the time is over.
std::string typed(Milliseconds wait) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  if (::poll(&input, 1, static_cast<int>(wait.count())) <= 0) return {};
  char bytes[256];
  const ssize_t count = ::read(STDIN_FILENO, bytes, sizeof bytes);
  if (count <= 0) asked_to_end = 1;  // the other end closed
  return count > 0 ? std::string(bytes, static_cast<std::size_t>(count)) : std::string();
}

}  // namespace

Status top_live(const Session& session, const TopRequest& request, TopView view, TopData data) {
  session.console.out.flush();
  const Looker looker(session, request, std::move(data));
  const Terminal terminal;
  std::string drawn;
  while (asked_to_end == 0) {
    fit_to_window(view);
    const TopData now = looker.data();
    if (std::string next = frame(now, view); next != drawn) Terminal::write(drawn = std::move(next));
    for (std::string keys = typed(redraw_interval); !keys.empty();) {
      const std::size_t page = view.height > lines_around_rows ? view.height - lines_around_rows : 1;
      if (!press(view, take_key(keys), page)) return Done{};
    }
    // So that one press of "up" is seen at once after the end was passed.
    view.scroll = std::min(view.scroll, scroll_max(now, view));
  }
  return Done{};
}

}  // namespace reeve::cli
