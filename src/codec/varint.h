#pragma once
// Whole numbers in as few bytes as they need: seven bits a byte, lowest first, the top bit says "more".

#include <cstdint>
#include <string>
#include <string_view>

namespace reeve {

inline constexpr std::size_t varint_bytes_max = 10;

// Small numbers of either sign become small numbers: 0, -1, 1, -2 -> 0, 1, 2, 3.
constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t value) { return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1)); }

inline char* write_varint(char* at, std::uint64_t value) {
  while (value >= 0x80) {
    *at++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *at++ = static_cast<char>(value);
  return at;
}

inline void append_varint(std::string& out, std::uint64_t value) {
  char bytes[varint_bytes_max];
  out.append(bytes, write_varint(bytes, value));
}

// Reads numbers from the front of a text. After the first number that is cut off or too long, failed() stays true and every
// further number is 0.
class VarintReader {
 public:
  explicit VarintReader(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  std::uint64_t next() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    return fail();
  }
  std::int64_t next_signed() { return unzigzag(next()); }

  std::string_view next_bytes(std::size_t count) {
    if (count > left()) return fail(), std::string_view();
    at_ += count;
    return {at_ - count, count};
  }

  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  bool failed() const { return failed_; }

 private:
  std::uint64_t fail() {
    failed_ = true;
    at_ = end_;
    return 0;
  }

  const char* at_;
  const char* end_;
  bool failed_ = false;
};

}  // namespace reeve
