#include "adapters/kube/list_splitter.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace reeve::kube {
namespace {

constexpr bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
constexpr bool ends_scalar(char c) { return is_blank(c) || c == ',' || c == '}' || c == ']'; }
// A key that is longer is none that is looked for.
constexpr std::size_t key_bytes_max = 64;

// "\"name\":\"x\"" of an item that is too large, from what is known of it.
std::string name_in(std::string_view item) {
  constexpr std::string_view mark = "\"name\":\"";
  const std::size_t at = item.find(mark);
  if (at == std::string_view::npos) return "without a name at its beginning";
  const std::string_view rest = item.substr(at + mark.size(), 253);
  return fmt::format("'{}'", rest.substr(0, rest.find('"')));
}

}  // namespace

Status ListSplitter::broken(std::string_view why) const {
  return Error{Errc::invalid_argument, fmt::format("cannot read the list: {} (near byte {})", why, offset_)};
}

Status ListSplitter::feed(std::string_view chunk) {
  for (std::size_t at = 0; at < chunk.size();)
    if (auto status = step(chunk, at); !status) return status;
  offset_ += chunk.size();
  return Done{};
}

Status ListSplitter::finish() {
  if (state_ != State::done) return broken("it ends in the middle");
  if (!items_seen_) return broken("it has no items");
  return Done{};
}

Status ListSplitter::step(std::string_view chunk, std::size_t& at) {
  if (state_ == State::in_key || state_ == State::skipped || state_ == State::captured || state_ == State::in_item)
    return walk_value(chunk, at);
  const char c = chunk[at];
  if (is_blank(c)) return ++at, Done{};
  switch (state_) {
    case State::start:
      if (c != '{') return broken("it is no JSON object");
      state_ = State::key_or_end;
      return ++at, Done{};
    case State::key_or_end:
    case State::key:
      if (c == '}' && state_ == State::key_or_end) {
        state_ = State::done;
        return ++at, Done{};
      }
      if (c != '"') return broken("a key is missing");
      state_ = State::in_key;
      break;
    case State::colon:
      if (c != ':') return broken("a ':' is missing");
      state_ = State::value;
      return ++at, Done{};
    case State::value:
      if (key_ == "items" && c == '[') {
        items_seen_ = true;
        state_ = State::item_or_end;
        return ++at, Done{};
      }
      if (key_ == "items" && c != 'n') return broken("'items' is no list");
      items_seen_ = items_seen_ || key_ == "items";  // null: an empty list of an old server
      state_ = key_ == "metadata" && c == '{' ? State::captured : State::skipped;
      break;
    case State::after_value:
    case State::after_item: {
      const bool of_items = state_ == State::after_item;
      if (c != ',' && c != (of_items ? ']' : '}')) return broken("a ',' is missing");
      if (of_items)
        state_ = c == ',' ? State::item : State::after_value;
      else
        state_ = c == ',' ? State::key : State::done;
      return ++at, Done{};
    }
    case State::item_or_end:
    case State::item:
      if (c == ']' && state_ == State::item_or_end) {
        state_ = State::after_value;
        return ++at, Done{};
      }
      if (c != '{') return broken("an item is no object");
      state_ = State::in_item;
      break;
    case State::in_key:
    case State::skipped:
    case State::captured:
    case State::in_item: break;  // went to walk_value() above
    case State::done: return broken("there is text behind its end");
  }
  if (auto status = begin_value(c); !status) return status;
  return walk_value(chunk, at);
}

Status ListSplitter::begin_value(char c) {
  depth_ = 0;
  in_string_ = escaped_ = false;
  scalar_ = c != '{' && c != '[' && c != '"';
  if (scalar_ && ends_scalar(c)) return broken("a value is missing");
  if (state_ == State::in_key) key_.clear();
  kept_.clear();
  return Done{};
}

Result<bool> ListSplitter::walk(std::string_view chunk, std::size_t& at) {
  for (; at < chunk.size(); ++at) {
    const char c = chunk[at];
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
        if (depth_ == 0) return ++at, true;
      }
      continue;
    }
    if (scalar_) {
      if (ends_scalar(c)) return true;
      continue;
    }
    if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      if (++depth_ > limits_.depth_max) return broken("it is nested too deeply").error();
    } else if (c == '}' || c == ']') {
      if (--depth_ == 0) return ++at, true;
    }
  }
  return false;
}

Status ListSplitter::walk_value(std::string_view chunk, std::size_t& at) {
  const std::size_t begin = at;
  const auto ended = walk(chunk, at);
  if (!ended) return ended.error();
  const std::string_view text = chunk.substr(begin, at - begin);
  return *ended ? end_value(text) : keep(text);
}

Status ListSplitter::keep(std::string_view text) {
  if (state_ == State::skipped) return Done{};
  if (state_ == State::in_key) {
    key_.append(text.substr(0, key_bytes_max));
    return Done{};
  }
  const std::size_t most = state_ == State::in_item ? limits_.item_bytes_max : limits_.metadata_bytes_max;
  if (kept_.size() + text.size() > most) {
    kept_.append(text.substr(0, std::min<std::size_t>(text.size(), 4096)));
    if (state_ == State::in_item) return broken(fmt::format("item {} ({}) has more than {} bytes", items_, name_in(kept_), most));
    return broken(fmt::format("its metadata has more than {} bytes", most));
  }
  kept_ += text;
  kept_max_ = std::max(kept_max_, kept_.size());
  return Done{};
}

Status ListSplitter::end_value(std::string_view text) {
  const State was = state_;
  if (was == State::in_key) {
    key_.append(text.substr(0, key_bytes_max));
    // Without the quotes; a key that was cut is none of ours.
    key_ = key_.size() < 2 ? std::string() : key_.substr(1, key_.size() - 2);
    state_ = State::colon;
    return Done{};
  }
  state_ = was == State::in_item ? State::after_item : State::after_value;
  if (was == State::skipped) return Done{};
  const bool whole = kept_.empty();
  if (!whole || text.size() > (was == State::in_item ? limits_.item_bytes_max : limits_.metadata_bytes_max)) {
    state_ = was;
    if (auto status = keep(text); !status) return status;
    state_ = was == State::in_item ? State::after_item : State::after_value;
    text = kept_;
  }
  if (was == State::captured) {
    metadata_ = text;
    return Done{};
  }
  ++items_;
  return on_item_(text);
}

}  // namespace reeve::kube
