#include "simulated_day.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace reeve {

SimulatedDay::SimulatedDay(std::size_t gpus) : gpus_(gpus), samples_(gpus) {
  for (std::size_t i = 0; i < gpus; ++i) {
    samples_[i].resource = fmt::format("node-{:04}-GPU-{:02}", i / 8, i % 8);
    gpus_[i].energy_mj = static_cast<double>(random() % 1'000'000'000'000);
  }
}

std::uint64_t SimulatedDay::random() {  // xorshift64*
  state_ ^= state_ >> 12;
  state_ ^= state_ << 25;
  state_ ^= state_ >> 27;
  return state_ * 0x2545F4914F6CDD1D;
}

double SimulatedDay::noise() { return static_cast<double>(random() >> 11) / 4503599627370496.0 - 1; }

void SimulatedDay::start_job(Gpu& gpu) {
  const std::uint64_t kind = random() % 10;
  gpu.job_ends_in = 20 + static_cast<std::int64_t>(random() % 600);
  if (kind < 3) {  // idle
    gpu.load = gpu.jitter = gpu.memory_mib = 0;
  } else if (kind < 7) {  // training: a plateau
    gpu.load = 0.9 + 0.1 * std::abs(noise());
    gpu.jitter = 0.03;
    gpu.memory_mib = static_cast<double>(40'000 + random() % 40'000);
  } else {  // inference: bursts
    gpu.load = 0.3 + 0.3 * std::abs(noise());
    gpu.jitter = 0.3;
    gpu.memory_mib = static_cast<double>(20'000 + random() % 50'000);
  }
}

void SimulatedDay::measure(Gpu& gpu, Sample& sample) {
  const bool busy = gpu.load > 0;
  const double load = busy ? std::clamp(gpu.load + gpu.jitter * noise(), 0.0, 1.0) : 0;
  const double watts = 70 + 600 * load + (busy ? 8 : 0.6) * noise();
  gpu.temperature += (30 + 45 * load - gpu.temperature) * 0.1 + 0.3 * noise();
  gpu.energy_mj += watts * 30'000;
  if (busy && random() % 50 == 0) gpu.memory_mib += static_cast<double>(random() % 64) - 32;
  MetricValues& values = sample.values;
  values.set(Metric::gpu_utilization, std::round(100 * load));
  values.set(Metric::memory_copy_utilization, std::round(60 * load));
  values.set(Metric::memory_used, gpu.memory_mib);
  values.set(Metric::gpu_temperature, std::round(gpu.temperature));
  values.set(Metric::memory_temperature, std::round(gpu.temperature + 8));
  values.set(Metric::power_usage, watts);
  values.set(Metric::total_energy, std::round(gpu.energy_mj));
  values.set(Metric::sm_clock, busy ? 1980 - 15 * static_cast<double>(random() % 4) : 345);
  values.set(Metric::memory_clock, 2619);
  values.set(Metric::pcie_tx, busy ? std::round(2e8 * load + 6e7 * noise()) : 0);
  values.set(Metric::pcie_rx, busy ? std::round(3e8 * load + 6e7 * noise()) : 0);
  values.set(Metric::encoder_utilization, 0);
  values.set(Metric::ecc_single_bit_volatile, 0);
  values.set(Metric::clock_event_reasons, load > 0.97 ? 4 : busy ? 0 : 1);
}

const std::vector<Sample>& SimulatedDay::sweep(Timestamp at) {
  for (std::size_t i = 0; i < gpus_.size(); ++i) {
    if (gpus_[i].job_ends_in-- <= 0) start_job(gpus_[i]);
    samples_[i].at = at + Milliseconds(static_cast<std::int64_t>(i % 8));  // a node's GPUs are read one after the other
    measure(gpus_[i], samples_[i]);
  }
  return samples_;
}

}  // namespace reeve
