#pragma once
// Bits for numbers that are mostly noise, where byte-wise compression wastes the parts of bytes: each number is guessed from
// those before it, and what the guess missed is written as an adaptive Golomb-Rice code. Exact for all numbers.

#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace reeve {

// What a number is guessed to be.
enum class Guess : std::uint8_t {
  last,      // the one before: a walk
  mean_4,    // the mean of the last four: noise around a level that moves
  mean_16,   // of the last sixteen: noise around a level that stays
  trend_4,   // the one before, and the mean step of the last four: a counter
  trend_16,  // of the last sixteen
};
inline constexpr int guess_count = 5;

struct NoiseCost {
  Guess guess = Guess::last;
  std::size_t bits = 0;
};

// The cheapest guess for these numbers, without the first, which the caller keeps.
NoiseCost cheapest_guess(std::span<const std::int64_t> numbers);

// Appends bits to a text, lowest bit of each byte first.
class BitWriter {
 public:
  explicit BitWriter(std::string& out) : out_(out) {}
  ~BitWriter() { flush(); }
  BitWriter(const BitWriter&) = delete;
  BitWriter& operator=(const BitWriter&) = delete;

  void write(std::uint64_t bits, int count) {  // count <= 32
    held_ |= bits << filled_;
    filled_ += count;
    while (filled_ >= 8) {
      out_.push_back(static_cast<char>(held_));
      held_ >>= 8;
      filled_ -= 8;
    }
  }
  void flush() {
    if (filled_ > 0) out_.push_back(static_cast<char>(held_));
    held_ = 0;
    filled_ = 0;
  }

 private:
  std::string& out_;
  std::uint64_t held_ = 0;
  int filled_ = 0;
};

// Reads bits back; behind the end it reads zeros and failed() is true.
class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}

  std::uint64_t read(int count) {  // count <= 32
    refill();
    if (count > filled_) {
      failed_ = true;
      filled_ = 64;
    }
    const std::uint64_t bits = held_ & ((std::uint64_t{1} << count) - 1);
    take(count);
    return bits;
  }

  // Counts one-bits up to the first zero, which is taken too, or up to `max`, behind which nothing more is taken. max <= 32
  int read_ones(int max) {
    refill();
    const int ones = static_cast<int>(std::countr_one(held_));
    if (ones >= max) return take(max), max;
    if (ones >= filled_) {
      failed_ = true;
      return 0;
    }
    take(ones + 1);
    return ones;
  }
  bool failed() const { return failed_; }

 private:
  // Holds at least 56 bits, or all that are left. Bits above filled_ are 0.
  void refill() {
    while (filled_ <= 56 && at_ != bytes_.size()) {
      held_ |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes_[at_++])) << filled_;
      filled_ += 8;
    }
  }
  void take(int count) {
    held_ >>= count;
    filled_ -= count;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::uint64_t held_ = 0;
  int filled_ = 0;
  bool failed_ = false;
};

// numbers[1..] in the code of `guess`. numbers[0] is known to both sides.
void write_noise(BitWriter& out, std::span<const std::int64_t> numbers, Guess guess);
void read_noise(BitReader& in, std::span<std::int64_t> numbers, Guess guess);

}  // namespace reeve
