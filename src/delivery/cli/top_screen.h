#pragma once
// The picture that `reeve top` draws, as a function of what is known and what is wanted: no terminal here.

#include <string>
#include <string_view>
#include <vector>

#include "base/enum_text.h"
#include "delivery/cli/api.h"

namespace reeve::cli {

enum class TopSort { name, utilization, memory, temperature, power };

constexpr std::string_view to_text(TopSort sort) {
  switch (sort) {
    case TopSort::name: return "name";
    case TopSort::utilization: return "util";
    case TopSort::memory: return "memory";
    case TopSort::temperature: return "temp";
    case TopSort::power: return "power";
  }
  return {};
}

struct TopView {
  std::size_t width = 80;
  std::size_t height = 24;  // 0: as many lines as there are
  bool colour = false;
  TopSort sort = TopSort::name;
  std::string filter{};    // part of a device, model, state, allocation or pod; any case
  bool typing = false;     // the filter is being typed
  std::size_t scroll = 0;  // rows off the top; too much is as far as possible
  bool slices = false;     // a line for each MIG slice too
};

struct TopData {
  Json overview{};
  Json devices{};      // list of the API
  Json allocations{};  // list of the API: who holds what; may be null
  std::string server{};
  std::string error{};  // why the newest look failed; empty when it did not
  Timestamp at{};       // of the data
};

// The devices that `view` shows, in its order.
std::vector<const Json*> top_rows(const TopData& data, const TopView& view);

// Lines that fit view.width x view.height, each ended by a line feed.
std::string top_screen(const TopData& data, const TopView& view);

// The largest scroll that still fills the screen.
std::size_t scroll_max(const TopData& data, const TopView& view);

// "███▌    ": `ratio` of `width` columns.
std::string bar(double ratio, std::size_t width);

// What a key does to the view; false: leave. `page` is how many rows are on the screen.
enum class Key { none, up, down, page_up, page_down, home, end, enter, escape, erase, text };
struct KeyPress {
  Key key = Key::none;
  std::string text{};  // of Key::text: one character
};
bool press(TopView& view, const KeyPress& pressed, std::size_t page);

// One key press off the front of what a terminal sent; removes its bytes.
KeyPress take_key(std::string& bytes);

}  // namespace reeve::cli
