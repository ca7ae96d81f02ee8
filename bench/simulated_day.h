#pragma once
// Samples like those of real GPUs, made without a driver: jobs come and go, the rest follows from the job with noise.

#include <cstdint>
#include <string>
#include <vector>

#include "ports/metric_store.h"

namespace reeve {

// 14 values a GPU: utilisation, memory copy, memory used, temperatures, power, energy, clocks, fan, PCIe both ways, encoder, ECC,
// clock event reasons.
class SimulatedDay {
 public:
  explicit SimulatedDay(std::size_t gpus);

  // All GPUs at `at`, which moves on from call to call. Valid until the next call.
  const std::vector<Sample>& sweep(Timestamp at);

 private:
  struct Gpu {
    std::int64_t job_ends_in = 0;  // sweeps
    double load = 0;               // 0 idle .. 1 busy
    double jitter = 0;             // how much the job's load moves
    double memory_mib = 0;
    double temperature = 32;
    double energy_mj = 0;
  };
  std::uint64_t random();
  double noise();  // -1 .. 1
  void start_job(Gpu& gpu);
  void measure(Gpu& gpu, Sample& sample);

  std::vector<Gpu> gpus_;
  std::vector<Sample> samples_;
  std::uint64_t state_ = 0x9E3779B97F4A7C15;
};

}  // namespace reeve
