#include "adapters/kube/json_arena.h"

#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parser.hpp>
#include <boost/system/error_code.hpp>
#include <new>
#include <optional>

#include <fmt/format.h>

namespace reeve::kube {

namespace json = boost::json;

// Most objects fit; what does not, goes to the heap and is given back before the next.
constexpr std::size_t arena_bytes = 64 << 10;
constexpr std::size_t scratch_bytes = 16 << 10;

struct JsonArena::State {
  State() : memory(block.data(), block.size()), parser(json::storage_ptr(), options(), scratch.data(), scratch.size()) {}

  static json::parse_options options() {
    json::parse_options chosen;
    chosen.max_depth = 64;
    return chosen;
  }

  std::array<unsigned char, arena_bytes> block{};
  std::array<unsigned char, scratch_bytes> scratch{};
  json::monotonic_resource memory;
  json::parser parser;
  // After the memory: destroyed before it.
  std::optional<json::value> document{};
};

JsonArena::JsonArena() : state_(std::make_unique<State>()) {}
JsonArena::~JsonArena() = default;

Result<const json::value*> JsonArena::parse(std::string_view text) {
  state_->document.reset();
  state_->memory.release();
  state_->parser.reset(&state_->memory);
  boost::system::error_code error;
  const std::size_t read = state_->parser.write(text.data(), text.size(), error);
  if (error) {
    state_->parser.reset();  // what it has made lies in the memory that the next call releases
    return Error{Errc::invalid_argument, fmt::format("cannot read JSON: {} near byte {}", error.message(), read)};
  }
  state_->document.emplace(state_->parser.release());
  return &*state_->document;
}

}  // namespace reeve::kube
