#include <algorithm>
#include <array>
#include <utility>

#include "delivery/cli/top_screen.h"

namespace reeve::cli {
namespace {

constexpr std::size_t scroll_end = 1'000'000'000;  // beyond any list; the screen shows the last rows

void scroll_by(TopView& view, std::ptrdiff_t rows) {
  const auto now = static_cast<std::ptrdiff_t>(view.scroll);
  view.scroll = static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, now + rows));
}

void type(TopView& view, const KeyPress& pressed) {
  switch (pressed.key) {
    case Key::text: view.filter += pressed.text; break;
    case Key::erase: {
      while (!view.filter.empty() && (static_cast<unsigned char>(view.filter.back()) & 0xc0) == 0x80) view.filter.pop_back();
      if (!view.filter.empty()) view.filter.pop_back();
      break;
    }
    case Key::escape: view.filter.clear(); [[fallthrough]];
    case Key::enter: view.typing = false; break;
    case Key::none:
    case Key::up:
    case Key::down:
    case Key::page_up:
    case Key::page_down:
    case Key::home:
    case Key::end: break;
  }
  view.scroll = 0;
}

bool command(TopView& view, const std::string& letter) {
  if (letter == "q" || letter == "Q" || letter == "\x03") return false;
  if (letter == "s") view.sort = static_cast<TopSort>((static_cast<int>(view.sort) + 1) % count_of<TopSort>()), view.scroll = 0;
  if (letter == "f" || letter == "/") view.typing = true;
  if (letter == "m") view.slices = !view.slices;
  if (letter == "g") view.scroll = 0;
  if (letter == "G") view.scroll = scroll_end;
  return true;
}

}  // namespace

bool press(TopView& view, const KeyPress& pressed, std::size_t page) {
  if (view.typing && pressed.text != "\x03") return type(view, pressed), true;
  const auto rows = static_cast<std::ptrdiff_t>(std::max<std::size_t>(page, 1));
  switch (pressed.key) {
    case Key::up: scroll_by(view, -1); break;
    case Key::down: scroll_by(view, 1); break;
    case Key::page_up: scroll_by(view, -rows); break;
    case Key::page_down: scroll_by(view, rows); break;
    case Key::home: view.scroll = 0; break;
    case Key::end: view.scroll = scroll_end; break;
    case Key::escape:
      if (view.filter.empty()) return false;
      view.filter.clear();
      break;
    case Key::text: return command(view, pressed.text);
    case Key::none:
    case Key::enter:
    case Key::erase: break;
  }
  return true;
}

KeyPress take_key(std::string& bytes) {
  static constexpr std::array<std::pair<std::string_view, Key>, 12> sequences{{{"\x1b[A", Key::up},
                                                                               {"\x1b[B", Key::down},
                                                                               {"\x1bOA", Key::up},
                                                                               {"\x1bOB", Key::down},
                                                                               {"\x1b[5~", Key::page_up},
                                                                               {"\x1b[6~", Key::page_down},
                                                                               {"\x1b[H", Key::home},
                                                                               {"\x1b[F", Key::end},
                                                                               {"\r", Key::enter},
                                                                               {"\n", Key::enter},
                                                                               {"\x7f", Key::erase},
                                                                               {"\b", Key::erase}}};
  if (bytes.empty()) return {};
  for (const auto& [sequence, key] : sequences)
    if (bytes.starts_with(sequence)) return bytes.erase(0, sequence.size()), KeyPress{key, {}};
  if (bytes.front() == '\x1b') {
    // A lone escape, or a sequence that means nothing here: its letters are no commands.
    const bool alone = bytes.size() == 1;
    bytes.clear();
    return {alone ? Key::escape : Key::none, {}};
  }
  std::size_t length = 1;
  while (length < bytes.size() && (static_cast<unsigned char>(bytes[length]) & 0xc0) == 0x80) ++length;
  KeyPress pressed{Key::text, bytes.substr(0, length)};
  bytes.erase(0, length);
  return pressed;
}

}  // namespace reeve::cli
