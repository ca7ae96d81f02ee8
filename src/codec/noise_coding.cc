#include "codec/noise_coding.h"

#include <algorithm>
#include <bit>

#include "codec/varint.h"

namespace reeve {
namespace {

constexpr int escape = 20;     // so many one-bits announce a number written in full
constexpr int shift_max = 30;  // of the Rice code; larger numbers escape
constexpr int memory = 16;     // numbers after which the past counts half

std::int64_t plus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
std::int64_t minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

// Guesses numbers[i] from those before it. Sums wrap around on both sides alike, so even nonsense stays exact.
class Guesser {
 public:
  explicit Guesser(Guess guess)
      : trend_(guess == Guess::trend_4 || guess == Guess::trend_16),
        window_log_(guess == Guess::last                                ? 0
                    : guess == Guess::mean_4 || guess == Guess::trend_4 ? 2
                                                                        : 4) {}

  // Precondition: i >= 1, called for each i in order.
  std::int64_t next(const std::int64_t* numbers, std::size_t i) {
    const std::int64_t last = numbers[i - 1];
    if (window_log_ == 0) return last;
    const std::size_t window = std::size_t{1} << window_log_;
    if (trend_) {
      const std::size_t steps = std::min(i - 1, window);
      return steps == 0 ? last : plus(last, mean(minus(last, numbers[i - 1 - steps]), steps));
    }
    sum_ = plus(sum_, last);
    if (i > window) sum_ = minus(sum_, numbers[i - 1 - window]);
    return mean(sum_, std::min(i, window));
  }

 private:
  std::int64_t mean(std::int64_t sum, std::size_t count) const {
    return count >> window_log_ != 0 ? sum >> window_log_ : sum / static_cast<std::int64_t>(count);
  }

  bool trend_;
  int window_log_;
  std::int64_t sum_ = 0;
};

// How many low bits the next number has as they are: about log2 of the mean of the last ones.
class Shift {
 public:
  int now() const {
    const std::uint64_t mean = sum_ / static_cast<std::uint64_t>(count_);
    return mean == 0 ? 0 : std::min(static_cast<int>(std::bit_width(mean)) - 1, shift_max);
  }
  void learn(std::uint64_t number) {
    sum_ += std::min<std::uint64_t>(number, std::uint64_t{1} << 40);
    if (++count_ < memory) return;
    count_ /= 2;
    sum_ /= 2;
  }

 private:
  std::uint64_t sum_ = 0;
  int count_ = 1;
};

std::size_t cost_of(std::span<const std::int64_t> numbers, Guess guess) {
  Guesser guesser(guess);
  Shift shift;
  std::size_t bits = 0;
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    const std::uint64_t missed = zigzag(minus(numbers[i], guesser.next(numbers.data(), i)));
    const int low = shift.now();
    const std::uint64_t high = missed >> low;
    bits += high < escape ? static_cast<std::size_t>(high) + 1 + static_cast<std::size_t>(low)
                          : static_cast<std::size_t>(escape + 6 + std::bit_width(missed));
    shift.learn(missed);
  }
  return bits;
}

}  // namespace

NoiseCost cheapest_guess(std::span<const std::int64_t> numbers) {
  NoiseCost best{Guess::last, cost_of(numbers, Guess::last)};
  for (int g = 1; g < guess_count; ++g) {
    const NoiseCost other{static_cast<Guess>(g), cost_of(numbers, static_cast<Guess>(g))};
    if (other.bits < best.bits) best = other;
  }
  return best;
}

void write_noise(BitWriter& out, std::span<const std::int64_t> numbers, Guess guess) {
  Guesser guesser(guess);
  Shift shift;
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    const std::uint64_t missed = zigzag(minus(numbers[i], guesser.next(numbers.data(), i)));
    const int low = shift.now();
    const std::uint64_t high = missed >> low;
    if (high < escape) {
      out.write((std::uint64_t{1} << high) - 1, static_cast<int>(high) + 1);  // ones, then a zero
      out.write(missed & ((std::uint64_t{1} << low) - 1), low);
    } else {
      const int width = static_cast<int>(std::bit_width(missed));
      out.write((std::uint64_t{1} << escape) - 1, escape);
      out.write(static_cast<std::uint64_t>(width - 1), 6);
      out.write(missed & 0xFFFFFFFF, std::min(width, 32));
      if (width > 32) out.write(missed >> 32, width - 32);
    }
    shift.learn(missed);
  }
}

void read_noise(BitReader& in, std::span<std::int64_t> numbers, Guess guess) {
  Guesser guesser(guess);
  Shift shift;
  for (std::size_t i = 1; i < numbers.size() && !in.failed(); ++i) {
    const int low = shift.now();
    const auto high = static_cast<std::uint64_t>(in.read_ones(escape));
    std::uint64_t missed = 0;
    if (high < escape) {
      missed = high << low | in.read(low);
    } else {
      const int width = static_cast<int>(in.read(6)) + 1;
      missed = in.read(std::min(width, 32));
      if (width > 32) missed |= in.read(width - 32) << 32;
    }
    numbers[i] = plus(guesser.next(numbers.data(), i), unzigzag(missed));
    shift.learn(missed);
  }
}

}  // namespace reeve
